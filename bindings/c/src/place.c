/*
 * /tmp is everybody's, and a path in the environment may be anybody's: whoever listens there first
 * would get our key. So a private place has to lie in a directory that only we can write to, and
 * the kernel has to say that the server runs as us. A place that somebody named, or that an
 * operator set up, may also be served by root, or by the socket's owner where none but it and root
 * can put another socket there.
 */
#include "place.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "error.h"

static dpc_kind put_path(dpc__place *place, dpc__place_kind kind, dpc_error *err, const char *a,
                         const char *b) {
  size_t length = strlen(a) + strlen(b);
  if (length > DPC__PATH_MAX)
    return dpc__fail(err, DPC_INVALID_REQUEST, "path_too_long",
                     "Put the socket into a directory with a shorter path.",
                     "the path of a socket holds %d bytes, this one has %zu: %s%s", DPC__PATH_MAX,
                     length, a, b);
  place->kind = kind;
  snprintf(place->path, sizeof place->path, "%s%s", a, b);
  return DPC_OK;
}

static bool is_dir(const char *path, struct stat *st) {
  return lstat(path, st) == 0 && S_ISDIR(st->st_mode);
}

static dpc_kind find_named(const char *socket, dpc__place *place, dpc_error *err) {
  static const char scheme[] = "ipc://";
  bool url = strncmp(socket, scheme, sizeof scheme - 1) == 0;
  const char *path = url ? socket + sizeof scheme - 1 : socket;
  if (!*path)
    return dpc__fail(err, DPC_INVALID_REQUEST, "no_path", NULL, "ipc:// has no path behind it");
  return put_path(place, url ? DPC__PLACE_NAMED_URL : DPC__PLACE_NAMED, err, path, "");
}

dpc_kind dpc__place_find(const dpc__world *world, dpc__place *place, dpc_error *err) {
  char path[4096];
  struct stat st;
  if (world->socket && *world->socket)
    return find_named(world->socket, place, err);
  snprintf(path, sizeof path, "%s/difypool", world->run);
  if (is_dir(path, &st))
    return put_path(place, DPC__PLACE_INSTALLED, err, path, "/socket");
  snprintf(path, sizeof path, "%s/user/%lu", world->run, (unsigned long)world->uid);
  if (is_dir(path, &st) && st.st_uid == world->uid)
    return put_path(place, DPC__PLACE_PRIVATE, err, path, "/difypool/socket");
  snprintf(path, sizeof path, "%s/difypool-%lu", world->tmp, (unsigned long)world->uid);
  return put_path(place, DPC__PLACE_PRIVATE, err, path, "/socket");
}

static void dir_of(const dpc__place *place, char out[DPC__PATH_MAX + 1]) {
  snprintf(out, DPC__PATH_MAX + 1, "%s", place->path);
  char *slash = strrchr(out, '/');
  if (!slash)
    strcpy(out, ".");
  else
    slash[slash == out] = '\0'; /* "/socket" lies in "/" */
}

dpc_kind dpc__place_check_dir(const dpc__place *place, uid_t uid, bool create, dpc_error *err) {
  char dir[DPC__PATH_MAX + 1];
  struct stat st;
  if (place->kind != DPC__PLACE_PRIVATE)
    return DPC_OK;
  dir_of(place, dir);
  if (create && mkdir(dir, 0700) != 0 && errno != EEXIST)
    return dpc__fail(err, DPC_UNREACHABLE, "no_directory", NULL, "cannot make %s: %s", dir,
                     strerror(errno));
  if (lstat(dir, &st) != 0 && errno == ENOENT)
    return DPC_OK;
  if (S_ISDIR(st.st_mode) && st.st_uid == uid && (st.st_mode & 07777) == 0700)
    return DPC_OK;
  return dpc__fail(err, DPC_DENIED, "unsafe_directory",
                   "Remove it, or set DIFYPOOL_SOCKET to a path in a directory of your own.",
                   "%s is not a directory of yours with mode 0700: no key is sent there", dir);
}

/* Whether none but owner and root can replace the socket. */
static bool only_owner_writes(const dpc__place *place, uid_t owner) {
  char dir[DPC__PATH_MAX + 1];
  struct stat st;
  dir_of(place, dir);
  return is_dir(dir, &st) && (st.st_uid == owner || st.st_uid == 0) && !(st.st_mode & 022);
}

dpc_kind dpc__place_check_peer(const dpc__place *place, uid_t uid, uid_t peer, dpc_error *err) {
  struct stat st;
  if (peer == uid)
    return DPC_OK;
  if (place->kind != DPC__PLACE_PRIVATE) {
    if (peer == 0)
      return DPC_OK;
    if (lstat(place->path, &st) == 0 && st.st_uid == peer && only_owner_writes(place, peer))
      return DPC_OK;
  }
  return dpc__fail(err, DPC_DENIED, "foreign_server",
                   "See who listens there; set DIFYPOOL_SOCKET to a socket that you trust.",
                   "the server at %s runs as user %lu, who is not trusted: no key is sent there",
                   place->path, (unsigned long)peer);
}
