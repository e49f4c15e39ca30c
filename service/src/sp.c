/* Why apart from sockets: framing is where hostile lengths come in; here it is a function of bytes,
 * and its tests need no connection. */
#include "sp.h"

#include <string.h>

const uint8_t dpd_sp_greeting_rep[DPD_SP_GREETING] = {0, 'S', 'P', 0, 0, 0x31, 0, 0};
static const uint8_t greeting_req[DPD_SP_GREETING] = {0, 'S', 'P', 0, 0, 0x30, 0, 0};

static dpd_sp_found greeting(dpd_sp *sp, const uint8_t *data, size_t length, size_t *used,
                             size_t *wanted) {
  size_t there = length < DPD_SP_GREETING ? length : DPD_SP_GREETING;
  if (memcmp(data, greeting_req, there) != 0) {
    return DPD_SP_WRONG;
  }
  if (there < DPD_SP_GREETING) {
    *wanted = DPD_SP_GREETING;
    return DPD_SP_MORE;
  }
  sp->greeted = true;
  *used = DPD_SP_GREETING;
  return DPD_SP_GREETED;
}

/* Words without the top bit are hops; the first with it is the request id. */
static bool split(const uint8_t *payload, size_t length, dpd_sp_message *out) {
  size_t trace = 0;
  while (trace + 4 <= length && trace + 4 <= DPD_SP_TRACE_MAX) {
    bool last = (payload[trace] & 0x80) != 0;
    trace += 4;
    if (last) {
      *out = (dpd_sp_message){payload, trace, payload + trace, length - trace};
      return true;
    }
  }
  return false;
}

dpd_sp_found dpd_sp_next(dpd_sp *sp, const uint8_t *data, size_t length, size_t *used,
                         size_t *wanted, dpd_sp_message *out) {
  *used = 0;
  *wanted = DPD_SP_HEAD;
  if (length == 0) {
    return DPD_SP_MORE;
  }
  if (!sp->greeted) {
    return greeting(sp, data, length, used, wanted);
  }
  if (data[0] != 1) {
    return DPD_SP_WRONG;
  }
  if (length < DPD_SP_HEAD) {
    return DPD_SP_MORE;
  }
  uint64_t claimed = 0;
  for (int i = 1; i < DPD_SP_HEAD; i++) {
    claimed = (claimed << 8) | data[i];
  }
  if (claimed > sp->message_max + sizeof(uint32_t)) {
    return DPD_SP_WRONG;
  }
  *wanted = DPD_SP_HEAD + (size_t)claimed;
  if (length < *wanted) {
    return DPD_SP_MORE;
  }
  *used = *wanted;
  return split(data + DPD_SP_HEAD, (size_t)claimed, out) ? DPD_SP_MESSAGE : DPD_SP_WRONG;
}

void dpd_sp_head(uint8_t out[DPD_SP_HEAD], uint64_t length) {
  out[0] = 1;
  for (int i = 8; i > 0; i--) {
    out[i] = (uint8_t)length;
    length >>= 8;
  }
}
