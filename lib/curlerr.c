/*
 * What a CURLcode means, in the one file where one is looked at.
 *
 * The texts name the server and the phase, so that whoever reads one knows where to look: the name,
 * the network, the certificate or the server. They never hold a URL's query or a header.
 */
#include "transfer.h"

#include "errors.h"

static void tls(CURLcode code, const char *origin, dp_error *err) {
  switch (code) {
  case CURLE_PEER_FAILED_VERIFICATION:
    dp__fail(err, DP_TLS, "certificate",
             "Set ca_file to the PEM file of the CA that signed it, or check the host's name.",
             "%s: the server's certificate is not trusted", origin);
    return;
  case CURLE_SSL_CACERT_BADFILE:
    dp__fail(err, DP_TLS, "ca_file", "Check ca_file, ca_dir or ca_bytes; without them, install ca-certificates.",
             "%s: the CAs cannot be read", origin);
    return;
  case CURLE_SSL_CERTPROBLEM:
    dp__fail(err, DP_TLS, "client_cert", "Check client_cert and client_key.",
             "%s: the client's certificate cannot be used", origin);
    return;
  default:
    dp__fail(err, DP_TLS, "handshake",
             "Check that the port speaks TLS (https://) and a version and cipher in common.",
             "%s: the TLS handshake failed (%s)", origin, curl_easy_strerror(code));
  }
}

static void timed_out(const dp_exchange *e, dp_error *err) {
  dp__fail(err, DP_UNREACHABLE, "connect_timeout",
           "Check the address and the network; connect_timeout_ms bounds the wait.",
           "%s: no connection within %u ms", e->host->origin,
           (unsigned)e->client->options.connect_timeout_ms);
}

static void cut(CURLcode code, const dp_exchange *e, dp_error *err) {
  const char *phase = e->outcome.status ? "within the answer"
                      : e->starts       ? "before an answer came"
                                        : "while connecting";
  const char *what = code == CURLE_SEND_ERROR ? "the connection broke while sending"
                                              : "the server closed the connection";
  dp__fail(err, DP_UNREACHABLE, e->outcome.status ? "cut" : "reset", NULL, "%s: %s, %s",
           e->host->origin, what, phase);
}

void dp__curl_error(CURLcode code, const dp_exchange *e, dp_error *err) {
  const char *origin = e->host->origin;
  if (e->second_start) {
    cut(CURLE_GOT_NOTHING, e, err);
    return;
  }
  switch (code) {
  case CURLE_OK:
    *err = (dp_error){.kind = DP_OK};
    return;
  case CURLE_COULDNT_RESOLVE_HOST:
  case CURLE_COULDNT_RESOLVE_PROXY:
    dp__fail(err, DP_UNREACHABLE, "dns", "Check the host's name and the machine's name servers.",
             "%s: the name cannot be resolved", origin);
    return;
  case CURLE_COULDNT_CONNECT:
    dp__fail(err, DP_UNREACHABLE, "refused", "Check that the server runs and the port is right.",
             "%s: no connection can be made", origin);
    return;
  case CURLE_OPERATION_TIMEDOUT:
    timed_out(e, err);
    return;
  case CURLE_SSL_CONNECT_ERROR:
  case CURLE_PEER_FAILED_VERIFICATION:
  case CURLE_SSL_CACERT_BADFILE:
  case CURLE_SSL_CERTPROBLEM:
  case CURLE_SSL_CIPHER:
  case CURLE_SSL_ISSUER_ERROR:
  case CURLE_SSL_INVALIDCERTSTATUS:
  case CURLE_USE_SSL_FAILED:
    tls(code, origin, err);
    return;
  case CURLE_GOT_NOTHING:
  case CURLE_SEND_ERROR:
  case CURLE_RECV_ERROR:
  case CURLE_PARTIAL_FILE:
    cut(code, e, err);
    return;
  case CURLE_WEIRD_SERVER_REPLY:
  case CURLE_UNSUPPORTED_PROTOCOL:
  case CURLE_BAD_CONTENT_ENCODING:
  case CURLE_HTTP2:
    dp__fail(err, DP_PROTOCOL, "not_http", "Check that base_url points at a Dify server.",
             "%s: what answered is not HTTP (%s)", origin, curl_easy_strerror(code));
    return;
  case CURLE_PROXY:
    dp__fail(err, DP_UNREACHABLE, "proxy", "Check the profile's proxy.",
             "%s: the proxy failed", origin);
    return;
  case CURLE_OUT_OF_MEMORY:
    dp__no_memory(err);
    return;
  default:
    dp__fail(err, DP_INTERNAL, "curl", NULL, "%s: %s (curl error %d)", origin,
             curl_easy_strerror(code), (int)code);
  }
}
