/*
 * Why never in the config itself: a config is copied, committed and mailed. Why permissions are
 * checked: a key that anybody on the machine can read has leaked, and saying so at start is the
 * only moment when somebody looks.
 */
#include "secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fault.h"

enum { KEY_MAX = 4096 };

void dpd_secret_free(char *secret) {
  if (secret != NULL) {
    explicit_bzero(secret, strlen(secret));
    free(secret);
  }
}

/* The first line, without blanks around it; NULL if that is nothing, or no header could carry it.
 */
static char *clean(const char *text) {
  text += strspn(text, " \t\r\n");
  size_t length = strcspn(text, "\r\n");
  while (length > 0 && (text[length - 1] == ' ' || text[length - 1] == '\t')) {
    length--;
  }
  for (size_t i = 0; i < length; i++) {
    if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f) {
      return NULL;
    }
  }
  return length == 0 ? NULL : strndup(text, length);
}

static char *from_text(const char *text, const char *where, dp_error *err) {
  char *key = clean(text);
  if (key == NULL) {
    dpd_fault(err, DP_INVALID_REQUEST, "api_key", "There is no key in %s.", where);
  }
  return key;
}

static bool private_enough(const struct stat *st, const char *path, dp_error *err) {
  if (!S_ISREG(st->st_mode)) {
    return dpd_fault(err, DP_INVALID_REQUEST, "api_key", "The key file %s is not a regular file.",
                     path);
  }
  if ((st->st_mode & 0027) != 0) {
    dpd_fault(err, DP_INVALID_REQUEST, "api_key",
              "The key file %s can be read by everybody or written by others than its owner (mode "
              "%04o).",
              path, (unsigned)st->st_mode & 07777u);
    return dpd_fault_hint(err, "chmod 0600 %s, or 0640 with the service's group.", path);
  }
  if (st->st_uid != geteuid() && st->st_uid != 0) {
    return dpd_fault(err, DP_INVALID_REQUEST, "api_key",
                     "The key file %s belongs to neither this user nor root.", path);
  }
  return true;
}

char *dpd_secret_file(const char *path, dp_error *err) {
  char buffer[KEY_MAX];
  struct stat st;
  char *key = NULL;
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0 || fstat(fd, &st) != 0) {
    dpd_fault(err, DP_INVALID_REQUEST, "api_key", "The key file %s cannot be read: %s.", path,
              strerror(errno));
  } else if (private_enough(&st, path, err)) {
    ssize_t length = read(fd, buffer, sizeof(buffer) - 1);
    buffer[length > 0 ? length : 0] = '\0';
    key = from_text(buffer, path, err);
  }
  if (fd >= 0) {
    close(fd);
  }
  explicit_bzero(buffer, sizeof(buffer));
  return key;
}

char *dpd_secret_env(const char *name, dp_error *err) {
  const char *value = getenv(name);
  if (value == NULL) {
    dpd_fault(err, DP_INVALID_REQUEST, "api_key", "The environment variable %s is not set.", name);
    return NULL;
  }
  return from_text(value, name, err);
}

char *dpd_secret_credential(const char *name, dp_error *err) {
  const char *directory = getenv("CREDENTIALS_DIRECTORY");
  char path[4096];
  if (directory == NULL || strchr(name, '/') != NULL) {
    dpd_fault(err, DP_INVALID_REQUEST, "api_key",
              "There is no credential \"%s\": systemd sets $CREDENTIALS_DIRECTORY.", name);
    dpd_fault_hint(err, "Add LoadCredential=%s:FILE to the unit.", name);
    return NULL;
  }
  snprintf(path, sizeof(path), "%s/%s", directory, name);
  return dpd_secret_file(path, err);
}
