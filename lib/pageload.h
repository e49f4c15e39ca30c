/* pageload.h - a page of a push: what came with it, and how far it is. Internal. */
#ifndef DP_PAGELOAD_H
#define DP_PAGELOAD_H

#include "compose.h"
#include "plan.h"

enum {
  DP__PAGE_TEXT_MAX = 15 << 20, /* page_bytes: Dify's own bound on a document's upload */
  DP__PAGE_HUGE = 1 << 20,      /* sent last: one huge document holds up all indexing behind it */
  DP__FIELD_NAME_MAX = 255
};

/* page: what is to be done with it next is in the list that it stands in. */
typedef struct dp__page {
  struct dp__page *next;
  struct dp__page *all_next, **all_link;
  struct dp_call *push;
  uint64_t index;
  size_t bytes; /* held for it */

  char *key, *url, *title, *name; /* url, title, name: NULL = none */
  char *text;                     /* or, of a file, its content */
  size_t length, characters;      /* characters: of a text */
  char *file_name, *file_type; /* NULL = it is a text */
  dp__sha key_hash;
  char tag[DP__TAG + 1];
  uint8_t text_hash[16];
  json_t *values;    /* array of {name, value}: its metadata as it is to be stored */
  uint64_t *hashes;  /* of values */
  size_t hash_count;
  json_t *notes;     /* array of texts: what was done differently; NULL = nothing */

  dp__turn turn, name_turn; /* of its key; of the name that it brought */
  dp__plan plan;
  bool active, queued, has_document, wrote, alone, repaired, looked;
  bool numbered;   /* a further page of its key, by on_duplicate */
  bool superseded; /* a later page of the list has its key, by on_duplicate */
  bool told;       /* its result was: it is kept for a second indexing only */
  bool doubt; /* nobody answered the write of its metadata */
  uint8_t document[16], upload[16];
  uint8_t replaced[16]; /* its document before, where the server made another; zero = none */
  size_t look_page, edited; /* of its look; segments edited by hand that a rewrite would discard */
  char *document_name;
  unsigned tries, mends;
  dp_error *wrong; /* it is none: told as failed in its turn; key may be NULL then; NULL = it is one */
  const char *outcome;                /* what it will have been, if all goes well */
  void (*then)(struct dp__page *page); /* when its look was answered */
  void (*after)(struct dp__page *page); /* when its double is gone */
} dp__page;

/*
 * dp__page_take - a page from what a program gave: names, text or file, metadata; copied and checked.
 * DP_OK, or DP_INVALID_REQUEST (code empty, too_large, argument …) with nothing made. Pure; any thread.
 */
dp_kind dp__page_take(const dp_args *given, dp__page **out, dp_error *err);
/* dp__page_take_json - the same from a JSON object. */
dp_kind dp__page_take_json(const json_t *given, dp__page **out, dp_error *err);
void dp__page_free(dp__page *page); /* NULL is allowed */
/* dp__page_note - add a sentence to what was done differently. */
void dp__page_note(dp__page *page, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* dp__page_facts - what planning needs; points into the page. */
void dp__page_describe(const dp__page *page, const uint8_t rule[8], dp__page_facts *facts);

#endif
