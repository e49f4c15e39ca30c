/*
 * Why two steps, a bound and then the bytes: a reply's body may be 64 MiB. Knowing an upper bound
 * first, the transport gives one buffer of that size, and the body is copied once, from the
 * library's memory into the message that goes out.
 */
#include "encode.h"

#include <string.h>
#include <strings.h>

#include <difypool_proto.h>

#include "utf8.h"

enum {
  ERROR_BODY_MAX = 65536, /* PROTOCOL.md: the server's error answer, up to 64 KiB */
  FIXED_BOUND = 2560      /* keys, numbers and heads of everything that is always there */
};

static int write_out(void *data, const char *bytes, size_t length) {
  dpd_out *out = data;
  if (out->failed || length > out->capacity - out->length) {
    out->failed = true;
    return -1;
  }
  memcpy(out->data + out->length, bytes, length);
  out->length += length;
  return 0;
}

static int write_text(void *data, const char *bytes, size_t length) {
  dpd_text *text = data;
  dpd_text_append(text, bytes, length);
  return text->failed ? -1 : 0;
}

void dpd_packer_init(msgpack_packer *packer, dpd_text *out) {
  msgpack_packer_init(packer, out, write_text);
}

void dpd_packer_init_out(msgpack_packer *packer, dpd_out *out) {
  msgpack_packer_init(packer, out, write_out);
}

void dpd_pack_text(msgpack_packer *packer, const char *text) {
  size_t length = strlen(text);
  msgpack_pack_str(packer, length);
  msgpack_pack_str_body(packer, text, length);
}

void dpd_pack_bin(msgpack_packer *packer, const void *data, size_t length) {
  msgpack_pack_bin(packer, length);
  if (length > 0) {
    msgpack_pack_bin_body(packer, data, length);
  }
}

void dpd_pack_bool(msgpack_packer *packer, bool value) {
  if (value) {
    msgpack_pack_true(packer);
  } else {
    msgpack_pack_false(packer);
  }
}

void dpd_pack_foreign(msgpack_packer *packer, const char *text) {
  size_t length = strlen(text);
  if (dpd_utf8_valid(text, length)) {
    dpd_pack_text(packer, text);
    return;
  }
  msgpack_pack_str(packer, length);
  for (size_t i = 0; i < length; i++) {
    msgpack_pack_str_body(packer, (unsigned char)text[i] < 0x80 ? text + i : "?", 1);
  }
}

/* Opens the reply: four entries with an id, three without; the last is the caller's. */
static void pack_envelope(msgpack_packer *packer, const dpd_envelope *envelope) {
  msgpack_pack_map(packer, envelope->id != NULL ? 4 : 3);
  dpd_pack_text(packer, DP_KEY_V);
  msgpack_pack_int(packer, DP_PROTOCOL_VERSION);
  if (envelope->id != NULL) {
    dpd_pack_text(packer, DP_KEY_ID);
    dpd_pack_bin(packer, envelope->id, 16);
  }
  dpd_pack_text(packer, DP_KEY_EPOCH);
  dpd_pack_bin(packer, envelope->epoch, 16);
}

static bool hop_by_hop(const char *name) {
  static const char *const names[] = {"connection",
                                      "keep-alive",
                                      "proxy-authenticate",
                                      "proxy-authorization",
                                      "proxy-connection",
                                      "te",
                                      "trailer",
                                      "transfer-encoding",
                                      "upgrade"};
  for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
    if (strcasecmp(name, names[i]) == 0) {
      return true;
    }
  }
  return false;
}

static bool matters(const char *name) {
  static const char *const names[] = {"x-version",           "x-env",    "date",      "retry-after",
                                      "content-disposition", "location", "x-trace-id"};
  for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
    if (strcasecmp(name, names[i]) == 0) {
      return true;
    }
  }
  return false;
}

static bool wanted(const char *name, bool whole) {
  return whole ? !hop_by_hop(name) : matters(name);
}

/* Headers stand in a reply that is whole, or in the head of one that has only begun. */
typedef struct headers {
  const dp_reply *reply; /* or */
  const dp_head *head;
} headers;

static bool header_at(const headers *from, size_t index, const char **name, const char **value) {
  if (from->reply != NULL) {
    return dp_reply_header_at(from->reply, index, name, value);
  }
  if (index >= from->head->header_count) {
    return false;
  }
  *name = from->head->headers[index].name;
  *value = from->head->headers[index].value;
  return true;
}

