/*
 * An exchange as a libcurl transfer: every option that is set, and why.
 *
 * Easy handles are kept and used again: making one costs more than all that is set here. Nothing of
 * the environment is read (proxy, .netrc, cookies), since the engine serves programs whose environments
 * differ. HTTP/1.1 alone: a paused HTTP/2 transfer buffers tens of megabytes.
 */
#include "transfer.h"

#include <stdlib.h>
#include <string.h>

#include "errors.h"

/* Called each time libcurl is about to send the request. On a reused connection that dies before the
 * first byte of an answer it would send any request once more, POST too: the server may have done the
 * work by then, so only what may be repeated gets through here twice. */
static int on_start(void *user, char *ip, char *local_ip, int port, int local_port) {
  (void)ip, (void)local_ip, (void)port, (void)local_port;
  dp_exchange *e = user;
  e->starts++;
  e->outcome.started = 1;
  if (e->starts > 1) {
    dp__host_found_dead(e->host);
    if (!e->repeatable) {
      e->second_start = true;
      return CURL_PREREQFUNC_ABORT;
    }
  }
  return CURL_PREREQFUNC_OK;
}

static size_t refuse(dp_exchange *e, dp_kind kind, const char *code, const char *hint,
                     const char *text, unsigned long long bound) {
  dp__fail(&e->error, kind, code, hint, "%s: %s %llu bytes", e->host->origin, text, bound);
  return 0;
}

static size_t on_header(char *data, size_t size, size_t count, void *user) {
  (void)size;
  dp_exchange *e = user;
  if (count > 5 && memcmp(data, "HTTP/", 5) == 0) { /* a new head: the one before was interim */
    e->head.length = 0;
    e->head_complete = false;
  }
  uint64_t bound = e->client->options.header_max;
  if (e->head.length + count > bound)
    return refuse(e, DP_TOO_LARGE, "header_max", "This is no answer of Dify; look at what is there.",
                  "the answer's headers are larger than", bound);
  if (!dp__buffer_append(&e->head, data, count))
    return 0;
  long status = 0;
  curl_easy_getinfo(e->easy, CURLINFO_RESPONSE_CODE, &status);
  if ((count == 2 && data[0] == '\r') || (count == 1 && data[0] == '\n'))
    e->head_complete = status >= 200;
  return count;
}

static void keep_value(char *out, size_t size, const char *value) {
  dp__copy_text(out, size, value, strlen(value));
}

enum { HEADERS_MAX = 256 };

/* Take the raw head apart in place: names and values become strings. */
static size_t split_head(char *text, dp_header *headers) {
  size_t count = 0;
  char *line = strchr(text, '\n'); /* behind the status line */
  while (line && *++line && count < HEADERS_MAX) {
    char *end = strchr(line, '\n');
    char *colon = strchr(line, ':');
    if (!end)
      break;
    char *last = end > line && end[-1] == '\r' ? end - 1 : end;
    *last = '\0';
    if (colon && colon < last) {
      *colon++ = '\0';
      colon += strspn(colon, " \t");
      headers[count++] = (dp_header){line, colon};
    }
    line = end;
  }
  return count;
}

dp_flow dp__transfer_give_head(dp_exchange *e) {
  if (e->head_given || !e->head_complete)
    return DP_FLOW_CONTINUE;
  char *copy = e->head.data ? strdup(e->head.data) : NULL;
  if (!copy)
    return DP_FLOW_ABORT;
  dp_header headers[HEADERS_MAX];
  dp_head head = {.status = e->outcome.status, .type = "", .headers = headers};
  head.length = e->content_length;
  head.header_count = split_head(copy, headers);
  for (size_t i = 0; i < head.header_count; i++) {
    if (strcasecmp(headers[i].name, "content-type") == 0)
      head.type = headers[i].value;
    if (strcasecmp(headers[i].name, "x-version") == 0)
      keep_value(e->host->version, sizeof e->host->version, headers[i].value);
  }
  dp_flow flow = e->on_head ? e->on_head(e, &head, e->user) : DP_FLOW_CONTINUE;
  e->head_given = flow == DP_FLOW_CONTINUE;
  free(copy);
  return flow;
}

