/*
 * The head of an answer.
 *
 * libcurl gives it line by line; it is kept as it came, bounded (interim answers and trailers
 * count, so that none of them can go on for ever), and taken apart once, in place, when the blank
 * line has come. on_head runs then and not with the first byte of the body: a stream's first event
 * may be long in coming. If the program does not take the head yet, the body waits behind it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "errors.h"
#include "ferry.h"
#include "transfer.h"

static size_t too_large(dp_exchange *e) {
  dp__fail(&e->error, DP_TOO_LARGE, "header_max",
           "This is no answer of Dify; look at what is there, or raise header_max.",
           "%s: the answer's headers are larger than %llu bytes", e->host->origin,
           (unsigned long long)e->client->options.header_max);
  return 0;
}

static size_t count_lines(const char *text) {
  size_t count = 0;
  for (; (text = strchr(text, '\n')); text++)
    count++;
  return count;
}

/* Names and values become strings where they stand. */
static bool take_apart(dp_exchange *e) {
  e->headers_in = calloc(count_lines(e->head.data), sizeof *e->headers_in);
  if (!e->headers_in)
    return false;
  char *line = strchr(e->head.data, '\n'); /* behind the status line */
  for (char *end; line && (end = strchr(++line, '\n')); line = end) {
    char *last = end > line && end[-1] == '\r' ? end - 1 : end;
    char *colon = memchr(line, ':', (size_t)(last - line));
    if (!colon)
      continue;
    *colon++ = '\0';
    while (last > colon && (last[-1] == ' ' || last[-1] == '\t'))
      last--;
    *last = '\0';
    colon += strspn(colon, " \t");
    e->headers_in[e->header_count++] = (dp_header){line, colon};
  }
  return true;
}

static const char *find(const dp_exchange *e, const char *name) {
  for (size_t i = 0; i < e->header_count; i++)
    if (strcasecmp(e->headers_in[i].name, name) == 0)
      return e->headers_in[i].value;
  return NULL;
}

static int64_t length_of(const dp_exchange *e) {
  const char *text = find(e, "content-length");
  char *end;
  if (!text || *text < '0' || *text > '9')
    return -1;
  errno = 0;
  long long length = strtoll(text, &end, 10);
  return errno || *end ? -1 : (int64_t)length;
}

dp_flow dp__head_call(dp_exchange *e) {
  const char *type = find(e, "content-type");
  const dp_head head = {.status = e->outcome.status,
                        .type = type ? type : "",
                        .length = length_of(e),
                        .headers = e->headers_in,
                        .header_count = e->header_count};
  return e->on_head(e, &head, e->user);
}

dp_flow dp__head_give(dp_exchange *e) {
  if (e->head_given || !e->head_complete)
    return DP_FLOW_CONTINUE;
  dp_flow flow = !e->on_head ? DP_FLOW_CONTINUE : e->ferry ? dp__ferry_head(e) : dp__head_call(e);
  e->head_given = flow == DP_FLOW_CONTINUE;
  e->paused_head = flow == DP_FLOW_PAUSE;
  return flow;
}

static int32_t status_of(const dp_exchange *e) {
  const char *space = e->head.data ? strchr(e->head.data, ' ') : NULL;
  return space ? (int32_t)strtol(space, NULL, 10) : 0;
}

static size_t complete(dp_exchange *e, size_t length) {
  int32_t status = status_of(e);
  if (status < 200) { /* interim: the real one follows */
    e->head.length = 0;
    return length;
  }
  e->outcome.status = status;
  e->head_complete = true;
  if (!take_apart(e)) {
    dp__no_memory(&e->error);
    return 0;
  }
  const char *version = find(e, "x-version");
  if (version)
    dp__copy_text(e->host->version, sizeof e->host->version, version, strlen(version));
  /* libcurl gives up sending what a server refused early, but not while it is paused. */
  if (status >= 300 && e->paused_source)
    dp_exchange_resume(e);
  if (dp__head_give(e) != DP_FLOW_ABORT)
    return length;
  dp__fail(&e->error, DP_CANCELLED, "cancelled", NULL, "%s: the caller ended it", e->host->origin);
  return 0;
}

size_t dp__head_line(dp_exchange *e, const char *line, size_t length) {
  e->head_bytes += length;
  if (e->head_bytes > e->client->options.header_max)
    return too_large(e);
  if (e->head_complete) /* a trailer; nobody asks for one */
    return length;
  if (memchr(line, '\0', length)) {
    dp__fail(&e->error, DP_PROTOCOL, "not_http", "Check that base_url points at a Dify server.",
             "%s: a header of the answer holds a NUL", e->host->origin);
    return 0;
  }
  if (!dp__buffer_append(&e->head, line, length)) {
    dp__no_memory(&e->error);
    return 0;
  }
  bool blank = (length == 2 && line[0] == '\r') || (length == 1 && line[0] == '\n');
  return blank ? complete(e, length) : length;
}
