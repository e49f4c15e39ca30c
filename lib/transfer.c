/*
 * An exchange as a libcurl transfer: every option that is set, and why.
 *
 * Easy handles are kept and used again: making one costs more than all that is set here. One that
 * was last set up for the same profile keeps what belongs to it and gets only the exchange's own.
 * Nothing of the environment is read (proxy, .netrc, cookies), since the engine serves programs
 * whose environments differ. HTTP/1.1 alone: a paused HTTP/2 transfer buffers tens of megabytes.
 */
#include "transfer.h"

#include <string.h>
#include <sys/socket.h>

#include "errors.h"
#include "ferry.h"

/* Called each time libcurl is about to send the request. On a reused connection that dies before
 * the first byte of an answer it would send any request once more, POST too: the server may have
 * done the work by then, so only what may be repeated gets through here twice. */
static int on_start(void *user, char *ip, char *local_ip, int port, int local_port) {
  (void)ip, (void)local_ip, (void)port;
  dp_exchange *e = user;
  dp__socket_reused(e, local_port);
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

static size_t on_header(char *data, size_t size, size_t count, void *user) {
  (void)size;
  return dp__head_line(user, data, count);
}

static void stopped(dp_exchange *e) {
  if (e->error.kind == DP_OK)
    dp__fail(&e->error, DP_CANCELLED, "cancelled", NULL, "%s: the caller ended it",
             e->host->origin);
}

static size_t on_write(char *data, size_t size, size_t count, void *user) {
  (void)size;
  dp_exchange *e = user;
  dp_flow flow = e->paused_head ? DP_FLOW_PAUSE : DP_FLOW_CONTINUE;
  if (flow == DP_FLOW_CONTINUE && e->on_data)
    flow = e->ferry ? dp__ferry_data(e, data, count) : e->on_data(e, data, count, e->user);
  if (flow == DP_FLOW_PAUSE) {
    e->paused_data = true;
    return CURL_WRITEFUNC_PAUSE;
  }
  if (flow == DP__FLOW_TAKEN_PAUSE) {
    e->paused_data = true;
    curl_easy_pause(e->easy, CURLPAUSE_RECV | (e->paused_source ? CURLPAUSE_SEND : 0));
    return count;
  }
  if (flow == DP_FLOW_CONTINUE)
    return count;
  stopped(e);
  return 0;
}

/* A source that ends before what it said would leave the server waiting for the rest. */
static bool is_too_short(dp_exchange *e) {
  if (e->source_length < 0 || !e->source_ended || (int64_t)e->given == e->source_length)
    return false;
  dp__fail(&e->error, DP_INVALID_REQUEST, "source_length", "Give -1 if the length is not known.",
           "the body's source gave %llu bytes where %lld were said", (unsigned long long)e->given,
           (long long)e->source_length);
  return true;
}

static size_t on_read(char *buffer, size_t size, size_t count, void *user) {
  dp_exchange *e = user;
  size_t length = 0, capacity = size * count;
  if (e->source_length >= 0 && capacity > (uint64_t)e->source_length - e->given)
    capacity = (size_t)((uint64_t)e->source_length - e->given);
  if (capacity == 0)
    return 0;
  dp_flow flow = e->ferry ? dp__ferry_source(e, buffer, capacity, &length)
                          : e->source(e, buffer, capacity, &length, e->user);
  if (flow == DP_FLOW_PAUSE) {
    e->paused_source = true;
    return CURL_READFUNC_PAUSE;
  }
  if (flow != DP_FLOW_CONTINUE || length > capacity) {
    stopped(e);
    return CURL_READFUNC_ABORT;
  }
  e->given += length;
  e->source_ended = length == 0 || (int64_t)e->given == e->source_length;
  return is_too_short(e) ? CURL_READFUNC_ABORT : length;
}

/* --- the profile's part ---------------------------------------------------------------------- */

void dp__transfer_set_tls(const dp_profile *p, CURL *easy) {
  /* Left at its default, Debian's libcurl loads a directory of CAs for each connection: 20 ms of
   * CPU. NULL lets it keep the parsed store for all connections. */
  curl_easy_setopt(easy, CURLOPT_CAPATH, p->ca_dir);
  curl_easy_setopt(easy, CURLOPT_CA_CACHE_TIMEOUT, 86400L);
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
  curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  curl_easy_setopt(easy, CURLOPT_CONNECT_TO, p->connect_to);
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)e->client->options.connect_timeout_ms);
  curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(easy, CURLOPT_TCP_NODELAY, 1L);
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L); /* a key goes where its user said, only */
  curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
  curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 1L);
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L); /* a hanging name look-up must not hang us */
}

