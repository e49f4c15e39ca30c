/* world.h - a server, a client and exchanges between them, for tests of the engine. */
#ifndef WORLD_H
#define WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>

#include <difypool/difypool.h>

#include "httpd.h"

/* What came of one exchange; callbacks fill it in. */
typedef struct result {
  pthread_mutex_t lock;
  pthread_cond_t changed;
  dp_exchange *exchange; /* what dp_exchange_start gave, if asked for */
  int done;              /* how often on_done ran */
  int heads;
  dp_error error;
  dp_outcome outcome;
  char version[32], type[64];
  char *body;
  size_t length, capacity; /* of body */
} result;

typedef struct world {
  httpd *server;
  dp_client *client;
  size_t descriptors; /* open before */
} world;

/* world_start, world_end - for cmocka's setup and teardown; the end checks that no descriptor
 * leaked. world_start_with - with options of the client; base_url and key are filled in. */
int world_start(void **state);
int world_end(void **state);
void world_start_with(world *w, dp_client_options options);
/* world_restart - a client with other options. */
void world_restart(world *w, dp_client_options options);

result *result_new(void);
void result_free(result *r);
/* result_wait - until on_done ran; fails the test after ten seconds. */
void result_wait(result *r);
/* result_take - copies of what on_head and on_data saw. */
dp_flow result_on_head(dp_exchange *e, const dp_head *head, void *user);
dp_flow result_on_data(dp_exchange *e, const void *data, size_t length, void *user);
void result_on_done(dp_exchange *e, const dp_outcome *outcome, void *user);

/* options_for - a GET of that path whose callbacks fill r. */
dp_exchange_options options_for(const char *path, result *r);
/* start - start it; the test fails if that fails. run - and wait. */
void start(world *w, const dp_exchange_options *options, result *r);
result *run(world *w, const dp_exchange_options *options);
/* get, post - run one; free the result. */
result *get(world *w, const char *path);
result *post(world *w, const char *path, const char *body);
/* expect - run a GET and check how it ended. */
void expect(world *w, const char *path, dp_kind kind, const char *code);
/* host_stats - the statistics of the only host. */
dp_host_stats host_stats(world *w);
/* wait_stats - until the predicate holds; fails the test after ten seconds. */
void wait_stats(world *w, int (*holds)(const dp_host_stats *stats));

size_t count_descriptors(void);

#endif
