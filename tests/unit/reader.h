/* reader.h - a program that reads a stream, for tests of answers that flow. */
#ifndef READER_H
#define READER_H

#include "callworld.h"

#define STREAM "/v1/workflows/run"
#define RUN_ID "bc4af2ec-175c-4602-89fb-356bb98becda"
#define TASK_ID "2fd68717-b898-4c83-8e0a-51f6852c8aea"
#define IDS "\"workflow_run_id\":\"" RUN_ID "\",\"task_id\":\"" TASK_ID "\""
#define STARTED "data: {\"event\":\"workflow_started\"," IDS ",\"data\":{}}\n\n"
#define CHUNK(text) "data: {\"event\":\"text_chunk\"," IDS ",\"data\":{\"text\":\"" text "\"}}\n\n"
#define FINISHED                                                                                   \
  "data: {\"event\":\"workflow_finished\"," IDS                                                    \
  ",\"data\":{\"id\":\"x\",\"status\":\"succeeded\",\"outputs\":{}}}\n\n"

#define CHAT "/v1/chat-messages"
#define CHAT_IDS "\"task_id\":\"" TASK_ID "\",\"message_id\":\"m1\",\"conversation_id\":\"c1\""
#define SAYS(text) "data: {\"event\":\"message\"," CHAT_IDS ",\"answer\":\"" text "\"}\n\n"
#define CHAT_END "data: {\"event\":\"message_end\"," CHAT_IDS ",\"metadata\":{}}\n\n"
#define FAILS                                                                                      \
  "data: {\"event\":\"error\"," CHAT_IDS                                                           \
  ",\"code\":\"completion_request_error\",\"status\":400,\"message\":\"it broke\"}\n\n"
#define WORKFLOW_FAILS                                                                             \
  "data: {\"event\":\"workflow_finished\"," IDS                                                    \
  ",\"data\":{\"status\":\"failed\",\"outputs\":{},\"error\":\"node h1 \\\"broke\\\"\"}}\n\n"

enum { PIECES = 64 };

/* A program that reads a stream: what it got, and when it says pause. */
typedef struct reader {
  pthread_mutex_t lock;
  pthread_cond_t changed;
  dp_call *call;
  char *pieces[PIECES];
  char types[PIECES][32];
  uint64_t numbers[PIECES];
  size_t count, bytes, offers;
  char *body;
  int32_t status;
  char type[64];
  int64_t length;
  unsigned opens;
  bool pause_open, pause_once; /* once: each piece is refused the first time */
  bool resume_at_once;         /* from within the callback */
  size_t pause_at;             /* each offer of that piece, from 1 */
  size_t abort_at;             /* abort at that piece, from 1 */
  unsigned pauses;
  dp_reply *reply, *late;
  pthread_t thread;
} reader;

reader *reader_new(void);
void reader_free(reader *r);
/* sink_of - whose callbacks fill a reader. */
dp_sink sink_of(void);
void reader_done(dp_call *call, dp_reply *reply, void *user);
/* begin, begin_with - start a call whose answer flows to r; the arguments are freed. */
reader *begin_with(world *w, reader *r, dp_op op, dp_args *args, dp_call_options options);
reader *begin(world *w, reader *r);
/* run_args, chat_args - of a workflow's run and of a chat. */
dp_args *run_args(void);
dp_args *chat_args(void);
/* await_more - until something changes, with the lock held; false after ten seconds. */
bool await_more(world *w, reader *r);

/* Wait under the lock until the condition holds; the test fails after ten seconds. A program that
 * dispatches does so meanwhile. */
#define AWAIT(w, r, condition)                                                                     \
  do {                                                                                             \
    pthread_mutex_lock(&(r)->lock);                                                                \
    for (unsigned turns = 0; !(condition); turns++)                                                \
      if (turns == 10000 || !await_more(w, r))                                                     \
        fail_msg("it never came: %s", #condition);                                                 \
    pthread_mutex_unlock(&(r)->lock);                                                              \
  } while (0)

/* Where callbacks run: on the engine's thread, and in dp_client_dispatch. */
typedef void (*change_fn)(dp_client_options *, dp_profile_options *);
extern const change_fn ways[2];
#define EACH_WAY(change)                                                                           \
  for (size_t way = 0; way < 2; way++)                                                             \
    for (change_fn change = ways[way], *once = &change; once; once = NULL)

#endif