static void set_profile(const dp_exchange *e, CURL *easy) {
  const char *agent = e->profile->user_agent;
  curl_easy_reset(easy);
  curl_easy_setopt(easy, CURLOPT_SHARE, e->client->share);
  curl_easy_setopt(easy, CURLOPT_USERAGENT, agent ? agent : "difypool/" DP_VERSION);
  dp__transfer_set_tls(e->profile, easy);
  set_network(e, easy);
  dp__sockets_watch(e->host, easy);
  curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_start);
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_write);
  curl_easy_setopt(easy, CURLOPT_READFUNCTION, on_read);
}

/* --- the exchange's part --------------------------------------------------------------------- */

/* Larger pieces of a body that flows mean fewer turns; more than this gained nothing. */
static const long UPLOAD_BUFFER = 262144;

static void set_body(const dp_exchange *e, CURL *easy) {
  curl_easy_setopt(easy, CURLOPT_POSTFIELDS, NULL);
  curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L); /* undoes what the handle did before */
  curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, e->source ? UPLOAD_BUFFER : 65536L);
  if (e->source) {
    curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)e->source_length);
  } else if (e->body || strcmp(e->method, "POST") == 0) {
    curl_easy_setopt(easy, CURLOPT_POST, 1L);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)e->body_length);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, e->body ? e->body : "");
  } else if (strcmp(e->method, "HEAD") == 0) {
    curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
  }
  bool standard = strcmp(e->method, "HEAD") == 0;
  curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, standard ? NULL : e->method);
}

static void set_exchange(dp_exchange *e, CURL *easy) {
  long fresh = DP__ON(e->profile, pooling) ? 0 : 1;
  curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, fresh);
  curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, fresh);
  curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, (long)(e->host->idle_age_ms + 999) / 1000);
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, e->headers);
  curl_easy_setopt(easy, CURLOPT_PREREQDATA, e);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, e);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, e);
  curl_easy_setopt(easy, CURLOPT_READDATA, e);
  curl_easy_setopt(easy, CURLOPT_PRIVATE, e);
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, e->detail);
  set_body(e, easy);
}

/* A spare handle, rather one that was set up for this profile. */
static CURL *take_spare(dp_client *client, uint64_t serial, bool *ready) {
  for (size_t i = client->spare_count; i > 0; i--)
    if (client->spare[i - 1].profile == serial) {
      CURL *easy = client->spare[i - 1].easy;
      client->spare[i - 1] = client->spare[--client->spare_count];
      *ready = true;
      return easy;
    }
  *ready = false;
  return client->spare_count ? client->spare[--client->spare_count].easy : curl_easy_init();
}

bool dp__transfer_setup(dp_exchange *e) {
  bool ready;
  e->easy = take_spare(e->client, e->profile->serial, &ready);
  if (!e->easy)
    return false;
  if (!ready)
    set_profile(e, e->easy);
  set_exchange(e, e->easy);
  return curl_easy_setopt(e->easy, CURLOPT_URL, e->url) == CURLE_OK;
}

/* --- what came of it ------------------------------------------------------------------------- */

static uint64_t info(const dp_exchange *e, CURLINFO what) {
  curl_off_t value = 0;
  curl_easy_getinfo(e->easy, what, &value);
  return value > 0 ? (uint64_t)value : 0;
}

static uint64_t between(uint64_t from, uint64_t to) {
  return to > from ? to - from : 0;
}

uint64_t dp__transfer_moved(const dp_exchange *e) {
  return info(e, CURLINFO_SIZE_UPLOAD_T) + info(e, CURLINFO_SIZE_DOWNLOAD_T) + e->head_bytes;
}

