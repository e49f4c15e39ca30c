/* form.h - the body of a request that carries a file: text parts, then the file as it flows. Internal. */
#ifndef DP_FORM_H
#define DP_FORM_H

#include "arglist.h"
#include "buffer.h"
#include "multipart.h"
#include "optable.h"
#include "source.h"

/* Where a body stands. One transfer at a time reads it. */
typedef struct dp__form {
  char boundary[DP__BOUNDARY_SIZE];
  dp__buffer head, tail; /* what goes before and behind the file's content */
  dp__source *source;    /* NULL = no file goes along, and all stands in head */
  int64_t most;          /* bytes of content that may go; INT64_MAX = any */
  const char *bound;     /* the name of that bound */
  const char *op;        /* for errors */
  bool taken;            /* source belongs to this call */

  size_t head_at, tail_at;
  uint64_t given;   /* bytes of content, in this transfer */
  uint64_t content; /* the same of the last transfer that got to its end; else 0 */
  bool begun;       /* source was read, ever */
  bool again;       /* it must start again before it is read */
  bool over;        /* its end came */
} dp__form;

/*
 * dp__form_new - the form of an operation that takes a file, its parts as the table has them: text parts,
 * the data object, the file.
 * flags: DP_CALL_NO_VALIDATE is looked at. A program's source is taken; dp__form_free gives it back if
 * the call was never begun.
 * Returns DP_OK, DP_INVALID_REQUEST (bad name or type, used source), DP_TOO_LARGE (code = the bound's
 * name) or DP_INTERNAL.
 */
dp_kind dp__form_new(const dp__op_desc *desc, const dp_args *args, uint32_t flags, dp__form **out,
                     dp_error *err);
void dp__form_free(dp__form *form); /* NULL is allowed */
/* dp__form_release - its call has ended: a program's source goes back. Once or often. */
void dp__form_release(dp__form *form);

/* dp__form_length - bytes of the whole body; -1 = not known. */
int64_t dp__form_length(const dp__form *form);
/* dp__form_flows - whether its content comes from outside memory, however long that takes. */
bool dp__form_flows(const dp__form *form);
/* dp__form_can_start - whether another transfer may begin: nothing was read, or it can be read again. */
bool dp__form_can_start(const dp__form *form);
/* dp__form_start - a transfer begins. */
void dp__form_start(dp__form *form);
/*
 * dp__form_read - the next bytes of the body, as dp_file_source.read.
 * What it gives is whole or nothing: the body's last bytes come only once the source's end came where it
 * was said to. DP_FLOW_ABORT: error says why.
 */
dp_flow dp__form_read(dp__form *form, struct dp_call *call, void *buffer, size_t capacity,
                      size_t *length, dp_error *error);

#endif