void dp__transfer_note_length(dp_exchange *e) {
  curl_off_t length = -1;
  curl_easy_getinfo(e->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
  e->content_length = length;
}

static void note_status(dp_exchange *e) {
  long status = 0;
  curl_easy_getinfo(e->easy, CURLINFO_RESPONSE_CODE, &status);
  e->outcome.status = (int32_t)status;
}

static size_t stop(dp_exchange *e) {
  if (e->error.kind == DP_OK)
    dp__fail(&e->error, DP_CANCELLED, "cancelled", NULL, "%s: the caller ended it",
             e->host->origin);
  return 0;
}

static size_t on_write(char *data, size_t size, size_t count, void *user) {
  (void)size;
  dp_exchange *e = user;
  if (!e->head_given) {
    note_status(e);
    dp__transfer_note_length(e);
  }
  dp_flow flow = dp__transfer_give_head(e);
  if (flow == DP_FLOW_CONTINUE && e->on_data)
    flow = e->on_data(e, data, count, e->user);
  if (flow == DP_FLOW_PAUSE) {
    e->paused_data = true;
    return CURL_WRITEFUNC_PAUSE;
  }
  return flow == DP_FLOW_CONTINUE ? count : stop(e);
}

static size_t on_read(char *buffer, size_t size, size_t count, void *user) {
  dp_exchange *e = user;
  size_t length = 0;
  dp_flow flow = e->source(e, buffer, size * count, &length, e->user);
  if (flow == DP_FLOW_PAUSE) {
    e->paused_source = true;
    return CURL_READFUNC_PAUSE;
  }
  if (flow != DP_FLOW_CONTINUE) {
    stop(e);
    return CURL_READFUNC_ABORT;
  }
  return length;
}

static void set_body(dp_exchange *e) {
  CURL *easy = e->easy;
  bool head = strcmp(e->method, "HEAD") == 0;
  if (e->source) {
    curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(easy, CURLOPT_READFUNCTION, on_read);
    curl_easy_setopt(easy, CURLOPT_READDATA, e);
    curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)e->source_length);
  } else if (e->body || strcmp(e->method, "POST") == 0) {
    curl_easy_setopt(easy, CURLOPT_POST, 1L);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)e->body_length);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, e->body ? e->body : "");
  }
  if (head)
    curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
  else
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, e->method);
}

static void set_tls(const dp_profile *p, CURL *easy) {
  /* Left at its default, Debian's libcurl loads a directory of CAs for each connection: 20 ms of CPU.
   * NULL lets it keep the parsed store for all connections. */
  curl_easy_setopt(easy, CURLOPT_CAPATH, p->ca_dir);
  if (p->ca_dir)
    curl_easy_setopt(easy, CURLOPT_CAINFO, NULL);
  else if (p->ca_file)
    curl_easy_setopt(easy, CURLOPT_CAINFO, p->ca_file);
  if (p->ca_bytes) {
    struct curl_blob blob = {p->ca_bytes, p->ca_length, CURL_BLOB_NOCOPY};
    curl_easy_setopt(easy, CURLOPT_CAINFO_BLOB, &blob);
  }
  curl_easy_setopt(easy, CURLOPT_SSLCERT, p->client_cert);
  curl_easy_setopt(easy, CURLOPT_SSLKEY, p->client_key);
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, p->verify ? 1L : 0L);
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, p->verify ? 2L : 0L);
}

