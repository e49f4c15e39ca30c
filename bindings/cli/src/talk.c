/*
 * A conversation's id is the server's, and nobody can remember it. A name stands for it in a file
 * of one's own, which is readable by nobody else: who knows an id and a user's name can go on with
 * the conversation. An id is good for one server and one user alone, so both are written beside it,
 * and a name that means another conversation is refused before anything is asked.
 */
#include "talk.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ID_SIZE = 37, /* its NUL too */ NAME_MAX_BYTES = 100, LINE_MAX_BYTES = 1024 };

bool cli_talk_is_id(const char *text) {
  static const char shape[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
  size_t i = 0;
  for (; shape[i] && text[i]; i++)
    if (shape[i] == '-' ? text[i] != '-' : !isxdigit((unsigned char)text[i]))
      return false;
  return !shape[i] && !text[i];
}

static bool is_name(const char *text) {
  size_t length = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-");
  return length && !text[length] && length <= NAME_MAX_BYTES && text[0] != '.';
}

static int fail(const char *what, const char *path) {
  cli_say("cannot %s %s: %s", what, path, strerror(errno));
  return 1;
}

/* $XDG_STATE_HOME/difypool/conversations/NAME; each directory is made for us alone. */
static char *place_of(const char *name) {
  const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
  char *path = NULL;
  int made = state && *state == '/' ? asprintf(&path, "%s/difypool/conversations/%s", state, name)
             : home ? asprintf(&path, "%s/.local/state/difypool/conversations/%s", home, name)
                    : -1;
  if (made < 0)
    return NULL;
  for (char *at = path + 1; (at = strchr(at, '/')); at++) {
    *at = '\0';
    mkdir(path, 0700); /* what cannot be made is told by who opens the file */
    *at = '/';
  }
  return path;
}

static bool same_line(FILE *in, char *line, const char *wanted) {
  if (!fgets(line, LINE_MAX_BYTES, in))
    line[0] = '\0';
  line[strcspn(line, "\n")] = '\0';
  return strcmp(line, wanted) == 0;
}

static int load(cli_talk *talk, const char *name) {
  char id[LINE_MAX_BYTES], server[LINE_MAX_BYTES], user[LINE_MAX_BYTES];
  FILE *in = fopen(talk->path, "re");
  if (!in)
    return errno == ENOENT ? 0 : fail("read", talk->path);
  same_line(in, id, "");
  bool ours = same_line(in, server, talk->server);
  ours &= same_line(in, user, talk->user);
  fclose(in);
  if (!ours)
    return cli_usage(
        "the conversation %s is one of user %s with %s; take another name, or delete %s", name,
        user, *server ? server : "the default profile", talk->path);
  if (!cli_talk_is_id(id))
    return cli_usage("%s holds no conversation's id; delete it", talk->path);
  memcpy(talk->id, id, ID_SIZE);
  return 0;
}

int cli_talk_open(const cli *c, const char *user, cli_talk *talk) {
  const char *name = c->options.conversation;
  *talk = (cli_talk){.user = user};
  talk->server = c->options.base_url  ? c->options.base_url
                 : c->options.profile ? c->options.profile
                                      : "";
  if (!name)
    return 0;
  if (cli_talk_is_id(name)) {
    memcpy(talk->id, name, ID_SIZE);
    return 0;
  }
  if (!is_name(name))
    return cli_usage("--conversation is an id, or a name of letters, digits, '.', '_' and '-'");
  talk->path = place_of(name);
  if (!talk->path)
    return cli_usage("--conversation %s: there is no $HOME to remember it in", name);
  return load(talk, name);
}

static bool write_file(const cli_talk *talk, const char *part) {
  int fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  FILE *out = fd < 0 ? NULL : fdopen(fd, "w");
  if (!out) {
    if (fd >= 0)
      close(fd);
    return false;
  }
  fprintf(out, "%s\n%s\n%s\n", talk->id, talk->server, talk->user);
  bool good = !ferror(out);
  return fclose(out) == 0 && good && rename(part, talk->path) == 0;
}

void cli_talk_keep(cli_talk *talk, const char *id) {
  char *part = NULL;
  if (!cli_talk_is_id(id) || strcmp(id, talk->id) == 0)
    return;
  memcpy(talk->id, id, ID_SIZE);
  if (!talk->path)
    return;
  if (asprintf(&part, "%s.%d", talk->path, (int)getpid()) < 0)
    part = NULL;
  if (!part || !write_file(talk, part)) {
    fail("remember the conversation in", talk->path);
    cli_say("its id is %s", id);
    if (part)
      unlink(part);
  }
  free(part);
}

void cli_talk_close(cli_talk *talk) {
  free(talk->path);
}
