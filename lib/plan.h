/* plan.h - what is to be done for one page, seen from what its knowledge base holds. Internal. Pure. */
#ifndef DP_PLAN_H
#define DP_PLAN_H

#include "inventory.h"

typedef enum dp__deed {
  DP__DEED_NONE,   /* all is as it should be */
  DP__DEED_CREATE, /* a new document */
  DP__DEED_WRITE,  /* the document's text anew, then its metadata */
  DP__DEED_STAMP,  /* its metadata alone */
  DP__DEED_SKIP    /* nothing, for the reason in code */
} dp__deed;

typedef struct dp__page_facts {
  const char *tag;  /* 12 digits of its key */
  uint8_t key[8];   /* of the key's hash */
  const char *name; /* a name that the page brought; NULL = difypool makes one */
  const char *url;  /* NULL = none */
  bool is_file;     /* it is written by file, not by text */
  bool numbered;    /* a further page of one address: it adopts nothing */
  uint8_t text[16], rule[8];
  const uint64_t *values; /* the metadata it is to have, source_url included, by dp__value_hash */
  size_t value_count;
} dp__page_facts;

typedef struct dp__plan_options {
  const char *set;
  bool adopt, rechunk, mend;
} dp__plan_options;

typedef struct dp__plan {
  dp__deed deed;
  dp__doc *document; /* the page's, NULL = none yet */
  const char *code;  /* of a skip: skipped_disabled, skipped_archived */
  bool adopted;      /* it was somebody else's until now */
  uint8_t old_rule[8]; /* that its text was written by, as its stamp says */
  bool rule_changed; /* text equal, rule, form or technique not: written anew only by rechunk */
  bool reindexed;    /* its indexing failed: the same text once more */
  bool enable, unarchive; /* to be done before the write */
  bool name_taken;   /* a foreign document bears the name that the page brought: add the tag */
} dp__plan;

void dp__plan_page(const dp__inventory *inventory, const dp__page_facts *page,
                   const dp__plan_options *options, dp__plan *plan);

/* dp__plan_double - a further document of the same tag than the one that stands for it: the younger ones
 * of a race, which nobody was told of; NULL = none. */
dp__doc *dp__plan_double(const dp__inventory *inventory, const char *tag);

/* dp__plan_is_double - whether a document is such a one. */
bool dp__plan_is_double(const dp__inventory *inventory, const dp__doc *doc);

/* dp__plan_prunes - whether a document is one that a push of this set may remove, if no page of it is
 * that document's. adopted: those that it did not make, too. */
bool dp__plan_prunes(const dp__doc *doc, const char *set, bool adopted);

#endif