static void set_network(const dp_exchange *e, CURL *easy) {
  const dp_profile *p = e->profile;
  curl_easy_setopt(easy, CURLOPT_PROXY, p->proxy ? p->proxy : "");
  curl_easy_setopt(easy, CURLOPT_NOPROXY, p->no_proxy ? p->no_proxy : "");
  curl_easy_setopt(easy, CURLOPT_RESOLVE, p->resolve);
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)e->client->options.connect_timeout_ms);
  curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L); /* a key goes where its user said, only */
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L); /* a hanging name look-up must not hang us */
  curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, (long)(e->host->idle_age_ms + 999) / 1000);
  if (!DP__ON(p, pooling)) {
    curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
    curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
  }
}

static void set_callbacks(dp_exchange *e, CURL *easy) {
  curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_start);
  curl_easy_setopt(easy, CURLOPT_PREREQDATA, e);
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, e);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_write);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, e);
  curl_easy_setopt(easy, CURLOPT_PRIVATE, e);
}

bool dp__transfer_setup(dp_exchange *e) {
  dp_client *client = e->client;
  e->easy = client->spare_count ? client->spare[--client->spare_count] : curl_easy_init();
  if (!e->easy)
    return false;
  const char *agent = e->profile->user_agent;
  curl_easy_setopt(e->easy, CURLOPT_SHARE, client->share);
  curl_easy_setopt(e->easy, CURLOPT_USERAGENT, agent ? agent : "difypool/" DP_VERSION);
  curl_easy_setopt(e->easy, CURLOPT_HTTPHEADER, e->headers);
  set_tls(e->profile, e->easy);
  set_network(e, e->easy);
  set_callbacks(e, e->easy);
  dp__host_watch(e->host, e->easy);
  set_body(e);
  return curl_easy_setopt(e->easy, CURLOPT_URL, e->url) == CURLE_OK;
}

static uint64_t info_us(CURL *easy, CURLINFO what) {
  curl_off_t value = 0;
  curl_easy_getinfo(easy, what, &value);
  return value > 0 ? (uint64_t)value : 0;
}

static uint64_t between(uint64_t from, uint64_t to) {
  return to > from ? to - from : 0;
}

void dp__transfer_measure(dp_exchange *e) {
  dp_meta *meta = &e->outcome.meta;
  dp__host *host = e->host;
  long connects = 0;
  curl_easy_getinfo(e->easy, CURLINFO_NUM_CONNECTS, &connects);
  uint64_t name = info_us(e->easy, CURLINFO_NAMELOOKUP_TIME_T);
  uint64_t tcp = info_us(e->easy, CURLINFO_CONNECT_TIME_T);
  uint64_t tls = info_us(e->easy, CURLINFO_APPCONNECT_TIME_T);
  uint64_t sent = info_us(e->easy, CURLINFO_PRETRANSFER_TIME_T);
  meta->attempts = 1;
  meta->sent = info_us(e->easy, CURLINFO_SIZE_UPLOAD_T);
  meta->received = info_us(e->easy, CURLINFO_SIZE_DOWNLOAD_T);
  meta->server_us = between(sent, info_us(e->easy, CURLINFO_STARTTRANSFER_TIME_T));
  e->outcome.sent_all = e->source ? e->outcome.status != 0 : meta->sent >= e->body_length;
  if (connects > 0) {
    meta->dns_us = name;
    meta->connect_us = between(name, tcp);
    meta->tls_us = between(tcp, tls);
    host->opened += (uint64_t)connects;
    host->dns_us += meta->dns_us;
    host->connect_us += meta->connect_us;
    host->tls_us += meta->tls_us;
  } else if (e->starts) {
    meta->reused = 1;
    host->reused++;
  }
  host->transfers += e->starts ? 1 : 0;
  host->sent += meta->sent;
  host->received += meta->received;
}

void dp__transfer_release(dp_exchange *e) {
  dp_client *client = e->client;
  CURL *easy = e->easy;
  e->easy = NULL;
  if (!easy)
    return;
  curl_multi_remove_handle(client->multi, easy);
  curl_easy_reset(easy);
  if (client->spare_count < sizeof client->spare / sizeof *client->spare && !client->stopping)
    client->spare[client->spare_count++] = easy;
  else
    curl_easy_cleanup(easy);
}
