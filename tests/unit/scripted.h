/* scripted.h - a server inside the test's process that answers by a list of steps. */
#ifndef SCRIPTED_H
#define SCRIPTED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum script_do {
  SCRIPT_ANSWER, /* status, headers and body of the step */
  SCRIPT_CLOSE,  /* the request is read, and counted; then the connection is closed */
  SCRIPT_RESET,  /* the same with a reset */
  SCRIPT_HANG,   /* the answer waits for script_release */
  SCRIPT_CUT,    /* the head promises more than comes */
  SCRIPT_HALF,   /* the connection is reset while the body is still coming in */
  SCRIPT_EARLY,  /* the answer comes before the body, of which nothing is read until script_release */
  SCRIPT_STREAM  /* the body in chunks: \1 within it waits for a script_go, \2 begins a new chunk, \3
                    ends the connection */
} script_do;

/* The first step that fits a request and has times left is taken. */
typedef struct script_step {
  const char *method; /* NULL = any */
  const char *target; /* how path and query begin, "/v1/datasets" */
  unsigned times;     /* 0 = without end */
  script_do what;
  int status;
  const char *headers; /* further ones, each with its CRLF; NULL = none */
  const char *body;
} script_step;

typedef struct script script;

/* script_start - listen on a free port of 127.0.0.1. version: sent as X-Version; NULL = no Dify. */
script *script_start(const script_step *steps, size_t count, const char *version);
void script_stop(script *server);
const char *script_url(const script *server); /* "http://127.0.0.1:PORT" */
/* script_hits - how many requests the step was taken for: how often "the work was done". */
unsigned script_hits(script *server, size_t step);
unsigned script_connections(script *server);
/* script_wait_hits - until the step was taken so often; false after ten seconds. */
bool script_wait_hits(script *server, size_t step, unsigned hits);
/* script_release - all that hang go on, and those that come later. */
void script_release(script *server);
/* script_go - so many that wait in a stream go on, now or when they come there. */
void script_go(script *server, unsigned count);
/* script_wait_gone - until so many connections are gone; false after ten seconds. */
bool script_wait_gone(script *server, unsigned count);
/* script_body - the body of the last request that the step was taken for. Free it. */
char *script_body(script *server, size_t step);

#endif