/* A map has each key once: a header that comes again is left to its first value. */
static bool first_of_name(const headers *from, size_t index, const char *name) {
  const char *other;
  const char *value;
  for (size_t i = 0; i < index && header_at(from, i, &other, &value); i++) {
    if (strcasecmp(other, name) == 0) {
      return false;
    }
  }
  return true;
}

static void pack_lower(msgpack_packer *packer, const char *name) {
  char lower[256];
  size_t length = strnlen(name, sizeof(lower));
  for (size_t i = 0; i < length; i++) {
    char c = (unsigned char)name[i] < 0x80 ? name[i] : '?';
    lower[i] = c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
  }
  msgpack_pack_str(packer, length);
  msgpack_pack_str_body(packer, lower, length);
}

static void pack_headers(msgpack_packer *packer, const headers *from, bool whole) {
  const char *name;
  const char *value;
  uint32_t count = 0;
  for (size_t i = 0; header_at(from, i, &name, &value); i++) {
    count += wanted(name, whole) && first_of_name(from, i, name);
  }
  dpd_pack_text(packer, DP_KEY_HEADERS);
  msgpack_pack_map(packer, count);
  for (size_t i = 0; count > 0 && header_at(from, i, &name, &value); i++) {
    if (wanted(name, whole) && first_of_name(from, i, name)) {
      pack_lower(packer, name);
      dpd_pack_foreign(packer, value);
      count--;
    }
  }
}

typedef enum meta_form { NUMBER, FLAG, TEXT } meta_form;

typedef struct meta_entry {
  const char *key;
  meta_form form;
  uint64_t value;
  const char *text;
} meta_entry;

/* What is 0, false or "" is left out: a reply of a quick call stays short. */
static bool worth_saying(const meta_entry *entry) {
  return entry->form == TEXT ? entry->text != NULL && entry->text[0] != '\0' : entry->value != 0;
}

static void pack_entry(msgpack_packer *packer, const meta_entry *entry) {
  dpd_pack_text(packer, entry->key);
  if (entry->form == TEXT) {
    dpd_pack_foreign(packer, entry->text);
  } else if (entry->form == FLAG) {
    msgpack_pack_true(packer);
  } else {
    msgpack_pack_uint64(packer, entry->value);
  }
}

static void pack_entries(msgpack_packer *packer, const char *key, const meta_entry *entries,
                         size_t count) {
  uint32_t said = 0;
  for (size_t i = 0; i < count; i++) {
    said += worth_saying(&entries[i]);
  }
  dpd_pack_text(packer, key);
  msgpack_pack_map(packer, said);
  for (size_t i = 0; i < count; i++) {
    if (worth_saying(&entries[i])) {
      pack_entry(packer, &entries[i]);
    }
  }
}

static void pack_meta(msgpack_packer *packer, const dp_meta *meta, const dpd_answer_style *style) {
  const meta_entry entries[] = {
      {DP_KEY_ATTEMPTS, NUMBER, meta->attempts, NULL},
      {DP_KEY_QUEUED_US, NUMBER, meta->queued_us, NULL},
      {DP_KEY_PACED_US, NUMBER, meta->paced_us, NULL},
      {DP_KEY_DNS_US, NUMBER, meta->dns_us, NULL},
      {DP_KEY_CONNECT_US, NUMBER, meta->connect_us, NULL},
      {DP_KEY_TLS_US, NUMBER, meta->tls_us, NULL},
      {DP_KEY_SERVER_US, NUMBER, meta->server_us, NULL},
      {DP_KEY_TOTAL_US, NUMBER, meta->total_us, NULL},
      {DP_KEY_SENT, NUMBER, meta->sent, NULL},
      {DP_KEY_RECEIVED, NUMBER, meta->received, NULL},
      {DP_KEY_REUSED, FLAG, meta->reused, NULL},
      {DP_KEY_CACHED, FLAG, meta->cached, NULL},
      {DP_KEY_JOINED, FLAG, meta->joined || style->joined, NULL},
      {DP_KEY_VERIFIED, FLAG, meta->verified, NULL},
      {DP_KEY_RESENT, FLAG, style->resent, NULL},
      {DP_KEY_OP, TEXT, 0, dp_op_name(meta->op)},
      {DP_KEY_VERSION, TEXT, 0, meta->version},
      {DP_KEY_NOTE, TEXT, 0, meta->note},
  };
  pack_entries(packer, DP_KEY_META, entries, sizeof(entries) / sizeof(entries[0]));
}

