/*
 * One thread polls a listener and its connections and answers on the spot, so that a test sees a
 * sequence that it can predict. Handlers run on that thread; what they share with the test is
 * atomic or read after the fake was stopped.
 */
#include "fake.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "mp.h"
#include "sp.h"

enum { CONNECTIONS = 64, OPS = 65536 };

typedef struct connection {
  int fd;
  unsigned number;
  dpc__sp_reader reader;
} connection;

struct fake {
  char directory[64], path[96];
  int listener, wake[2];
  pthread_t thread;
  atomic_bool stopping;
  fake_handler handler;
  void *user;
  uint8_t greeting[8], epoch;
  connection connections[CONNECTIONS];
  size_t connection_count;
  unsigned handles;
  pthread_mutex_t lock;
  pthread_cond_t came;
  char (*ops)[32]; /* of all requests, under the lock */
  unsigned op_count, accepted;
};

static void write_all(int fd, const void *bytes, size_t length) {
  const uint8_t *at = bytes;
  while (length) {
    ssize_t sent = send(fd, at, length, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR)
      continue;
    if (sent <= 0)
      return;
    at += sent;
    length -= (size_t)sent;
  }
}

void fake_raw(int fd, const void *bytes, size_t length) {
  write_all(fd, bytes, length);
}

void fake_frame(int fd, uint32_t rid, const void *body, size_t length) {
  uint8_t head[DPC__SP_HEAD + DPC__SP_ID];
  dpc__sp_frame(head, length, rid);
  write_all(fd, head, sizeof head);
  write_all(fd, body, length);
}

void fake_hang_up(int fd) {
  shutdown(fd, SHUT_RDWR);
}

static void begin(const fake *f, const fake_request *r, dpc__bytes *out) {
  uint8_t epoch[16];
  memset(epoch, f->epoch, sizeof epoch);
  dpc__pack_map(out, 4);
  dpc__pack_text(out, "v");
  dpc__pack_int(out, 1);
  dpc__pack_text(out, "id");
  dpc__pack_bin(out, r->id, sizeof r->id);
  dpc__pack_text(out, "epoch");
  dpc__pack_bin(out, epoch, sizeof epoch);
}

static void send_reply(const fake_request *r, dpc__bytes *out) {
  assert_false(out->failed);
  fake_frame(r->connection, r->rid, out->data, out->length);
  dpc__bytes_clear(out);
}

static void begin_ok(const fake *f, const fake_request *r, const char *type, dpc__bytes *out) {
  begin(f, r, out);
  dpc__pack_text(out, "ok");
  dpc__pack_map(out, 3);
  dpc__pack_text(out, "status");
  dpc__pack_int(out, 200);
  dpc__pack_text(out, "type");
  dpc__pack_text(out, type);
  dpc__pack_text(out, "body");
}

void fake_ok(fake *f, const fake_request *r, const void *body, size_t length) {
  dpc__bytes out = {0};
  begin_ok(f, r, "application/json", &out);
  dpc__pack_bin(&out, body, length);
  send_reply(r, &out);
}

void fake_value(fake *f, const fake_request *r, const dpc__bytes *value) {
  dpc__bytes out = {0};
  begin_ok(f, r, "", &out);
  dpc__bytes_append(&out, value->data, value->length);
  send_reply(r, &out);
}

void fake_error(fake *f, const fake_request *r, const char *kind, const char *code) {
  dpc__bytes out = {0};
  begin(f, r, &out);
  dpc__pack_text(&out, "error");
  dpc__pack_map(&out, 3);
  dpc__pack_text(&out, "kind");
  dpc__pack_text(&out, kind);
  dpc__pack_text(&out, "code");
  dpc__pack_text(&out, code);
  dpc__pack_text(&out, "message");
  dpc__pack_text(&out, "the fake says no");
  send_reply(r, &out);
}

static void answer_connect(fake *f, const fake_request *r) {
  char handle[32];
  dpc__bytes value = {0};
  snprintf(handle, sizeof handle, "h-%u", ++f->handles);
  dpc__pack_map(&value, 1);
  dpc__pack_text(&value, "profile");
  dpc__pack_text(&value, handle);
  fake_value(f, r, &value);
  dpc__bytes_clear(&value);
}

static void answer_usual(fake *f, const fake_request *r) {
  char body[96];
  dpc__bytes value = {0};
  if (strcmp(r->op, "service.connect") == 0) {
    answer_connect(f, r);
  } else if (strncmp(r->op, "service.", 8) == 0) {
    dpc__pack_map(&value, 1);
    dpc__pack_text(&value, "version");
    dpc__pack_text(&value, "99.0.0");
    fake_value(f, r, &value);
    dpc__bytes_clear(&value);
  } else {
    snprintf(body, sizeof body, "{\"op\": \"%s\"}", r->op);
    fake_ok(f, r, body, strlen(body));
  }
}

