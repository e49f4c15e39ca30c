/*
 * What a CURLcode means, in the one file where one is looked at.
 *
 * The texts name the server and the phase, so that whoever reads one knows where to look: the name,
 * the network, the certificate or the server. They never hold a URL's query or a header. Some codes
 * mean two things: a connection that is cut in the TLS handshake is the network's failure and may
 * be tried again, a certificate that is not trusted is nobody's but the operator's.
 */
#include "transfer.h"

#include <errno.h>
#include <string.h>

#include "errors.h"

/* libcurl looks at the name first and leaves the verdict on the chain at 1 if that is wrong. */
static void certificate(const dp_exchange *e, dp_error *err) {
  long verdict = 0;
  curl_easy_getinfo(e->easy, CURLINFO_SSL_VERIFYRESULT, &verdict);
  const char *hint = verdict > 1 ? "Set ca_file to the PEM file of the CA that signed it."
                                 : "Check base_url: the certificate was made for another name.";
  dp__fail(err, DP_TLS, "certificate", hint, "%s: the server's certificate is not trusted (%s)",
           e->host->origin, e->detail);
}

static void cut(const dp_exchange *e, const char *phase, dp_error *err) {
  dp__fail(err, DP_UNREACHABLE, e->outcome.status ? "cut" : "reset", NULL,
           "%s: the connection broke %s", e->host->origin, phase);
}

/* OpenSSL has no code of its own for a peer that went away; these are its words and libcurl's. */
static bool is_cut_handshake(const dp_exchange *e) {
  static const char *const words[] = {"SYSCALL", "reset by peer", "unexpected eof", "Broken pipe"};
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    if (strstr(e->detail, words[i]))
      return true;
  return false;
}

static void tls(CURLcode code, const dp_exchange *e, dp_error *err) {
  const char *origin = e->host->origin;
  if (code == CURLE_PEER_FAILED_VERIFICATION)
    certificate(e, err);
  else if (code == CURLE_SSL_CACERT_BADFILE)
    dp__fail(err, DP_TLS, "ca_file",
             "Check ca_file, ca_dir or ca_bytes; without them, install ca-certificates.",
             "%s: the CAs cannot be read (%s)", origin, e->detail);
  else if (code == CURLE_SSL_CERTPROBLEM)
    dp__fail(err, DP_TLS, "client_cert", "Check client_cert and client_key.",
             "%s: the client's certificate cannot be used (%s)", origin, e->detail);
  else if (is_cut_handshake(e))
    cut(e, "in the TLS handshake", err);
  else
    dp__fail(
        err, DP_TLS, "handshake",
        "Check that the port speaks TLS, and a version and cipher in common; a server that asks "
        "for a certificate needs client_cert.",
        "%s: the TLS handshake failed (%s)", origin,
        *e->detail ? e->detail : curl_easy_strerror(code));
}

static void not_connected(const dp_exchange *e, dp_error *err) {
  static const struct {
    int number;
    const char *code, *text;
  } reasons[] = {{ECONNREFUSED, "refused", "the connection was refused"},
                 {EHOSTUNREACH, "no_route", "there is no route to it"},
                 {ENETUNREACH, "no_route", "there is no route to it"},
                 {ETIMEDOUT, "connect_timeout", "nobody answered"}};
  const char *who = e->profile->proxy ? "the proxy or the server" : "the server";
  const char *code = "connect", *text = "no connection can be made";
  long number = 0;
  curl_easy_getinfo(e->easy, CURLINFO_OS_ERRNO, &number);
  for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
    if (reasons[i].number == number) {
      code = reasons[i].code;
      text = reasons[i].text;
    }
  dp__fail(err, DP_UNREACHABLE, code, "Check that it runs, the address and the port.",
           "%s: %s cannot be reached: %s", e->host->origin, who, text);
}

