/* mend.h - safe ways round what some versions of the server do wrong. Internal. Pure. */
#ifndef DP_MEND_H
#define DP_MEND_H

#include "request.h"

/* What is left to be looked at before the request may be sent, one bit a look. */
enum {
  DP__MEND_DATASET = 1u << 0,  /* GET the knowledge base */
  DP__MEND_DOCUMENT = 1u << 1, /* GET the document */
  DP__MEND_NAMES = 1u << 2     /* GET the documents of the request's name */
};

typedef enum dp__mend_kind {
  DP__MEND_NONE,
  DP__MEND_RETRIEVE,  /* retrieval_model without its switches */
  DP__MEND_TECHNIQUE, /* create_by_text without indexing_technique */
  DP__MEND_UPDATE     /* update_by_text, which hangs the indexing worker */
} dp__mend_kind;

typedef struct dp__mend {
  dp__mend_kind kind;
  uint32_t looks;      /* still to be done */
  bool decided;        /* dp__mend_decide was asked */
  char *technique;     /* of the knowledge base; malloc'ed */
  char *document;      /* its answer, malloc'ed, until it is used */
  size_t document_length;
} dp__mend;

void dp__mend_deinit(dp__mend *mend);

/*
 * dp__mend_decide - whether this request, to a server of this version ("" = not known), needs mending,
 * and by which looks. flags: DP_CALL_ALLOW_HAZARD turns refusals off.
 * Returns DP_OK (see mend->kind), or an error where there is no safe way.
 */
dp_kind dp__mend_decide(const dp__request *request, const char *version, uint32_t flags,
                        dp__mend *mend, dp_error *err);

/* dp__mend_look - the next look's operation and arguments; false = memory is out. */
bool dp__mend_look(const dp__request *request, const dp__mend *mend, dp_op *op, dp_args *args);

/*
 * dp__mend_seen - take a look's answer (its kind is DP_OK); changes the request when all is known.
 * note: a text for meta.note, at least DP__NOTE_SIZE bytes; "" = nothing to tell.
 * Returns DP_OK or the error that the call ends with.
 */
dp_kind dp__mend_seen(dp__request *request, dp__mend *mend, const char *origin, const char *body,
                      size_t length, char *note, dp_error *err);

/* dp__mend_tag_answer - what a tag's create or update would have answered; malloc'ed. */
char *dp__mend_tag_answer(const dp__request *request, size_t *length);

#endif
