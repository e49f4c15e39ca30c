/* Why one file: whatever answers a message encodes into the transport's own buffer, bounded first
 * and filled then, and gives the inquiry away exactly once, also when memory is out. */
#include "encode.h"
#include "service.h"

void dpd_answer_error(dpd_service *s, dpd_inquiry *inquiry, const uint8_t *id,
                      const dp_error *error) {
  dpd_envelope envelope = {.id = id, .epoch = s->epoch};
  dpd_out out = {.data = dpd_inquiry_buffer(inquiry, DPD_ERROR_BOUND), .capacity = DPD_ERROR_BOUND};
  if (out.data == NULL) {
    dpd_inquiry_drop(inquiry);
    return;
  }
  dpd_encode_error(&out, &envelope, error);
  dpd_inquiry_send(inquiry, out.length);
}

void dpd_answer_service(dpd_service *s, dpd_inquiry *inquiry, const uint8_t *id,
                        const dpd_text *body, const dpd_answer_style *style) {
  static const dpd_answer_style plain;
  dpd_envelope envelope = {.id = id, .epoch = s->epoch};
  dpd_out out = {.capacity = body->length + DPD_SERVICE_BOUND};
  out.data = dpd_inquiry_buffer(inquiry, out.capacity);
  if (out.data == NULL) {
    dpd_inquiry_drop(inquiry);
    return;
  }
  dpd_encode_service(&out, &envelope, body->data, body->length, style == NULL ? &plain : style);
  dpd_inquiry_send(inquiry, out.length);
}