/* libcurl sets its time of connection only once TLS is through, too. */
static bool is_connected(const dp_exchange *e) {
  struct sockaddr_storage peer;
  socklen_t length = sizeof peer;
  return e->socket && getpeername(e->socket->fd, (struct sockaddr *)&peer, &length) == 0;
}

const char *dp__transfer_phase(const dp_exchange *e) {
  if (!e->easy)
    return "while it waited for a place";
  if (e->outcome.status)
    return "within the answer";
  if (e->starts)
    return dp__transfer_moved(e) < e->body_length || (e->source && !e->source_ended)
               ? "while the request was sent"
               : "before an answer came";
  if (!info(e, CURLINFO_NAMELOOKUP_TIME_T))
    return "while the name was looked up";
  return is_connected(e) ? "in the TLS handshake" : "while connecting";
}

/* Where a pooled connection died libcurl begins to count anew, and gives up right there if the body is
 * a source, which it cannot rewind: a source that was given whole may then have gone out whole. */
static bool sent_all(const dp_exchange *e) {
  if (e->starts > 1)
    return true;
  uint64_t sent = e->outcome.meta.sent;
  if (e->source)
    return e->starts && e->source_ended && (sent == 0 || sent >= e->given);
  return e->starts && sent >= e->body_length;
}

static void measure_connection(dp_exchange *e) {
  dp_meta *meta = &e->outcome.meta;
  dp__host *host = e->host;
  long connects = 0;
  curl_easy_getinfo(e->easy, CURLINFO_NUM_CONNECTS, &connects);
  if (connects == 0) {
    meta->reused = e->starts > 0;
    host->reused += meta->reused;
    return;
  }
  uint64_t name = info(e, CURLINFO_NAMELOOKUP_TIME_T), tcp = info(e, CURLINFO_CONNECT_TIME_T);
  meta->dns_us = name;
  meta->connect_us = between(name, tcp);
  meta->tls_us = between(tcp, info(e, CURLINFO_APPCONNECT_TIME_T));
  host->opened += tcp ? (uint64_t)connects : 0;
  host->dns_us += meta->dns_us;
  host->connect_us += meta->connect_us;
  host->tls_us += meta->tls_us;
}

uint32_t dp__transfer_attempts(const dp_exchange *e) {
  return e->starts - e->second_start; /* of a start that was aborted nothing went out */
}

void dp__transfer_measure(dp_exchange *e) {
  dp_meta *meta = &e->outcome.meta;
  dp__host *host = e->host;
  meta->attempts = dp__transfer_attempts(e);
  meta->sent = info(e, CURLINFO_SIZE_UPLOAD_T);
  meta->received = info(e, CURLINFO_SIZE_DOWNLOAD_T);
  meta->server_us =
      between(info(e, CURLINFO_PRETRANSFER_TIME_T), info(e, CURLINFO_STARTTRANSFER_TIME_T));
  e->outcome.sent_all = sent_all(e);
  measure_connection(e);
  host->transfers += e->starts;
  host->sent += meta->sent;
  host->received += meta->received;
}

/* Whether libcurl keeps the connection that it used. */
static bool is_kept(dp_exchange *e) {
  curl_socket_t fd = CURL_SOCKET_BAD;
  if (curl_easy_getinfo(e->easy, CURLINFO_ACTIVESOCKET, &fd) != CURLE_OK || fd == CURL_SOCKET_BAD)
    return false;
  dp__socket *s = dp__loop_socket(&e->client->loop, fd);
  if (s && s->host == e->host && s != e->socket)
    dp__socket_take(s, e);
  return s != NULL;
}

void dp__transfer_release(dp_exchange *e, bool reusable) {
  dp_client *client = e->client;
  CURL *easy = e->easy;
  if (!easy)
    return;
  bool kept = reusable && is_kept(e);
  curl_multi_remove_handle(client->multi, easy);
  e->easy = NULL;
  dp__socket_leave(e, kept);
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, NULL);
  curl_easy_setopt(easy, CURLOPT_PRIVATE, NULL);
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, NULL);
  if (client->spare_count < DP__SPARES && !client->stopping)
    client->spare[client->spare_count++] = (dp__spare){easy, e->profile->serial};
  else
    curl_easy_cleanup(easy);
}
