/* carry.h - what the files of carry share: those who ask, and their answers. */
#ifndef DPD_CARRY_H
#define DPD_CARRY_H

#include "service.h"

/* dpd_send_reply - encode and send; the inquiry is given away. */
void dpd_send_reply(dpd_service *s, dpd_inquiry *inquiry, const uint8_t id[16],
                    const dp_reply *reply, const dpd_answer_style *style);
/* dpd_askers_detach - all of a call's, off their peers and into out; with the lock. last: false
 * leaves those who came after the call was dropped, who wait for what comes of it. */
void dpd_askers_detach(dpd_service *s, dpd_call *call, bool last, dpd_list *out);
/* dpd_askers_answer - such as were taken off their peers: answered, without the lock, and freed.
 * reply NULL = error is the answer. */
void dpd_askers_answer(dpd_service *s, dpd_list *askers, const dp_reply *reply,
                       const dp_error *error, bool whole);

#endif
