/* Why one type for two: what is remembered by its id is either an operation's reply, or what
 * stream.open answered, which no reply of the library holds; and the table that remembers knows
 * neither (remember.c). */
#include "kept.h"

#include <stdlib.h>

static dpd_kept *new_kept(void) {
  dpd_kept *kept = calloc(1, sizeof(*kept));
  if (kept != NULL) {
    atomic_init(&kept->refs, 1);
  }
  return kept;
}

dpd_kept *dpd_kept_of_reply(dp_reply *reply) {
  dpd_kept *kept = new_kept();
  if (kept != NULL) {
    kept->reply = dp_reply_ref(reply);
  }
  return kept;
}

dpd_kept *dpd_kept_of_body(const dpd_text *body) {
  dpd_kept *kept = new_kept();
  if (kept == NULL) {
    return NULL;
  }
  dpd_text_append(&kept->body, body->data, body->length);
  if (kept->body.failed) {
    dpd_kept_unref(kept);
    return NULL;
  }
  return kept;
}

dpd_kept *dpd_kept_ref(dpd_kept *kept) {
  atomic_fetch_add(&kept->refs, 1);
  return kept;
}

void dpd_kept_unref(dpd_kept *kept) {
  if (kept != NULL && atomic_fetch_sub(&kept->refs, 1) == 1) {
    dp_reply_unref(kept->reply);
    dpd_text_free(&kept->body);
    free(kept);
  }
}
