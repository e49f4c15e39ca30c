/* inventory.h - the documents of one knowledge base, as far as they are known. Internal. Pure. */
#ifndef DP_INVENTORY_H
#define DP_INVENTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <jansson.h>

#include "page.h"

enum {
  DP__DOC_ENABLED = 1u << 0,
  DP__DOC_ARCHIVED = 1u << 1,
  DP__DOC_TEXT = 1u << 2,    /* uploaded as text: a create by its name writes it anew */
  DP__DOC_FAILED = 1u << 3,  /* its indexing ended in an error */
  DP__DOC_DONE = 1u << 4,    /* indexed */
  DP__DOC_STAMPED = 1u << 5, /* has a stamp, which may speak of an older text */
  DP__DOC_VOUCHED = 1u << 6  /* its stamp speaks of the text it has now */
};

enum { DP__BY_ID, DP__BY_NAME, DP__BY_TAG, DP__BY_SOURCE, DP__INDEXES };

/* One document, one allocation: its values and texts stand behind it. */
typedef struct dp__doc {
  struct dp__doc *next[DP__INDEXES]; /* of one hash, in each index */
  uint32_t hash[DP__INDEXES];        /* 0 = it is not in that index */
  uint8_t id[16], upload[16];
  uint8_t text[16], rule[8]; /* of its stamp */
  uint8_t claim[8]; /* of the key of the page that it is, where its name does not tell; zero = nobody's */
  uint16_t flags, value_count;
  uint32_t source_at, set_at, error_at; /* of texts in tail; 0 = none */
  uint32_t round;                       /* of the listing that saw it last */
  int64_t created_s, size; /* size: of the upload, in characters of a text; -1 = not told */
  uint64_t tail[]; /* value_count hashes of metadata values, then the name and the other texts */
} dp__doc;

typedef struct dp__inventory {
  dp__doc **heads[DP__INDEXES];
  size_t places, count; /* places: of each index, a power of two */
  size_t bytes;         /* held */
  uint32_t round;
} dp__inventory;

/* Zeroed = empty. */
void dp__inventory_deinit(dp__inventory *inventory);

/* dp__inventory_put - take an entry of a list of documents; one that is known by its id is replaced.
 * The document, or NULL: memory is out, or the entry has no id (*bad is then true). */
dp__doc *dp__inventory_put(dp__inventory *inventory, const json_t *entry, bool *bad);
void dp__inventory_remove(dp__inventory *inventory, const uint8_t id[16]);
/* dp__inventory_begin - a whole listing begins; dp__inventory_sweep - it ended: what it did not show is
 * gone. */
void dp__inventory_begin(dp__inventory *inventory);
size_t dp__inventory_sweep(dp__inventory *inventory);

/* The first with that id, exactly that name, that tag of 12 digits, or that source_url (a trailing slash
 * ignored); dp__doc_again: the next that is equal to doc in that. NULL = none. */
dp__doc *dp__doc_by_id(const dp__inventory *inventory, const uint8_t id[16]);
dp__doc *dp__doc_by_name(const dp__inventory *inventory, const char *name);
dp__doc *dp__doc_by_tag(const dp__inventory *inventory, const char *tag);
dp__doc *dp__doc_by_source(const dp__inventory *inventory, const char *url);
dp__doc *dp__doc_again(const dp__doc *doc, int index);

/* dp__inventory_next - all documents one after another: cursor begins with NULL. */
dp__doc *dp__inventory_next(const dp__inventory *inventory, const dp__doc *cursor);

const char *dp__doc_name(const dp__doc *doc);
const char *dp__doc_source(const dp__doc *doc); /* "" = none */
const char *dp__doc_set(const dp__doc *doc);    /* of its stamp; "" = none */
const char *dp__doc_error(const dp__doc *doc);  /* what the server says of its failed indexing */
/* dp__doc_claim - it is that page's, by 8 bytes of its key's hash, for as long as this inventory lives. */
void dp__doc_claim(dp__doc *doc, const uint8_t key[8]);
/* dp__doc_free_for - whether no other page claimed it. */
bool dp__doc_free_for(const dp__doc *doc, const uint8_t key[8]);

/* dp__doc_has - whether its metadata holds that value, by dp__value_hash. */
bool dp__doc_has(const dp__doc *doc, uint64_t value);

/* dp__value_hash - of a metadata field's name and its value as the server reads it back: as text. */
uint64_t dp__value_hash(const char *name, const char *value, size_t length);

#endif
