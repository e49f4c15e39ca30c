/*
 * The rules of a push for one page.
 *
 * Whose a document is, is decided before anything is written: it bears the page's tag in its name; or the
 * name that the page brought, and our stamp or the page's address; or, where adopting is on, it alone has
 * the page's address. All others are foreign and never touched, not even by a create of their name, which
 * on real servers overwrites them.
 *
 * A stamp is believed only while it names the upload that the document has now. If it does not, the text
 * may be any, and is written again: a crash between text and metadata costs one write, never a stale page.
 */
#include "plan.h"

#include <string.h>

/* --- whose it is ----------------------------------------------------------------------------------- */

static bool is_made_by_us(const dp__doc *doc) {
  const char *name = dp__doc_name(doc);
  return (doc->flags & DP__DOC_STAMPED) || dp__name_tag(name, strlen(name));
}

/* Of two documents of one page the older stands, whoever looks; of equal age the smaller id. */
static bool stands_before(const dp__doc *a, const dp__doc *b) {
  if (a->created_s != b->created_s)
    return a->created_s < b->created_s;
  return memcmp(a->id, b->id, sizeof a->id) < 0;
}

static dp__doc *by_tag(const dp__inventory *inventory, const char *tag) {
  dp__doc *best = dp__doc_by_tag(inventory, tag);
  for (dp__doc *d = best; d; d = dp__doc_again(d, DP__BY_TAG))
    if (stands_before(d, best))
      best = d;
  return best;
}

static bool has_address(const dp__doc *doc, const char *url) {
  const char *source = dp__doc_source(doc);
  size_t length = strlen(url), own = strlen(source);
  length -= length && url[length - 1] == '/';
  own -= own && source[own - 1] == '/';
  return own && own == length && memcmp(url, source, own) == 0;
}

static dp__doc *by_own_name(const dp__inventory *inventory, const dp__page_facts *page, bool adopt,
                            bool *taken) {
  for (dp__doc *d = dp__doc_by_name(inventory, page->name); d; d = dp__doc_again(d, DP__BY_NAME)) {
    bool stamped = (d->flags & DP__DOC_STAMPED) != 0;
    bool ours = page->url ? has_address(d, page->url) && (adopt || stamped) : stamped;
    if (ours && dp__doc_free_for(d, page->key))
      return d;
    *taken = true;
  }
  return NULL;
}

/* Of documents of one address one that was adopted before stands, the older of two. */
static bool goes_before(const dp__doc *a, const dp__doc *b) {
  bool ours = (a->flags & DP__DOC_STAMPED) != 0;
  return ours == ((b->flags & DP__DOC_STAMPED) != 0) ? stands_before(a, b) : ours;
}

static dp__doc *by_address(const dp__inventory *inventory, const dp__page_facts *page) {
  dp__doc *best = NULL;
  size_t count = 0;
  for (dp__doc *d = dp__doc_by_source(inventory, page->url); d; d = dp__doc_again(d, DP__BY_SOURCE)) {
    const char *name = dp__doc_name(d);
    if (dp__name_tag(name, strlen(name)) || !dp__doc_free_for(d, page->key))
      continue; /* a tag that is not this page's is another page's */
    count++;
    best = best && !goes_before(d, best) ? best : d;
  }
  bool only = best && (count == 1 || (best->flags & DP__DOC_STAMPED));
  bool fits = only && page->is_file == !(best->flags & DP__DOC_TEXT);
  return fits ? best : NULL;
}

static void find(const dp__inventory *inventory, const dp__page_facts *page,
                 const dp__plan_options *options, dp__plan *plan) {
  plan->document = by_tag(inventory, page->tag);
  if (!plan->document && page->name)
    plan->document = by_own_name(inventory, page, options->adopt, &plan->name_taken);
  if (plan->document) {
    plan->name_taken = false;
    plan->adopted = !is_made_by_us(plan->document);
    return;
  }
  dp__doc *found = page->url && !page->numbered ? by_address(inventory, page) : NULL;
  bool adopted_before = found && (found->flags & DP__DOC_STAMPED);
  if (adopted_before || options->adopt)
    plan->document = found;
  plan->adopted = plan->document && !adopted_before;
}

/* --- what it needs ----------------------------------------------------------------------------------- */

static bool has_values(const dp__doc *doc, const dp__page_facts *page) {
  for (size_t i = 0; i < page->value_count; i++)
    if (!dp__doc_has(doc, page->values[i]))
      return false;
  return true;
}

static dp__deed needs(const dp__doc *doc, const dp__page_facts *page,
                      const dp__plan_options *options, dp__plan *plan) {
  bool vouched = (doc->flags & DP__DOC_VOUCHED) != 0;
  if (!vouched || memcmp(doc->text, page->text, sizeof doc->text) != 0)
    return DP__DEED_WRITE;
  memcpy(plan->old_rule, doc->rule, sizeof plan->old_rule);
  plan->rule_changed = memcmp(doc->rule, page->rule, sizeof doc->rule) != 0;
  if (plan->rule_changed && options->rechunk)
    return DP__DEED_WRITE;
  if (doc->flags & DP__DOC_FAILED) {
    plan->reindexed = true;
    return DP__DEED_WRITE;
  }
  bool same = strcmp(dp__doc_set(doc), options->set) == 0 && has_values(doc, page);
  return same ? DP__DEED_NONE : DP__DEED_STAMP;
}

static void skip(dp__plan *plan, const char *code) {
  plan->deed = DP__DEED_SKIP;
  plan->code = code;
}

void dp__plan_page(const dp__inventory *inventory, const dp__page_facts *page,
                   const dp__plan_options *options, dp__plan *plan) {
  *plan = (dp__plan){0};
  find(inventory, page, options, plan);
  const dp__doc *doc = plan->document;
  if (!doc) {
    plan->deed = DP__DEED_CREATE;
    return;
  }
  plan->deed = needs(doc, page, options, plan);
  bool archived = (doc->flags & DP__DOC_ARCHIVED) != 0, disabled = !(doc->flags & DP__DOC_ENABLED);
  if (plan->deed == DP__DEED_NONE)
    return;
  plan->unarchive = plan->deed == DP__DEED_WRITE && archived;
  plan->enable = plan->deed == DP__DEED_WRITE && disabled;
  if (archived && !options->mend)
    skip(plan, "skipped_archived");
  else if (disabled && !options->mend)
    skip(plan, "skipped_disabled");
}

/* --- what is too many ---------------------------------------------------------------------------------- */

dp__doc *dp__plan_double(const dp__inventory *inventory, const char *tag) {
  dp__doc *best = by_tag(inventory, tag);
  for (dp__doc *d = dp__doc_by_tag(inventory, tag); d; d = dp__doc_again(d, DP__BY_TAG))
    if (d != best)
      return d;
  return NULL;
}

bool dp__plan_is_double(const dp__inventory *inventory, const dp__doc *doc) {
  const char *name = dp__doc_name(doc), *tag = dp__name_tag(name, strlen(name));
  char text[DP__TAG + 1] = "";
  if (!tag)
    return false;
  memcpy(text, tag, DP__TAG);
  return by_tag(inventory, text) != doc;
}

bool dp__plan_prunes(const dp__doc *doc, const char *set, bool adopted) {
  const char *name = dp__doc_name(doc);
  if (!(doc->flags & DP__DOC_STAMPED) || strcmp(dp__doc_set(doc), set) != 0)
    return false;
  return adopted || dp__name_tag(name, strlen(name)) != NULL;
}
