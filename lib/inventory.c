/*
 * What a knowledge base holds, kept small.
 *
 * A knowledge base may have a hundred thousand documents, and a push must know of each whose it is, which
 * text it has and which metadata, to send only what has changed. So an entry of a list is taken apart at
 * once: ids as bytes, metadata values as hashes (they are compared and never shown), texts only where
 * they must be compared to the letter: about 300 bytes a document. Four chains lead to it: by id, by
 * name, by the tag that its name ends with, by where it came from.
 */
#include "inventory.h"

#include <stdlib.h>
#include <string.h>

enum { PLACES_MIN = 64 };

static uint32_t hash_bytes(const void *data, size_t length) {
  const unsigned char *bytes = data;
  uint32_t hash = 2166136261u; /* FNV-1a */
  for (size_t i = 0; i < length; i++)
    hash = (hash ^ bytes[i]) * 16777619u;
  return hash ? hash : 1;
}

uint64_t dp__value_hash(const char *name, const char *value, size_t length) {
  uint64_t hash = 14695981039346656037u;
  for (const char *c = name; *c; c++)
    hash = (hash ^ (unsigned char)*c) * 1099511628211u;
  hash = (hash ^ 0xff) * 1099511628211u; /* no UTF-8 holds that byte */
  for (size_t i = 0; i < length; i++)
    hash = (hash ^ (unsigned char)value[i]) * 1099511628211u;
  return hash;
}

static size_t source_length(const char *url) {
  size_t length = strlen(url);
  return length && url[length - 1] == '/' ? length - 1 : length;
}

/* --- the texts of a document --------------------------------------------------------------------- */

static const char *texts(const dp__doc *doc) {
  return (const char *)(doc->tail + doc->value_count);
}

const char *dp__doc_name(const dp__doc *doc) {
  return texts(doc);
}

static const char *text_at(const dp__doc *doc, uint32_t at) {
  return at ? texts(doc) + at : "";
}

const char *dp__doc_source(const dp__doc *doc) {
  return text_at(doc, doc->source_at);
}

const char *dp__doc_set(const dp__doc *doc) {
  return text_at(doc, doc->set_at);
}

const char *dp__doc_error(const dp__doc *doc) {
  return text_at(doc, doc->error_at);
}

void dp__doc_claim(dp__doc *doc, const uint8_t key[8]) {
  memcpy(doc->claim, key, sizeof doc->claim);
}

bool dp__doc_free_for(const dp__doc *doc, const uint8_t key[8]) {
  static const uint8_t nobody[sizeof doc->claim] = {0};
  return memcmp(doc->claim, nobody, sizeof nobody) == 0 || memcmp(doc->claim, key, sizeof doc->claim) == 0;
}

bool dp__doc_has(const dp__doc *doc, uint64_t value) {
  for (size_t i = 0; i < doc->value_count; i++)
    if (doc->tail[i] == value)
      return true;
  return false;
}

/* --- from an entry of a list ----------------------------------------------------------------------- */

static const char *string_of(const json_t *object, const char *name) {
  const char *text = json_string_value(json_object_get(object, name));
  return text ? text : "";
}

static bool is_ours(const json_t *field) {
  return strcmp(string_of(field, "id"), "built-in") != 0;
}

static const json_t *field_named(const json_t *fields, const char *name) {
  size_t i;
  const json_t *field;
  json_array_foreach(fields, i, field)
    if (is_ours(field) && strcmp(string_of(field, "name"), name) == 0)
      return json_object_get(field, "value");
  return NULL;
}

typedef struct entry {
  const json_t *fields;
  const char *name, *source, *error;
  dp__stamp stamp;
  uint8_t id[16], upload[16];
  uint16_t flags, values;
  int64_t created_s, size;
} entry;

static uint16_t state_flags(const json_t *item) {
  const char *state = string_of(item, "indexing_status");
  uint16_t flags = 0;
  flags |= json_is_false(json_object_get(item, "enabled")) ? 0 : DP__DOC_ENABLED;
  flags |= json_is_true(json_object_get(item, "archived")) ? DP__DOC_ARCHIVED : 0;
  flags |= strcmp(state, "error") == 0 ? DP__DOC_FAILED : 0;
  flags |= strcmp(state, "completed") == 0 ? DP__DOC_DONE : 0;
  return flags;
}