void dpd_pack_packed(msgpack_packer *packer, const void *data, size_t length) {
  packer->callback(packer->data, data, length);
}

static void pack_run(msgpack_packer *packer, const dp_run *run) {
  const meta_entry entries[] = {{"task_id", TEXT, 0, run->task_id},
                                {"workflow_run_id", TEXT, 0, run->workflow_run_id},
                                {"conversation_id", TEXT, 0, run->conversation_id},
                                {"message_id", TEXT, 0, run->message_id}};
  pack_entries(packer, "run", entries, sizeof(entries) / sizeof(entries[0]));
}

/* A run that failed is to be looked for by its ids, also where one answer was asked for. */
static bool run_is_known(const dp_reply *reply) {
  const dp_run *run = dp_reply_run(reply);
  return *run->task_id || *run->workflow_run_id || *run->conversation_id || *run->message_id;
}

static void pack_ok(msgpack_packer *packer, const dp_reply *reply, const dpd_text *decoded,
                    const dpd_answer_style *style) {
  size_t length;
  const void *body = dp_reply_body(reply, &length);
  dpd_pack_text(packer, DP_KEY_OK);
  msgpack_pack_map(packer, style->run ? 6 : 5);
  if (style->run) {
    pack_run(packer, dp_reply_run(reply));
  }
  dpd_pack_text(packer, DP_KEY_STATUS);
  msgpack_pack_int32(packer, dp_reply_status(reply));
  dpd_pack_text(packer, DP_KEY_TYPE);
  dpd_pack_foreign(packer, dp_reply_type(reply));
  pack_headers(packer, &(headers){.reply = reply}, style->whole);
  pack_meta(packer, dp_reply_meta(reply), style);
  dpd_pack_text(packer, DP_KEY_BODY);
  if (decoded != NULL) {
    dpd_pack_packed(packer, decoded->data, decoded->length);
  } else {
    dpd_pack_bin(packer, body, length);
  }
}

/* The five that every error has. */
static void pack_error_head(msgpack_packer *packer, const dp_error *error) {
  dpd_pack_text(packer, DP_KEY_KIND);
  dpd_pack_text(packer, dp_kind_name(error->kind));
  dpd_pack_text(packer, DP_KEY_CODE);
  dpd_pack_text(packer, error->code);
  dpd_pack_text(packer, DP_KEY_MESSAGE);
  dpd_pack_text(packer, error->message);
  dpd_pack_text(packer, DP_KEY_HINT);
  dpd_pack_text(packer, error->hint);
  dpd_pack_text(packer, DP_KEY_RETRYABLE);
  dpd_pack_bool(packer, error->retryable != 0);
}

static void pack_status(msgpack_packer *packer, const dp_error *error) {
  if (error->status != 0) {
    dpd_pack_text(packer, DP_KEY_STATUS);
    msgpack_pack_int32(packer, error->status);
  }
  if (error->retry_after_ms != 0) {
    dpd_pack_text(packer, DP_KEY_RETRY_AFTER_MS);
    msgpack_pack_uint32(packer, error->retry_after_ms);
  }
}

static uint32_t status_count(const dp_error *error) {
  return (uint32_t)(error->status != 0) + (uint32_t)(error->retry_after_ms != 0);
}

static void pack_failure(msgpack_packer *packer, const dp_reply *reply, const dpd_text *decoded,
                         const dpd_answer_style *style) {
  const dp_error *error = dp_reply_error(reply);
  bool answered = dp_reply_status(reply) != 0;
  bool pending = dp_reply_is_pending(reply);
  bool run = style->run || run_is_known(reply);
  dpd_pack_text(packer, DP_KEY_ERROR);
  msgpack_pack_map(packer, 6 + status_count(error) + (answered ? 3u : 0u) + (pending ? 1u : 0u) +
                               (run ? 1u : 0u));
  pack_error_head(packer, error);
  pack_status(packer, error);
  if (run) {
    pack_run(packer, dp_reply_run(reply));
  }
  pack_meta(packer, dp_reply_meta(reply), style);
  if (pending) {
    dpd_pack_text(packer, DP_KEY_PENDING);
    msgpack_pack_true(packer);
  }
  if (!answered) {
    return;
  }
  dpd_pack_text(packer, DP_KEY_TYPE);
  dpd_pack_foreign(packer, dp_reply_type(reply));
  pack_headers(packer, &(headers){.reply = reply}, style->whole);
  dpd_pack_text(packer, DP_KEY_BODY);
  if (decoded != NULL) {
    dpd_pack_packed(packer, decoded->data, decoded->length);
    return;
  }
  size_t length;
  const void *body = dp_reply_body(reply, &length);
  dpd_pack_bin(packer, body, !style->whole && length > ERROR_BODY_MAX ? ERROR_BODY_MAX : length);
}

