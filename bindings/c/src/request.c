/*
 * The same call may be sent several times: over another connection, with less time left, under a
 * handle that was asked for again. Its arguments, which may be megabytes, do not change. So a
 * message is written in two parts, and sending again writes a new head of some hundred bytes before
 * the same tail.
 */
#include "request.h"

#include <difypool_proto.h>
#include <string.h>

#include "args.h"
#include "free_ops.h"
#include "sp.h"
#include "utf8.h"

static const struct {
  uint32_t flag;
  const char *key;
  bool value;
} switches[] = {
    {DPC_CALL_NO_VALIDATE, DP_KEY_VALIDATE, false},
    {DPC_CALL_ALLOW_HAZARD, DP_KEY_ALLOW_HAZARD, true},
    {DPC_CALL_WAIT, DP_KEY_WAIT, true},
    {DPC_CALL_BLOCKING, DP_KEY_BLOCKING, true},
};
enum { SWITCHES = sizeof switches / sizeof *switches };

static uint32_t put_switches(dpc__bytes *out, uint32_t flags) {
  size_t count = 0;
  for (size_t i = 0; i < SWITCHES; i++)
    count += (flags & switches[i].flag) != 0;
  if (!count)
    return 0;
  dpc__pack_text(out, DP_KEY_OPTIONS);
  dpc__pack_map(out, count);
  for (size_t i = 0; i < SWITCHES; i++) {
    if (!(flags & switches[i].flag))
      continue;
    dpc__pack_text(out, switches[i].key);
    dpc__pack_bool(out, switches[i].value);
  }
  return 1;
}

uint32_t dpc__request_tail(dpc__bytes *out, const char *operation, const dpc_args *args,
                           const dpc_call_options *options) {
  static const char *const priorities[] = {"normal", "interactive", "bulk"};
  uint32_t entries = 1;
  dpc__pack_text(out, DP_KEY_OP);
  dpc__pack_text(out, operation);
  if (dpc__args_count_of(args)) {
    dpc__pack_text(out, DP_KEY_ARGS);
    dpc__pack_map(out, dpc__args_count_of(args));
    dpc__args_put(args, out);
    entries++;
  }
  if (!options)
    return entries;
  if (options->priority != DPC_PRIORITY_NORMAL) {
    dpc__pack_text(out, DP_KEY_PRIORITY);
    dpc__pack_text(out, priorities[options->priority]);
    entries++;
  }
  if (options->cache_ms) {
    dpc__pack_text(out, DP_KEY_CACHE);
    dpc__pack_uint(out, options->cache_ms);
    entries++;
  }
  return entries + put_switches(out, options->flags);
}

bool dpc__request_is_free(const char *operation, const dpc_args *args) {
  for (size_t i = 0; i < sizeof dpc__free_ops / sizeof *dpc__free_ops; i++)
    if (strcmp(dpc__free_ops[i], operation) == 0)
      return true;
  return strcmp(operation, "http.request") == 0 &&
         (dpc__args_is_text(args, "method", "GET") || dpc__args_is_text(args, "method", "HEAD"));
}

/* The head is small and bound, so it is written without allocating. */
typedef struct pen {
  uint8_t *at;
} pen;

static void put_bytes(pen *p, const void *data, size_t length) {
  memcpy(p->at, data, length);
  p->at += length;
}

static void put_key(pen *p, const char *key) {
  *p->at++ = (uint8_t)(0xa0 | strlen(key)); /* keys are under 32 bytes */
  put_bytes(p, key, strlen(key));
}

static void put_id(pen *p, const char *key, const uint8_t *id) {
  put_key(p, key);
  put_bytes(p, (uint8_t[]){0xc4, DPC__ID}, 2);
  put_bytes(p, id, DPC__ID);
}

static void put_profile(pen *p, const char *profile) {
  put_key(p, DP_KEY_PROFILE);
  put_bytes(p, (uint8_t[]){0xd9, (uint8_t)strlen(profile)}, 2);
  put_bytes(p, profile, strlen(profile));
}

static void put_deadline(pen *p, uint32_t ms) {
  put_key(p, DP_KEY_DEADLINE_MS);
  put_bytes(
      p,
      (uint8_t[]){0xce, (uint8_t)(ms >> 24), (uint8_t)(ms >> 16), (uint8_t)(ms >> 8), (uint8_t)ms},
      5);
}

size_t dpc__request_head(uint8_t out[DPC__HEAD_MAX], const dpc__head *h) {
  uint32_t entries = 3 + h->tail_entries;
  entries += (h->epoch ? 1u : 0u) + (h->again ? 1u : 0u) + (h->profile ? 1u : 0u);
  pen p = {out + DPC__SP_HEAD + DPC__SP_ID};
  *p.at++ = (uint8_t)(0x80 | entries); /* never more than 12 */
  put_key(&p, DP_KEY_V);
  *p.at++ = DP_PROTOCOL_VERSION;
  put_id(&p, DP_KEY_ID, h->id);
  put_deadline(&p, h->deadline_ms);
  if (h->epoch)
    put_id(&p, DP_KEY_EPOCH, h->epoch);
  if (h->again) {
    put_key(&p, DP_KEY_AGAIN);
    *p.at++ = 0xc3;
  }
  if (h->profile)
    put_profile(&p, h->profile);
  size_t length = (size_t)(p.at - out);
  uint64_t body = length - DPC__SP_HEAD - DPC__SP_ID + h->tail_length;
  dpc__sp_frame(out, body, h->request_id);
  return length;
}

static bool is_name(const char *text, size_t max) {
  size_t length = strlen(text);
  return length > 0 && length <= max && dpc__utf8_valid(text, length);
}

const char *dpc__request_flaw(const char *operation, const dpc_call_options *o) {
  enum { FLAGS = (DPC_CALL_NO_JSON << 1) - 1 };
  if (!operation || !is_name(operation, 255))
    return "the operation's name is empty, longer than 255 bytes or not UTF-8";
  if (!o)
    return NULL;
  if (o->size != sizeof *o)
    return "the call options' size is not set; begin them with DPC_CALL_OPTIONS_INIT";
  if (o->profile && !is_name(o->profile, DPC__PROFILE_MAX))
    return "profile is empty, longer than 255 bytes or not UTF-8";
  if (o->deadline_ms > DPC__DEADLINE_MAX)
    return "deadline_ms is over 86400000";
  if (o->cache_ms > DPC__CACHE_MAX)
    return "cache_ms is over 3600000";
  if ((unsigned)o->priority > DPC_PRIORITY_BULK)
    return "priority is none of the three";
  return o->flags & ~(uint32_t)FLAGS ? "flags has a bit that is not known" : NULL;
}
