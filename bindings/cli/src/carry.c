/*
 * A file is read a window at a time and sent before the next is read, and an answer is written as
 * it comes: so this command holds two windows of either, whatever its size. Which operations have
 * a file is written down here, since asking the service for its table costs more than most calls.
 */
#include "carry.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "meter.h"
#include "pieces.h"

enum { SMALL = 1 << 20 }; /* a larger file goes in pieces */

bool cli_is_binary(const char *operation) {
  static const char *const names[] = {"files.preview", "audio.from_text", "documents.download_zip"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (strcmp(names[i], operation) == 0)
      return true;
  return false;
}

bool cli_takes_file(const char *operation, const char *param) {
  static const char *const names[] = {
      "files.upload",     "audio.to_text",         "documents.create_by_file",
      "documents.update", "pipelines.upload_file", "documents.update_by_file"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (strcmp(names[i], operation) == 0)
      return strcmp(param, "file") == 0;
  return false;
}

/* ---- A file there ---------------------------------------------------------------------------- */

static int fail(const char *path) {
  cli_say("cannot read %s: %s", path, strerror(errno));
  return 1;
}

static const char *name_of(const char *path) {
  const char *slash = strrchr(path, '/');
  return strcmp(path, "-") == 0 ? "stdin" : slash ? slash + 1 : path;
}

static int set_small(dpc_args *args, const cli_argspec *spec) {
  size_t length;
  char *data = cli_file_read(spec->value, &length);
  if (!data)
    return 1;
  dpc_kind kind = dpc_args_set_file(args, spec->name, name_of(spec->value), NULL, data, length);
  free(data);
  if (kind == DPC_INVALID_REQUEST)
    return cli_usage("%s: the file's name is not UTF-8", spec->name);
  return kind == DPC_OK ? 0 : 1;
}

int cli_upload_set(cli_upload *upload, dpc_args *args, const cli_argspec *spec) {
  struct stat st;
  bool standard = strcmp(spec->value, "-") == 0;
  int fd = standard ? dup(STDIN_FILENO) : open(spec->value, O_RDONLY | O_CLOEXEC);
  if (fd < 0 || fstat(fd, &st) != 0) {
    int status = fail(spec->value);
    if (fd >= 0)
      close(fd);
    return status;
  }
  bool regular = S_ISREG(st.st_mode) && lseek(fd, 0, SEEK_CUR) == 0;
  if (S_ISDIR(st.st_mode) || (regular && st.st_size <= SMALL)) {
    close(fd);
    return set_small(args, spec);
  }
  *upload = (cli_upload){.path = spec->value, .fd = fd, .length = regular ? st.st_size : -1};
  snprintf(upload->param, sizeof upload->param, "%s", spec->name);
  return 0;
}

void cli_upload_clear(cli_upload *upload) {
  if (upload->path)
    close(upload->fd);
}

static dpc_upload *open_upload(const cli *c, cli_session *session, const dpc_args *args,
                               const cli_upload *file, int *status) {
  dpc_call_options call = cli_call_options(c);
  dpc_upload_options options = DPC_UPLOAD_OPTIONS_INIT;
  dpc_call *started = NULL;
  dpc_error error;
  dpc_upload *upload = NULL;
  options.param = file->param;
  options.name = name_of(file->path);
  options.length = file->length;
  options.total_ms = c->options.deadline_ms;
  dpc_kind kind = dpc_upload_open_start(cli_client(session), c->argv[0], args, &call, &options,
                                        cli_on_done, session, &started, &error);
  const dpc_reply *reply = cli_await(session, kind, started, &error);
  *status = 1;
  if (reply && dpc_upload_opened(cli_client(session), &call, reply, &upload, &error) != DPC_OK)
    *status = cli_error(c, &error);
  return upload;
}

/* These bytes, or as many as are wanted. */
static int send_bytes(const cli *c, cli_session *session, dpc_upload *upload, const char *bytes,
                      size_t length) {
  uint64_t from = dpc_upload_offset(upload);
  while (dpc_upload_offset(upload) - from < length && !dpc_upload_ended(upload)) {
    dpc_call *started = NULL;
    dpc_error error;
    size_t done = (size_t)(dpc_upload_offset(upload) - from);
    dpc_kind kind = dpc_upload_write_start(upload, bytes + done, length - done, cli_on_done,
                                           session, &started, &error);
    const dpc_reply *reply = cli_await(session, kind, started, &error);
    if (cli_interrupted(session) || !reply)
      return cli_interrupted(session) ? cli_interrupted(session) : 1;
    if (dpc_upload_wrote(upload, reply, &error) != DPC_OK)
      return cli_error(c, &error);
  }
  return 0;
}

/* A pipe gives what it has: a piece is filled before it is sent. Its length; -1 = it cannot be
 * read. */
static ssize_t fill(int fd, char *piece, size_t size) {
  size_t have = 0;
  while (have < size) {
    ssize_t got = read(fd, piece + have, size - have);
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0)
      return -1;
    if (!got)
      break;
    have += (size_t)got;
  }
  return (ssize_t)have;
}

static int send_file(const cli *c, cli_session *session, dpc_upload *upload,
                     const cli_upload *file) {
  size_t size = dpc_upload_window(upload);
  char *piece = malloc(size);
  cli_meter meter = cli_meter_begin(c);
  uint64_t total = file->length > 0 ? (uint64_t)file->length : 0;
  int status = piece ? 0 : 1;
  for (ssize_t got = 1; got > 0 && !status && !dpc_upload_ended(upload);) {
    got = fill(file->fd, piece, size);
    if (got > 0)
      status = send_bytes(c, session, upload, piece, (size_t)got);
    else if (got < 0)
      status = fail(file->path);
    cli_meter_bytes(&meter, dpc_upload_offset(upload), total);
  }
  cli_meter_clear(&meter);
  free(piece);
  return status;
}

/* Cut at the server, so that nothing is created of half a file. */
static void give_up(cli_session *session, dpc_upload *upload) {
  dpc_call *started = NULL;
  dpc_error error;
  dpc_kind kind = dpc_upload_close_start(upload, true, cli_on_done, session, &started, &error);
  cli_await(session, kind, started, &error);
}

int cli_carry_file(const cli *c, cli_session *session, const dpc_args *args, const cli_upload *file,
                   const dpc_reply **reply) {
  int status;
  dpc_call *started = NULL;
  dpc_error error;
  *reply = NULL;
  dpc_upload *upload = open_upload(c, session, args, file, &status);
  if (!upload)
    return cli_interrupted(session) ? cli_interrupted(session) : status;
  status = send_file(c, session, upload, file);
  if (status) {
    give_up(session, upload);
  } else {
    dpc_kind kind = dpc_upload_close_start(upload, false, cli_on_done, session, &started, &error);
    *reply = cli_await(session, kind, started, &error);
    status = *reply ? 0 : 1;
  }
  dpc_upload_free(upload);
  return status;
}

/* ---- An answer here -------------------------------------------------------------------------- */

typedef struct sight {
  cli_meter meter;
  bool bytes;
  uint64_t total;
} sight;

static bool put_piece(const dpc_piece *piece, void *user) {
  sight *s = user;
  if (s->bytes) {
    fwrite(piece->data, 1, piece->length, stdout);
    cli_meter_bytes(&s->meter, piece->at + piece->length, s->total);
    return !ferror(stdout);
  }
  for (size_t i = 0; i < piece->length; i++)
    putchar(piece->data[i] == '\n' || piece->data[i] == '\r' ? ' ' : piece->data[i]);
  if (piece->length)
    putchar('\n');
  return !ferror(stdout);
}

static bool put_batch(void *user) {
  sight *s = user;
  return s->bytes || fflush(stdout) == 0;
}

int cli_carry_pieces(const cli *c, cli_session *session, const dpc_args *args, bool *whole) {
  int status;
  dpc_stream *stream = cli_stream_open(c, session, c->argv[0], args, &status);
  if (!stream)
    return status;
  int64_t length = dpc_stream_length(stream);
  sight s = {.meter = cli_meter_begin(c),
             .bytes = dpc_stream_is_bytes(stream),
             .total = length > 0 ? (uint64_t)length : 0};
  if (s.meter.on && isatty(STDOUT_FILENO))
    s.meter.on = false; /* the answer is shown there */
  status = cli_stream_read(c, session, stream, put_piece, put_batch, &s);
  cli_meter_clear(&s.meter);
  *whole = status == 0;
  return status;
}