size_t dpd_encode_bound(const dp_reply *reply, const dpd_text *decoded) {
  size_t body;
  dp_reply_body(reply, &body);
  if (decoded != NULL) {
    body = decoded->length;
  }
  const dp_meta *meta = dp_reply_meta(reply);
  size_t bound = FIXED_BOUND + body + strlen(dp_reply_type(reply));
  bound += meta->note != NULL ? strlen(meta->note) : 0;
  bound += meta->version != NULL ? strlen(meta->version) : 0;
  const char *name;
  const char *value;
  for (size_t i = 0; dp_reply_header_at(reply, i, &name, &value); i++) {
    bound += strlen(name) + strlen(value) + 10;
  }
  return bound;
}

static void pack_outcome(msgpack_packer *packer, const dp_reply *reply, const dpd_text *decoded,
                         const dpd_answer_style *style) {
  if (dp_reply_kind(reply) == DP_OK) {
    pack_ok(packer, reply, decoded, style);
  } else {
    pack_failure(packer, reply, decoded, style);
  }
}

void dpd_pack_outcome(msgpack_packer *packer, const dp_reply *reply,
                      const dpd_answer_style *style) {
  pack_outcome(packer, reply, NULL, style);
}

void dpd_encode_reply(dpd_out *out, const dpd_envelope *envelope, const dp_reply *reply,
                      const dpd_text *decoded, const dpd_answer_style *style) {
  msgpack_packer packer;
  dpd_packer_init_out(&packer, out);
  pack_envelope(&packer, envelope);
  pack_outcome(&packer, reply, decoded, style);
}

void dpd_pack_fault(msgpack_packer *packer, const dp_error *error) {
  dpd_pack_text(packer, DP_KEY_ERROR);
  bool pending = error->kind == DP_UNKNOWN_OUTCOME && strcmp(error->code, "pending") == 0;
  msgpack_pack_map(packer, 5 + status_count(error) + (pending ? 1u : 0u));
  pack_error_head(packer, error);
  pack_status(packer, error);
  if (pending) {
    dpd_pack_text(packer, DP_KEY_PENDING);
    msgpack_pack_true(packer);
  }
}

void dpd_pack_head_headers(msgpack_packer *packer, const dp_head *head) {
  pack_headers(packer, &(headers){.head = head}, false);
}

void dpd_encode_error(dpd_out *out, const dpd_envelope *envelope, const dp_error *error) {
  msgpack_packer packer;
  dpd_packer_init_out(&packer, out);
  pack_envelope(&packer, envelope);
  dpd_pack_fault(&packer, error);
}

void dpd_encode_service(dpd_out *out, const dpd_envelope *envelope, const void *body,
                        size_t body_length, const dpd_answer_style *style) {
  const meta_entry entries[] = {{DP_KEY_JOINED, FLAG, style->joined, NULL},
                                {DP_KEY_RESENT, FLAG, style->resent, NULL}};
  msgpack_packer packer;
  dpd_packer_init_out(&packer, out);
  pack_envelope(&packer, envelope);
  dpd_pack_text(&packer, DP_KEY_OK);
  msgpack_pack_map(&packer, 5);
  dpd_pack_text(&packer, DP_KEY_STATUS);
  msgpack_pack_int(&packer, 200);
  dpd_pack_text(&packer, DP_KEY_TYPE);
  dpd_pack_text(&packer, "");
  dpd_pack_text(&packer, DP_KEY_HEADERS);
  msgpack_pack_map(&packer, 0);
  pack_entries(&packer, DP_KEY_META, entries, sizeof(entries) / sizeof(entries[0]));
  dpd_pack_text(&packer, DP_KEY_BODY);
  write_out(out, (const char *)body, body_length);
}
