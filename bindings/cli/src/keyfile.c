/*
 * A key comes by a file or by the environment. Once one is in hand the process leaves no core and
 * cannot be looked into by others of the same user (PR_SET_DUMPABLE); what it starts gets no key in
 * its environment.
 */
#include "keyfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { KEY_MAX = 4096 };

static int wrong(const char *path, const char *why) {
  cli_say("the key file %s %s", path, why);
  return 1;
}

/* Blanks around a key are an editor's, within one a mistake. */
static char *trim(char *text) {
  static const char blanks[] = " \t\r\n";
  text += strspn(text, blanks);
  size_t length = strlen(text);
  while (length && strchr(blanks, text[length - 1]))
    text[--length] = '\0';
  return text;
}

static int check(const char *path, const char *key) {
  if (!*key)
    return wrong(path, "is empty");
  for (const char *at = key; *at; at++)
    if (*at <= ' ' || *at > '~')
      return wrong(path, "holds something other than one key");
  return 0;
}

static int read_all(int fd, const char *path, char *text) {
  size_t length = 0;
  ssize_t got;
  while ((got = read(fd, text + length, KEY_MAX + 1 - length)) > 0)
    length += (size_t)got;
  if (got < 0)
    return wrong(path, strerror(errno));
  if (length > KEY_MAX)
    return wrong(path, "is longer than a key");
  text[length] = '\0';
  return strlen(text) == length ? 0 : wrong(path, "holds something other than one key");
}

static void warn_if_open(const cli *c, int fd, const char *path) {
  struct stat st;
  if (!c->options.quiet && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & 077))
    cli_say("the key file %s can be read by others; chmod 600 it", path);
}

static int from_file(const cli *c, char **key) {
  const char *path = c->options.key_file;
  char text[KEY_MAX + 2] = "";
  int fd = strcmp(path, "-") == 0 ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return wrong(path, strerror(errno));
  warn_if_open(c, fd, path);
  int status = read_all(fd, path, text);
  close(fd);
  char *trimmed = trim(text);
  if (!status)
    status = check(path, trimmed);
  if (!status && !(*key = strdup(trimmed)))
    status = wrong(path, "does not fit into memory");
  explicit_bzero(text, sizeof text);
  return status;
}

int cli_key(const cli *c, char **key) {
  char *said = getenv("DIFYPOOL_API_KEY");
  int status = 0;
  *key = NULL;
  prctl(PR_SET_DUMPABLE, 0);
  if (c->options.key_file)
    status = from_file(c, key);
  else if (said && *said)
    *key = strdup(said);
  if (said) {
    explicit_bzero(said, strlen(said));
    unsetenv("DIFYPOOL_API_KEY");
  }
  return status;
}

void cli_key_free(char *key) {
  if (key)
    explicit_bzero(key, strlen(key));
  free(key);
}