static void timed_out(const dp_exchange *e, dp_error *err) {
  dp__fail(err, DP_UNREACHABLE, "connect_timeout",
           "Check the address and the network; connect_timeout_ms bounds the wait.",
           "%s: no connection within %u ms, given up %s", e->host->origin,
           (unsigned)e->client->options.connect_timeout_ms, dp__transfer_phase(e));
}

static void malformed(CURLcode code, const dp_exchange *e, dp_error *err) {
  dp__fail(err, DP_PROTOCOL, "not_http", "Check that base_url points at a Dify server.",
           "%s: what answered is not HTTP (%s)", e->host->origin,
           *e->detail ? e->detail : curl_easy_strerror(code));
}

/* libcurl has bounds of its own for one header line; it says "out of memory" or a code that is
 * newer than the oldest libcurl we build with. */
static void no_memory(const dp_exchange *e, dp_error *err) {
  if (!e->starts || e->head_complete) {
    dp__no_memory(err);
    return;
  }
  dp__fail(err, DP_TOO_LARGE, "header_max", "This is no answer of Dify; look at what is there.",
           "%s: a header of the answer is too large", e->host->origin);
}

static bool is_tls(CURLcode code) {
  switch (code) {
  case CURLE_SSL_CONNECT_ERROR:
  case CURLE_PEER_FAILED_VERIFICATION:
  case CURLE_SSL_CACERT_BADFILE:
  case CURLE_SSL_CERTPROBLEM:
  case CURLE_SSL_CIPHER:
  case CURLE_SSL_ISSUER_ERROR:
  case CURLE_SSL_INVALIDCERTSTATUS:
  case CURLE_SSL_CLIENTCERT:
  case CURLE_USE_SSL_FAILED:
    return true;
  default:
    return false;
  }
}

static void other(CURLcode code, const dp_exchange *e, dp_error *err) {
  enum { TOO_LARGE = 100 }; /* CURLE_TOO_LARGE, since libcurl 8.6 */
  if (code == CURLE_OUT_OF_MEMORY || (int)code == TOO_LARGE)
    no_memory(e, err);
  else
    dp__fail(err, DP_INTERNAL, "curl", NULL, "%s: %s (curl error %d)", e->host->origin,
             *e->detail ? e->detail : curl_easy_strerror(code), (int)code);
}

void dp__curl_error(CURLcode code, const dp_exchange *e, dp_error *err) {
  if (code == CURLE_OK) {
    *err = (dp_error){.kind = DP_OK};
    return;
  }
  if (e->second_start) {
    cut(e, dp__transfer_phase(e), err);
    return;
  }
  if (is_tls(code)) {
    tls(code, e, err);
    return;
  }
  switch (code) {
  case CURLE_COULDNT_RESOLVE_HOST:
  case CURLE_COULDNT_RESOLVE_PROXY:
    dp__fail(err, DP_UNREACHABLE, "dns", "Check the host's name and the machine's name servers.",
             "%s: the %s name cannot be resolved", e->host->origin,
             code == CURLE_COULDNT_RESOLVE_PROXY ? "proxy's" : "host's");
    return;
  case CURLE_COULDNT_CONNECT:
    not_connected(e, err);
    return;
  case CURLE_OPERATION_TIMEDOUT:
    timed_out(e, err);
    return;
  case CURLE_GOT_NOTHING:
  case CURLE_SEND_ERROR:
  case CURLE_RECV_ERROR:
  case CURLE_PARTIAL_FILE:
  case CURLE_SEND_FAIL_REWIND:
    cut(e, dp__transfer_phase(e), err);
    return;
  case CURLE_WEIRD_SERVER_REPLY:
  case CURLE_UNSUPPORTED_PROTOCOL:
  case CURLE_BAD_CONTENT_ENCODING:
    malformed(code, e, err);
    return;
  case CURLE_PROXY:
    dp__fail(err, DP_UNREACHABLE, "proxy", "Check the profile's proxy.",
             "%s: the proxy failed (%s)", e->host->origin, e->detail);
    return;
  default:
    other(code, e, err);
  }
}
