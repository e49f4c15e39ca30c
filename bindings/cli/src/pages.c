/*
 * A file's key is its path below the directory that was given, so a tree may be moved, or checked
 * out elsewhere, and is still the same pages. It goes as `id`: a file:// URL would name a place on
 * one machine, and be shown as a source that nobody can open. Names are walked in order, so that
 * two runs give the same pages in the same order, and hidden ones are stepped over.
 *
 * What is wrong with one page must not make its document look gone, for --prune would delete it. So
 * it is given all the same, without a text: the service fails it, and prunes nothing.
 */
#include "pages.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
  FILE_MOST = 15 << 20, /* what a server takes of a page */
  LINE_MOST = 32 << 20, /* of a line: JSON may spell a byte in six */
  READ_STEP = 65536,
  DEPTH_MOST = 64
};

typedef struct entry {
  char *path;
  size_t key_at; /* where in it the key begins */
  bool failed;   /* a directory that cannot be read */
} entry;

struct cli_pages {
  const dpc_args *metadata;
  entry *entries;
  size_t count, capacity, at, left_out;
  bool lines, ended;
  char *text;              /* of standard input: what is not taken yet */
  size_t have, room, seen; /* seen: of it, without a line end */
  size_t skipping;         /* bytes of a line that is too long, and is thrown away */
  uint64_t number;
};

/* ---- Kinds ----------------------------------------------------------------------------------- */

cli_page_kind cli_page_kind_of(const char *name) {
  static const char *const texts[] = {"md", "markdown", "mdx", "txt", "text"};
  static const char *const files[] = {"html", "htm", "pdf",  "doc",  "docx", "xls", "xlsx",
                                      "csv",  "ppt", "pptx", "epub", "xml",  "eml", "msg"};
  const char *dot = strrchr(name, '.');
  if (!dot || dot == name)
    return CLI_PAGE_NONE;
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
    if (strcasecmp(dot + 1, texts[i]) == 0)
      return CLI_PAGE_TEXT;
  for (size_t i = 0; i < sizeof files / sizeof *files; i++)
    if (strcasecmp(dot + 1, files[i]) == 0)
      return CLI_PAGE_FILE;
  return CLI_PAGE_NONE;
}

/* ---- Directories ----------------------------------------------------------------------------- */

static bool add(cli_pages *p, const char *path, size_t key_at, bool failed) {
  if (p->count == p->capacity) {
    size_t capacity = p->capacity ? 2 * p->capacity : 64;
    entry *entries = reallocarray(p->entries, capacity, sizeof *entries);
    if (!entries)
      return false;
    p->entries = entries;
    p->capacity = capacity;
  }
  char *copy = strdup(path);
  if (copy)
    p->entries[p->count++] = (entry){copy, key_at, failed};
  return copy;
}

static bool walk(cli_pages *p, const char *path, size_t key_at, unsigned depth);

/* A link to a directory is not followed: it may lead round. */
static bool visit(cli_pages *p, const char *path, size_t key_at, unsigned depth) {
  struct stat st;
  bool there = stat(path, &st) == 0;
  if (!there && cli_page_kind_of(path) != CLI_PAGE_NONE)
    return add(p, path, key_at, true);
  if (there && S_ISDIR(st.st_mode))
    return lstat(path, &st) != 0 || S_ISLNK(st.st_mode) || walk(p, path, key_at, depth + 1);
  if (!there || !S_ISREG(st.st_mode) || cli_page_kind_of(path) == CLI_PAGE_NONE) {
    p->left_out++;
    return true;
  }
  return add(p, path, key_at, false);
}