static void get_text(dpc_value map, const char *key, char *out, size_t size) {
  dpc_value value;
  size_t length = 0;
  const char *text = dpc_value_get(map, key, &value) ? dpc_value_text(value, &length) : NULL;
  snprintf(out, size, "%.*s", (int)length, text ? text : "");
}

static bool get_id(dpc_value map, const char *key, uint8_t out[16]) {
  dpc_value value;
  size_t length = 0;
  const char *bytes = dpc_value_get(map, key, &value) ? dpc_value_text(value, &length) : NULL;
  if (!bytes || length != 16)
    return false;
  memcpy(out, bytes, 16);
  return true;
}

static void note(fake *f, const char *op) {
  pthread_mutex_lock(&f->lock);
  if (f->op_count < OPS)
    snprintf(f->ops[f->op_count++], sizeof *f->ops, "%.31s", op);
  pthread_cond_broadcast(&f->came);
  pthread_mutex_unlock(&f->lock);
}

static void take(fake *f, connection *c, uint8_t *data, size_t length, uint32_t rid) {
  dpc_value value;
  fake_request r = {.connection = c->fd, .number = c->number, .rid = rid};
  const char *flaw = dpc__mp_check(data + 4, length - 4);
  if (flaw)
    fail_msg("the client sent a message that cannot be read: %s", flaw);
  r.message = (dpc_value){data + 4, data + length};
  get_text(r.message, "op", r.op, sizeof r.op);
  get_text(r.message, "profile", r.profile, sizeof r.profile);
  assert_true(get_id(r.message, "id", r.id));
  r.has_epoch = get_id(r.message, "epoch", r.epoch);
  r.again = dpc_value_get(r.message, "again", &value) && dpc_value_bool(value, false);
  note(f, r.op); /* before the answer: who has that finds it counted */
  if (!f->handler || !f->handler(f, &r, f->user))
    answer_usual(f, &r);
  free(data);
}

static void drop(fake *f, size_t index) {
  connection *c = &f->connections[index];
  dpc__sp_reset(&c->reader);
  close(c->fd);
  *c = f->connections[--f->connection_count];
}

/* A REQ socket greets as 0x30, the reader expects a REP's 0x31: mend that one byte. */
static bool read_some(fake *f, connection *c) {
  static uint8_t bytes[1 << 16];
  ssize_t got = recv(c->fd, bytes, sizeof bytes, 0);
  if (got <= 0)
    return false;
  if (c->reader.greeted <= 5 && c->reader.greeted + (size_t)got > 5)
    bytes[5 - c->reader.greeted] ^= 1;
  for (size_t at = 0, used; at < (size_t)got; at += used) {
    dpc__sp_result result = dpc__sp_feed(&c->reader, bytes + at, (size_t)got - at, &used);
    size_t length;
    uint32_t rid;
    if (result == DPC__SP_MESSAGE) {
      uint8_t *data = dpc__sp_take(&c->reader, &length, &rid);
      take(f, c, data, length, rid);
    } else if (result != DPC__SP_MORE) {
      fail_msg("the client's framing is wrong: %d", (int)result);
    }
  }
  return true;
}

static void accept_one(fake *f) {
  int fd = accept4(f->listener, NULL, NULL, SOCK_CLOEXEC);
  if (fd < 0)
    return;
  assert_true(f->connection_count < CONNECTIONS);
  pthread_mutex_lock(&f->lock);
  unsigned number = ++f->accepted;
  pthread_cond_broadcast(&f->came);
  pthread_mutex_unlock(&f->lock);
  f->connections[f->connection_count++] =
      (connection){.fd = fd, .number = number, .reader = {.max = UINT64_C(1) << 30}};
  write_all(fd, f->greeting, sizeof f->greeting);
}

static void *serve(void *user) {
  fake *f = user;
  while (!atomic_load(&f->stopping)) {
    struct pollfd fds[CONNECTIONS + 2];
    size_t count = f->connection_count;
    fds[0] = (struct pollfd){.fd = f->wake[0], .events = POLLIN};
    fds[1] = (struct pollfd){.fd = f->listener, .events = POLLIN};
    for (size_t i = 0; i < count; i++)
      fds[2 + i] = (struct pollfd){.fd = f->connections[i].fd, .events = POLLIN};
    poll(fds, count + 2, -1);
    for (size_t i = count; i-- > 0;)
      if (fds[2 + i].revents && !read_some(f, &f->connections[i]))
        drop(f, i);
    if (fds[1].revents)
      accept_one(f);
  }
  return NULL;
}