/* Text that came by create-by-text is kept as a file whose name bears no extension. */
static bool is_text(const json_t *item, const json_t *file) {
  const char *name = string_of(file, "name");
  size_t length = strlen(name);
  return strcmp(string_of(item, "data_source_type"), "upload_file") == 0 &&
         strcmp(string_of(file, "extension"), "txt") == 0 &&
         (length < 4 || strcasecmp(name + length - 4, ".txt") != 0);
}

static void take_stamp(entry *e) {
  const json_t *value = field_named(e->fields, "difypool");
  if (!json_is_string(value) ||
      !dp__stamp_read(json_string_value(value), json_string_length(value), &e->stamp))
    return;
  e->flags |= DP__DOC_STAMPED;
  if (memcmp(e->stamp.upload, e->upload, sizeof e->upload) == 0)
    e->flags |= DP__DOC_VOUCHED;
}

static bool read_entry(const json_t *item, entry *e) {
  const char *id = string_of(item, "id");
  const json_t *file =
      json_object_get(json_object_get(item, "data_source_detail_dict"), "upload_file");
  const char *upload =
      string_of(json_object_get(item, "data_source_info"), "upload_file_id");
  *e = (entry){.fields = json_object_get(item, "doc_metadata"),
               .name = string_of(item, "name"),
               .error = string_of(item, "error"),
               .flags = state_flags(item)};
  if (!*upload)
    upload = string_of(file, "id");
  if (!dp__uuid_read(id, strlen(id), e->id))
    return false;
  dp__uuid_read(upload, strlen(upload), e->upload);
  const json_t *source = field_named(e->fields, "source_url");
  e->source = json_is_string(source) ? json_string_value(source) : "";
  e->flags |= is_text(item, file) ? DP__DOC_TEXT : 0;
  e->created_s = (int64_t)json_number_value(json_object_get(item, "created_at"));
  const json_t *size = json_object_get(file, "size");
  e->size = json_is_integer(size) ? (int64_t)json_integer_value(size) : -1;
  size_t fields = json_array_size(e->fields);
  e->values = fields > UINT16_MAX ? UINT16_MAX : (uint16_t)fields;
  take_stamp(e);
  return true;
}

static uint64_t value_of(const json_t *field) {
  const json_t *value = json_object_get(field, "value");
  const char *name = string_of(field, "name");
  if (!is_ours(field) || !value || json_is_null(value))
    return 0;
  if (json_is_string(value))
    return dp__value_hash(name, json_string_value(value), json_string_length(value));
  char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
  uint64_t hash = text ? dp__value_hash(name, text, strlen(text)) : 0;
  free(text);
  return hash;
}

static uint32_t add_text(dp__doc *doc, size_t *at, const char *text) {
  char *out = (char *)(doc->tail + doc->value_count) + *at;
  size_t length = strlen(text) + 1;
  uint32_t start = (uint32_t)*at;
  memcpy(out, text, length);
  *at += length;
  return start;
}

static void fill_texts(dp__doc *doc, const entry *e) {
  size_t at = 0;
  add_text(doc, &at, e->name);
  doc->source_at = *e->source ? add_text(doc, &at, e->source) : 0;
  doc->set_at = *e->stamp.set ? add_text(doc, &at, e->stamp.set) : 0;
  doc->error_at = *e->error ? add_text(doc, &at, e->error) : 0;
}

static void fill_hashes(dp__doc *doc) {
  const char *name = dp__doc_name(doc), *source = dp__doc_source(doc);
  const char *tag = dp__name_tag(name, strlen(name));
  doc->hash[DP__BY_ID] = hash_bytes(doc->id, sizeof doc->id);
  doc->hash[DP__BY_NAME] = hash_bytes(name, strlen(name));
  doc->hash[DP__BY_TAG] = tag ? hash_bytes(tag, DP__TAG) : 0;
  doc->hash[DP__BY_SOURCE] = *source ? hash_bytes(source, source_length(source)) : 0;
}

static size_t doc_bytes(const entry *e) {
  size_t size = sizeof(dp__doc) + 8u * e->values + strlen(e->name) + 1;
  size += *e->source ? strlen(e->source) + 1 : 0;
  size += *e->stamp.set ? strlen(e->stamp.set) + 1 : 0;
  return size + (*e->error ? strlen(e->error) + 1 : 0);
}