static int by_name(const struct dirent **a, const struct dirent **b) {
  return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_shown(const struct dirent *d) {
  return d->d_name[0] != '.';
}

static bool walk(cli_pages *p, const char *path, size_t key_at, unsigned depth) {
  struct dirent **names = NULL;
  int count = depth > DEPTH_MOST ? -1 : scandir(path, &names, is_shown, by_name);
  if (count < 0)
    return add(p, path, key_at, true);
  bool ok = true;
  for (int i = 0; i < count; i++) {
    char *below = NULL;
    if (ok && asprintf(&below, "%s/%s", path, names[i]->d_name) < 0)
      below = NULL;
    ok = ok && below && visit(p, below, key_at, depth);
    free(below);
    free(names[i]);
  }
  free(names);
  return ok;
}

static int take_path(cli_pages *p, char *path) {
  struct stat st;
  size_t length = strlen(path);
  while (length > 1 && path[length - 1] == '/')
    path[--length] = '\0';
  if (stat(path, &st) != 0) {
    cli_say("cannot read %s: %s", path, strerror(errno));
    return 1;
  }
  if (S_ISDIR(st.st_mode))
    return walk(p, path, length + (path[length - 1] != '/'), 0) ? 0 : 1;
  if (cli_page_kind_of(path) == CLI_PAGE_NONE)
    return cli_usage("%s is of a kind that is no page; those are Markdown, text, HTML, PDF and "
                     "Office files",
                     path);
  const char *slash = strrchr(path, '/');
  return add(p, path, slash ? (size_t)(slash + 1 - path) : 0, false) ? 0 : 1;
}

cli_pages *cli_pages_open(int count, char **paths, const dpc_args *metadata, int *status) {
  cli_pages *p = calloc(1, sizeof *p);
  *status = p ? 0 : 1;
  if (!p)
    return NULL;
  p->metadata = metadata;
  p->lines = count == 1 && strcmp(paths[0], "-") == 0;
  for (int i = 0; i < count && !p->lines && !*status; i++)
    *status = take_path(p, paths[i]);
  if (!*status)
    return p;
  cli_pages_close(p);
  return NULL;
}

void cli_pages_close(cli_pages *p) {
  for (size_t i = 0; p && i < p->count; i++)
    free(p->entries[i].path);
  if (p) {
    free(p->entries);
    free(p->text);
  }
  free(p);
}

/* ---- A file as a page ------------------------------------------------------------------------ */

static void say_flaw(char **flaw, const char *what, const char *why) {
  if (!*flaw && asprintf(flaw, "%s: %s", what, why) < 0)
    *flaw = NULL;
}

static char *read_whole(const char *path, size_t *length, char **flaw) {
  struct stat st;
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  char *data = NULL;
  *length = 0;
  if (fd < 0 || fstat(fd, &st) != 0)
    say_flaw(flaw, path, strerror(errno));
  else if (st.st_size > FILE_MOST)
    say_flaw(flaw, path, "it has more than 15 MiB");
  else
    data = malloc((size_t)st.st_size + 1);
  size_t most = data ? (size_t)st.st_size : 0;
  for (ssize_t got = 1; data && got > 0 && *length<most; *length += got> 0 ? (size_t)got : 0) {
    got = read(fd, data + *length, most - *length);
    if (got < 0) {
      say_flaw(flaw, path, strerror(errno));
      free(data);
      data = NULL;
    }
  }
  if (fd >= 0)
    close(fd);
  return data;
}

static void set_content(dpc_args *page, const entry *e, char **flaw, size_t *size) {
  char *data = read_whole(e->path, size, flaw);
  if (!data)
    return;
  const char *slash = strrchr(e->path, '/');
  const char *name = slash ? slash + 1 : e->path;
  dpc_kind kind = cli_page_kind_of(name) == CLI_PAGE_TEXT
                      ? dpc_args_set_text(page, "text", data, *size)
                      : dpc_args_set_file(page, "file", name, NULL, data, *size);
  if (kind == DPC_INVALID_REQUEST)
    say_flaw(flaw, e->path, "it is not UTF-8");
  free(data);
}

static dpc_args *page_of_file(const cli_pages *p, const entry *e, char **flaw, size_t *size) {
  dpc_args *page = dpc_args_new();
  const char *key = e->path + e->key_at;
  if (!page)
    return NULL;
  if (dpc_args_set_string(page, "id", key) != DPC_OK)
    say_flaw(flaw, e->path, "its name is not UTF-8");
  dpc_args_set_string(page, "title", key);
  if (p->metadata)
    dpc_args_set_args(page, "metadata", p->metadata);
  if (e->failed)
    say_flaw(flaw, e->path, "it cannot be read");
  else if (!*flaw)
    set_content(page, e, flaw, size);
  return page;
}

/* ---- A line as a page ------------------------------------------------------------------------ */

/* The first of these members that is a text, as the page's. */
static bool set_first(dpc_args *page, const char *name, dpc_value line, const char *const *members,
                      size_t count) {
  dpc_value value;
  size_t length;
  for (size_t i = 0; i < count; i++) {
    if (!dpc_value_get(line, members[i], &value) || dpc_value_type(value) != DPC_TYPE_TEXT)
      continue;
    const char *text = dpc_value_text(value, &length);
    return dpc_args_set_text(page, name, text, length) == DPC_OK;
  }
  return false;
}

/* Its own values beside those of every page, and before them. */
static bool set_metadata(dpc_args *page, dpc_value line, const dpc_args *every) {
  dpc_value own, key, value;
  size_t length;
  bool given = dpc_value_get(line, "metadata", &own) && dpc_value_type(own) == DPC_TYPE_MAP;
  if (!given)
    return !every || dpc_args_set_args(page, "metadata", every) == DPC_OK;
  dpc_args *merged = dpc_args_copy(every);
  dpc_walk walk_own = dpc_value_walk(own);
  bool ok = merged;
  while (ok && dpc_walk_next(&walk_own, &key, &value)) {
    const char *text = dpc_value_text(key, &length);
    char *name = strndup(text ? text : "", length), *json = dpc_value_json(value, NULL);
    ok = name && json && (!*name || dpc_args_set_json(merged, name, json) == DPC_OK);
    free(name);
    free(json);
  }
  ok = ok && dpc_args_set_args(page, "metadata", merged) == DPC_OK;
  dpc_args_free(merged);
  return ok;
}

static void read_object(dpc_args *page, dpc_value line, const dpc_args *metadata, char **flaw,
                        const char *where) {
  static const char *const urls[] = {"url", "source_url"}, *const ids[] = {"id"};
  static const char *const texts[] = {"text", "markdown", "content"}, *const titles[] = {"title"};
  static const char *const names[] = {"name"};
  bool keyed = set_first(page, "url", line, urls, 2);
  keyed |= set_first(page, "id", line, ids, 1);
  bool text = set_first(page, "text", line, texts, 3);
  set_first(page, "title", line, titles, 1);
  set_first(page, "name", line, names, 1);
  if (!set_metadata(page, line, metadata))
    say_flaw(flaw, where, "its metadata cannot be used");
  if (!keyed)
    say_flaw(flaw, where, "it has neither url nor id");
  else if (!text)
    say_flaw(flaw, where, "it has no text (nor markdown, nor content)");
}

dpc_args *cli_page_of_line(const char *line, size_t length, uint64_t number,
                           const dpc_args *metadata, char **flaw) {
  char where[40];
  dpc_value value;
  dpc_args *page = dpc_args_new();
  snprintf(where, sizeof where, "line %llu", (unsigned long long)number);
  if (!page)
    return NULL;
  void *memory = dpc_value_parse(line, length, &value);
  if (!memory || dpc_value_type(value) != DPC_TYPE_MAP)
    say_flaw(flaw, where, "it is no JSON object");
  else
    read_object(page, value, metadata, flaw, where);
  free(memory);
  return page;
}

/* More of standard input. False: there is none now. */
static bool read_more(cli_pages *p) {
  if (p->room - p->have < READ_STEP) {
    size_t room = p->room ? 2 * p->room : 4 * READ_STEP;
    char *text = realloc(p->text, room);
    if (!text) {
      p->ended = true;
      return false;
    }
    p->text = text;
    p->room = room;
  }
  ssize_t got = read(STDIN_FILENO, p->text + p->have, READ_STEP);
  if (got > 0)
    p->have += (size_t)got;
  else if (got == 0 || (errno != EAGAIN && errno != EINTR))
    p->ended = true;
  return got > 0;
}

static dpc_args *page_of_long_line(cli_pages *p, char **flaw) {
  char where[40];
  snprintf(where, sizeof where, "line %llu", (unsigned long long)++p->number);
  say_flaw(flaw, where, "it has more than 32 MiB");
  return dpc_args_new();
}

static void drop(cli_pages *p, size_t length) {
  p->have -= length;
  p->seen = 0;
  memmove(p->text, p->text + length, p->have);
}

/* One line, if it is whole. Blank ones are stepped over. */
static bool take_line(cli_pages *p, dpc_args **page, char **flaw, size_t *size) {
  char *end = p->have > p->seen ? memchr(p->text + p->seen, '\n', p->have - p->seen) : NULL;
  p->seen = p->have;
  if (!end && !(p->ended && p->have))
    return false;
  size_t length = end ? (size_t)(end - p->text) : p->have;
  bool blank = strspn(length ? p->text : "", " \t\r") >= length;
  p->number++;
  if (!blank && !p->skipping)
    *page = cli_page_of_line(p->text, length, p->number, p->metadata, flaw);
  *size = length;
  p->skipping = 0;
  drop(p, length + (end ? 1 : 0));
  return true;
}

static cli_pages_state next_line(cli_pages *p, dpc_args **page, char **flaw, size_t *size) {
  for (;;) {
    while (take_line(p, page, flaw, size))
      if (*page)
        return CLI_PAGES_ONE;
    if (p->ended)
      return CLI_PAGES_END;
    if (p->have > LINE_MOST) {
      bool first = !p->skipping;
      p->skipping = p->have;
      drop(p, p->have);
      *page = first ? page_of_long_line(p, flaw) : NULL;
      p->number -= first; /* it is counted where it ends */
      if (first)
        return CLI_PAGES_ONE;
    }
    return CLI_PAGES_WAIT;
  }
}

/* ---- Either ---------------------------------------------------------------------------------- */

cli_pages_state cli_pages_next(cli_pages *p, dpc_args **page, char **flaw, size_t *size) {
  *page = NULL;
  *flaw = NULL;
  *size = 0;
  if (p->lines)
    return next_line(p, page, flaw, size);
  if (p->at == p->count)
    return CLI_PAGES_END;
  *page = page_of_file(p, &p->entries[p->at++], flaw, size);
  return *page ? CLI_PAGES_ONE : CLI_PAGES_END;
}

void cli_pages_read(cli_pages *p) {
  read_more(p);
}

int cli_pages_fd(const cli_pages *p) {
  return p->lines && !p->ended ? STDIN_FILENO : -1;
}

size_t cli_pages_total(const cli_pages *p) {
  return p->lines ? 0 : p->count;
}

size_t cli_pages_left_out(const cli_pages *p) {
  return p->left_out;
}