void fake_revive(fake *f) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  memcpy(address.sun_path, f->path, strlen(f->path));
  f->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  unlink(f->path);
  assert_int_equal(bind(f->listener, (struct sockaddr *)&address, sizeof address), 0);
  assert_int_equal(listen(f->listener, 64), 0);
  assert_int_equal(pipe(f->wake), 0);
  atomic_store(&f->stopping, false);
  assert_int_equal(pthread_create(&f->thread, NULL, serve, f), 0);
}

void fake_kill(fake *f) {
  atomic_store(&f->stopping, true);
  assert_int_equal(write(f->wake[1], "", 1), 1);
  pthread_join(f->thread, NULL);
  while (f->connection_count)
    drop(f, f->connection_count - 1);
  close(f->listener);
  close(f->wake[0]);
  close(f->wake[1]);
  unlink(f->path);
  f->epoch++;
}

fake *fake_start(fake_handler handler, void *user) {
  static const uint8_t greeting[8] = {0, 'S', 'P', 0, 0, 0x31, 0, 0};
  fake *f = calloc(1, sizeof *f);
  assert_non_null(f);
  f->handler = handler;
  f->user = user;
  f->epoch = 'a';
  memcpy(f->greeting, greeting, sizeof greeting);
  f->ops = calloc(OPS, sizeof *f->ops);
  assert_non_null(f->ops);
  pthread_mutex_init(&f->lock, NULL);
  pthread_condattr_t monotonic;
  pthread_condattr_init(&monotonic);
  pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
  pthread_cond_init(&f->came, &monotonic);
  pthread_condattr_destroy(&monotonic);
  snprintf(f->directory, sizeof f->directory, "/tmp/difypool-fake-XXXXXX");
  assert_non_null(mkdtemp(f->directory));
  snprintf(f->path, sizeof f->path, "%s/socket", f->directory);
  fake_revive(f);
  return f;
}

void fake_stop(fake *f) {
  fake_kill(f);
  rmdir(f->directory);
  pthread_cond_destroy(&f->came);
  pthread_mutex_destroy(&f->lock);
  free(f->ops);
  free(f);
}

const char *fake_path(const fake *f) {
  return f->path;
}

void fake_set_greeting(fake *f, const uint8_t greeting[8]) {
  memcpy(f->greeting, greeting, 8);
}

void fake_set_epoch(fake *f, uint8_t byte) {
  f->epoch = byte;
}

static unsigned count_locked(const fake *f, const char *op) {
  unsigned count = 0;
  for (unsigned i = 0; i < f->op_count; i++)
    count += !*op || strcmp(f->ops[i], op) == 0;
  return count;
}

unsigned fake_count(fake *f, const char *op) {
  pthread_mutex_lock(&f->lock);
  unsigned count = count_locked(f, op);
  pthread_mutex_unlock(&f->lock);
  return count;
}

unsigned fake_connections(fake *f) {
  pthread_mutex_lock(&f->lock);
  unsigned count = f->accepted;
  pthread_mutex_unlock(&f->lock);
  return count;
}

void fake_await(fake *f, const char *op, unsigned count) {
  struct timespec until;
  clock_gettime(CLOCK_MONOTONIC, &until);
  until.tv_sec += 20;
  int error = 0;
  pthread_mutex_lock(&f->lock);
  while (count_locked(f, op) < count && error != ETIMEDOUT)
    error = pthread_cond_timedwait(&f->came, &f->lock, &until);
  pthread_mutex_unlock(&f->lock);
  if (error == ETIMEDOUT)
    fail_msg("%u of %s did not come", count, op);
}

dpc_client *fake_client(const fake *f, const dpc_client_options *more) {
  dpc_client_options options = DPC_CLIENT_OPTIONS_INIT;
  if (more)
    options = *more;
  options.socket = f->path;
  options.autostart = 0;
  dpc_client *client = NULL;
  dpc_error err;
  if (dpc_client_open(&client, &options, &err) != DPC_OK)
    fail_msg("dpc_client_open: %s: %s", err.kind_name, err.message);
  return client;
}

int open_descriptors(void) {
  int count = 0;
  DIR *directory = opendir("/proc/self/fd");
  while (readdir(directory))
    count++;
  closedir(directory);
  return count;
}
