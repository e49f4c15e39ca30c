/* fake.h - a scripted service for tests: it speaks the wire well, and badly where it is told to. */
#ifndef FAKE_H
#define FAKE_H

#include <difypool-client/client.h>
#include <stdatomic.h>

#include "bytes.h"

enum { FAKE_OPS_MAX = 64 };

typedef struct fake fake;

typedef struct fake_request {
  int connection;  /* descriptor */
  unsigned number; /* of the connection, from 1 */
  uint32_t rid;
  uint8_t id[16], epoch[16];
  bool has_epoch, again;
  char op[64], profile[64];
  dpc_value message; /* good during the handler only */
} fake_request;

/* Runs on the fake's thread for each request; true = it dealt with it, false = answer as usual. */
typedef bool (*fake_handler)(fake *f, const fake_request *request, void *user);

/* Answers as usual: hello, connect (handle "h-1", "h-2", …), cancel; any other with {"op": op}. */
fake *fake_start(fake_handler handler, void *user);
void fake_stop(fake *f); /* and remove its directory */
/* Dies with all its connections, and lives again under another epoch. */
void fake_kill(fake *f);
void fake_revive(fake *f);

const char *fake_path(const fake *f);
void fake_set_greeting(fake *f, const uint8_t greeting[8]);
void fake_set_epoch(fake *f, uint8_t byte);

/* For handlers. */
void fake_ok(fake *f, const fake_request *r, const void *body, size_t length);
void fake_value(fake *f, const fake_request *r, const dpc__bytes *value);
void fake_error(fake *f, const fake_request *r, const char *kind, const char *code);
void fake_raw(int connection, const void *bytes, size_t length);
void fake_frame(int connection, uint32_t rid, const void *body, size_t length);
void fake_hang_up(int connection); /* shutdown: the loop closes it */

/* How many requests of that operation have come; "" = of any. */
unsigned fake_count(fake *f, const char *op);
unsigned fake_connections(fake *f);
/* Waits until as many have come; fails the test after 20 s. */
void fake_await(fake *f, const char *op, unsigned count);

/* A client of that fake. */
dpc_client *fake_client(const fake *f, const dpc_client_options *more);

/* How many descriptors this process has: a test compares before and after. */
int open_descriptors(void);

#endif
