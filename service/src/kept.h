/* kept.h - an answer that is remembered: the library's reply, or a body of our own. Immutable. */
#ifndef DPD_KEPT_H
#define DPD_KEPT_H

#include <stdatomic.h>
#include <stddef.h>

#include <difypool/call.h>

#include "text.h"

typedef struct dpd_kept {
  atomic_uint refs;
  dp_reply *reply; /* a reference; NULL = the body below is the answer */
  dpd_text body;
} dpd_kept;

/* dpd_kept_of_reply, dpd_kept_of_body - one reference each; NULL when memory is out. The reply gets
 * a reference of its own, the body is copied. Any thread. */
dpd_kept *dpd_kept_of_reply(dp_reply *reply);
dpd_kept *dpd_kept_of_body(const dpd_text *body);
dpd_kept *dpd_kept_ref(dpd_kept *kept);
void dpd_kept_unref(dpd_kept *kept); /* NULL is allowed */

#endif
