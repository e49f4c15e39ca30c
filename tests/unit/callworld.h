/* callworld.h - a client and a scripted server, and short ways to call and to wait. */
#ifndef CALLWORLD_H
#define CALLWORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <difypool/difypool.h>

#include "scripted.h"

#define KB "5cd92fac-41b4-4251-acb2-538a2a3a75b8"
#define DOC "07b88b46-0e6b-4f00-bc46-223550de6861"
#define DOC2 "17b88b46-0e6b-4f00-bc46-223550de6861"
#define STEPS(array) (array), sizeof(array) / sizeof *(array)
#define CREATE "/v1/datasets/" KB "/document/create-by-text"

typedef struct world {
  script *server;
  dp_client *client;
} world;

/* open_world - retries pause for a few ms, deadlines are 20 s; change (NULL = nothing) has the last word. */
world *open_world(const script_step *steps, size_t count, const char *version,
                  void (*change)(dp_client_options *, dp_profile_options *));
void close_world(world *w);

/* args_of - name, value, …, NULL; a value that begins with { or [ is JSON. */
dp_args *args_of(const char *first, ...);
/* page - the arguments of a create_by_text: "Page one", three characters. */
dp_args *page(void);
/* run, run_with - call and wait; the arguments are freed. */
dp_reply *run_with(world *w, dp_op op, dp_args *args, const dp_call_options *options);
dp_reply *run(world *w, dp_op op, dp_args *args);

#define assert_kind(reply, wanted)                                                                 \
  do {                                                                                             \
    if (dp_reply_kind(reply) != (wanted))                                                          \
      fail_msg("%s instead of %s: %s / %s", dp_kind_name(dp_reply_kind(reply)),                    \
               dp_kind_name(wanted), dp_reply_error(reply)->code,                                  \
               dp_reply_error(reply)->message);                                                    \
  } while (0)

/* Where the replies of a call that nobody waits for arrive. */
typedef struct box {
  pthread_mutex_t lock;
  pthread_cond_t filled;
  dp_reply *first, *late;
} box;

#define BOX {.lock = PTHREAD_MUTEX_INITIALIZER, .filled = PTHREAD_COND_INITIALIZER}

/* start - the first reply goes to b->first; put_late, as on_late, brings the second to b->late. */
dp_call *start(world *w, dp_op op, dp_args *args, const dp_call_options *options, box *b);
void put(box *b, dp_reply **place, dp_reply *reply);
void put_late(dp_call *call, dp_reply *reply, void *user);
/* wait_for - until the place is filled; the box keeps the reply. */
dp_reply *wait_for(box *b, dp_reply **place);
void empty(box *b);

/* document_list - an answer with one document; free it. */
char *document_list(const char *name, long created, int size);

/* What a server says of a used-up rate, and of itself when it breaks. */
extern const char refused_rate[], broken[];

/* No test leaves a descriptor open. */
int note_descriptors(void **state);
int compare_descriptors(void **state);
#define TEST(name) cmocka_unit_test_setup_teardown(name, note_descriptors, compare_descriptors)

#endif