static dp__doc *make_doc(const entry *e) {
  dp__doc *doc = calloc(1, doc_bytes(e));
  if (!doc)
    return NULL;
  memcpy(doc->id, e->id, sizeof doc->id);
  memcpy(doc->upload, e->upload, sizeof doc->upload);
  memcpy(doc->text, e->stamp.text, sizeof doc->text);
  memcpy(doc->rule, e->stamp.rule, sizeof doc->rule);
  doc->flags = e->flags;
  doc->value_count = e->values;
  doc->created_s = e->created_s;
  doc->size = e->size;
  for (size_t i = 0; i < e->values; i++)
    doc->tail[i] = value_of(json_array_get(e->fields, i));
  fill_texts(doc, e);
  fill_hashes(doc);
  return doc;
}

/* --- the chains -------------------------------------------------------------------------------------- */

static dp__doc **head_of(const dp__inventory *inventory, int index, uint32_t hash) {
  return &inventory->heads[index][hash & (inventory->places - 1)];
}

static void link_doc(dp__inventory *inventory, dp__doc *doc) {
  for (int i = 0; i < DP__INDEXES; i++)
    if (doc->hash[i]) {
      dp__doc **head = head_of(inventory, i, doc->hash[i]);
      doc->next[i] = *head;
      *head = doc;
    }
}

static void unlink_doc(dp__inventory *inventory, dp__doc *doc) {
  for (int i = 0; i < DP__INDEXES; i++) {
    if (!doc->hash[i])
      continue;
    dp__doc **link = head_of(inventory, i, doc->hash[i]);
    while (*link != doc)
      link = &(*link)->next[i];
    *link = doc->next[i];
  }
}

static size_t held(const dp__doc *doc) {
  const char *last = doc->error_at   ? dp__doc_error(doc)
                     : doc->set_at   ? dp__doc_set(doc)
                     : doc->source_at ? dp__doc_source(doc)
                                      : dp__doc_name(doc);
  return (size_t)(last + strlen(last) + 1 - (const char *)doc);
}

static void drop(dp__inventory *inventory, dp__doc *doc) {
  unlink_doc(inventory, doc);
  inventory->bytes -= held(doc);
  inventory->count--;
  free(doc);
}

/* Twice as many places, or the first ones. The documents are found through the index by id. */
static bool grow(dp__inventory *inventory) {
  size_t places = inventory->places ? 2 * inventory->places : PLACES_MIN;
  dp__doc **all = calloc(DP__INDEXES * places, sizeof *all);
  dp__doc **old = inventory->heads[0];
  size_t old_places = inventory->places;
  if (!all)
    return false;
  for (size_t i = 0; i < DP__INDEXES; i++)
    inventory->heads[i] = all + i * places;
  inventory->places = places;
  inventory->bytes += DP__INDEXES * (places - old_places) * sizeof *all;
  for (size_t i = 0; i < old_places; i++)
    for (dp__doc *doc = old[i], *next; doc; doc = next) {
      next = doc->next[DP__BY_ID];
      link_doc(inventory, doc);
    }
  free(old);
  return true;
}

void dp__inventory_deinit(dp__inventory *inventory) {
  for (size_t i = 0; i < inventory->places; i++)
    for (dp__doc *doc = inventory->heads[DP__BY_ID][i], *next; doc; doc = next) {
      next = doc->next[DP__BY_ID];
      free(doc);
    }
  free(inventory->heads[0]);
  *inventory = (dp__inventory){0};
}

dp__doc *dp__inventory_put(dp__inventory *inventory, const json_t *item, bool *bad) {
  entry e;
  *bad = !read_entry(item, &e);
  if (*bad || (inventory->count >= inventory->places && !grow(inventory)))
    return NULL;
  dp__doc *doc = make_doc(&e), *known = dp__doc_by_id(inventory, e.id);
  if (!doc)
    return NULL;
  if (known) {
    memcpy(doc->claim, known->claim, sizeof doc->claim);
    drop(inventory, known);
  }
  doc->round = inventory->round;
  link_doc(inventory, doc);
  inventory->bytes += held(doc);
  inventory->count++;
  return doc;
}

