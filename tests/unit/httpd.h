/* httpd.h - a scripted HTTP server inside the test's process. */
#ifndef HTTPD_H
#define HTTPD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The path says what happens, whatever the method; a request is read whole first unless it says
 * otherwise. Below "/v1":
 *   /ok          200, "ok", X-Version: 1.2.3; "/" likewise with a 404
 *   /echo        200 with the request's body
 *   /big         200 with 8 MiB
 *   /close       200 with Connection: close
 *   /interim     two interim answers, then 200
 *   /second      200; a later request on the same connection is read, then the connection is closed
 *   /closing     200, and the connection is closed behind it, unannounced
 *   /work        is read, counted, and answered once httpd_release was called
 *   /deaf        the body is read only once httpd_release was called
 *   /die /reset  is read, then the connection is closed, or reset
 *   /cut         200 with 100 bytes of which 10 come
 *   /stallhead /stallbody  stops within the head or the body, until httpd_release
 *   /heads /line /interims  headers, one header, or interim answers without end
 *   /garbage     something that is no HTTP
 *   /early       413 before the body was read, and close
 */
typedef struct httpd httpd;

typedef struct httpd_counts {
  uint32_t connections; /* accepted */
  uint32_t open;        /* now */
  uint32_t requests;    /* whose head was read */
  uint32_t bodies;      /* whose body was read, too */
  uint64_t body_bytes;
  uint32_t most;  /* requests at once */
  uint32_t ended; /* connections that are gone */
} httpd_counts;

/* httpd_start - listen on a free port of 127.0.0.1. pem_cert, pem_key: NULL = plain HTTP. */
httpd *httpd_start(const char *pem_cert, const char *pem_key);
/* httpd_stop - end all connections and threads. */
void httpd_stop(httpd *server);
uint16_t httpd_port(const httpd *server);
/* httpd_url - "http://127.0.0.1:PORT/v1" */
const char *httpd_url(const httpd *server);
httpd_counts httpd_count(httpd *server);
/* httpd_wait_… - until the count is reached; false after ten seconds. */
bool httpd_wait_connections(httpd *server, uint32_t count);
bool httpd_wait_requests(httpd *server, uint32_t count);
bool httpd_wait_bodies(httpd *server, uint32_t count);
bool httpd_wait_ended(httpd *server, uint32_t count);
/* httpd_release - let all go on that wait, and those that come later. */
void httpd_release(httpd *server);
/* httpd_last - the head of the last request. Free it. */
char *httpd_last(httpd *server);

/* httpd_make_certificate - a self-signed certificate for 127.0.0.1 and "localhost"; false where the
 * tests were built without OpenSSL. Free both. */
bool httpd_make_certificate(char **pem_cert, char **pem_key);

#endif