void dp__inventory_remove(dp__inventory *inventory, const uint8_t id[16]) {
  dp__doc *doc = dp__doc_by_id(inventory, id);
  if (doc)
    drop(inventory, doc);
}

void dp__inventory_begin(dp__inventory *inventory) {
  inventory->round++;
}

size_t dp__inventory_sweep(dp__inventory *inventory) {
  size_t gone = 0;
  for (dp__doc *doc = dp__inventory_next(inventory, NULL), *next; doc; doc = next) {
    next = dp__inventory_next(inventory, doc);
    if (doc->round != inventory->round) {
      drop(inventory, doc);
      gone++;
    }
  }
  return gone;
}

/* --- finding ----------------------------------------------------------------------------------------- */

static dp__doc *first_of(const dp__inventory *inventory, int index, uint32_t hash) {
  dp__doc *doc = inventory->places ? *head_of(inventory, index, hash) : NULL;
  while (doc && doc->hash[index] != hash)
    doc = doc->next[index];
  return doc;
}

static dp__doc *next_of(const dp__doc *doc, int index) {
  dp__doc *next = doc->next[index];
  while (next && next->hash[index] != doc->hash[index])
    next = next->next[index];
  return next;
}

dp__doc *dp__doc_by_id(const dp__inventory *inventory, const uint8_t id[16]) {
  dp__doc *doc = first_of(inventory, DP__BY_ID, hash_bytes(id, 16));
  while (doc && memcmp(doc->id, id, 16) != 0)
    doc = next_of(doc, DP__BY_ID);
  return doc;
}

dp__doc *dp__doc_by_name(const dp__inventory *inventory, const char *name) {
  dp__doc *doc = first_of(inventory, DP__BY_NAME, hash_bytes(name, strlen(name)));
  while (doc && strcmp(dp__doc_name(doc), name) != 0)
    doc = next_of(doc, DP__BY_NAME);
  return doc;
}

static bool has_tag(const dp__doc *doc, const char *tag) {
  const char *name = dp__doc_name(doc);
  return memcmp(dp__name_tag(name, strlen(name)), tag, DP__TAG) == 0;
}

dp__doc *dp__doc_by_tag(const dp__inventory *inventory, const char *tag) {
  dp__doc *doc = first_of(inventory, DP__BY_TAG, hash_bytes(tag, DP__TAG));
  while (doc && !has_tag(doc, tag))
    doc = next_of(doc, DP__BY_TAG);
  return doc;
}

static bool has_source(const dp__doc *doc, const char *url) {
  const char *source = dp__doc_source(doc);
  size_t length = source_length(source);
  return length == source_length(url) && memcmp(source, url, length) == 0;
}

dp__doc *dp__doc_by_source(const dp__inventory *inventory, const char *url) {
  size_t length = source_length(url);
  dp__doc *doc = first_of(inventory, DP__BY_SOURCE, hash_bytes(url, length));
  while (doc && !has_source(doc, url))
    doc = next_of(doc, DP__BY_SOURCE);
  return doc;
}

dp__doc *dp__doc_again(const dp__doc *doc, int index) {
  const char *name = dp__doc_name(doc);
  dp__doc *next = next_of(doc, index);
  while (next && ((index == DP__BY_NAME && strcmp(dp__doc_name(next), name) != 0) ||
                  (index == DP__BY_TAG && !has_tag(next, dp__name_tag(name, strlen(name)))) ||
                  (index == DP__BY_SOURCE && !has_source(next, dp__doc_source(doc))) ||
                  (index == DP__BY_ID && memcmp(next->id, doc->id, 16) != 0)))
    next = next_of(next, index);
  return next;
}

dp__doc *dp__inventory_next(const dp__inventory *inventory, const dp__doc *cursor) {
  size_t place = 0;
  if (cursor && cursor->next[DP__BY_ID])
    return cursor->next[DP__BY_ID];
  if (cursor)
    place = (cursor->hash[DP__BY_ID] & (inventory->places - 1)) + 1;
  for (; place < inventory->places; place++)
    if (inventory->heads[DP__BY_ID][place])
      return inventory->heads[DP__BY_ID][place];
  return NULL;
}
