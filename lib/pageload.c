/*
 * A page as it comes from a program: checked, hashed and made ready on the caller's thread.
 *
 * Metadata is checked page by page before anything is batched, since a real server refuses a whole batch
 * for one value, and swallows what it cannot keep: lists are joined, truths become words, names that Dify
 * reserves get a prefix, and what cannot be a value at all is that page's error. Values are compared as
 * text later, because that is how a server reads them back.
 */
#include "pageload.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "errors.h"
#include "utf8.h"

void dp__page_free(dp__page *page) {
  if (!page)
    return;
  free(page->key);
  free(page->url);
  free(page->title);
  free(page->name);
  free(page->text);
  free(page->file_name);
  free(page->file_type);
  free(page->hashes);
  free(page->document_name);
  free(page->wrong);
  json_decref(page->values);
  json_decref(page->notes);
  free(page);
}

void dp__page_note(dp__page *page, const char *format, ...) {
  char text[300];
  va_list list;
  va_start(list, format);
  vsnprintf(text, sizeof text, format, list);
  va_end(list);
  if (!page->notes)
    page->notes = json_array();
  json_array_append_new(page->notes, json_string(text));
}

void dp__page_describe(const dp__page *page, const uint8_t rule[8], dp__page_facts *facts) {
  *facts = (dp__page_facts){.tag = page->tag, .name = page->name, .url = page->url,
                            .is_file = page->file_name != NULL, .numbered = page->numbered,
                            .values = page->hashes,
                            .value_count = page->hash_count};
  memcpy(facts->key, page->key_hash.bytes, sizeof facts->key);
  memcpy(facts->text, page->text_hash, sizeof facts->text);
  memcpy(facts->rule, rule, sizeof facts->rule);
}

/* --- metadata ------------------------------------------------------------------------------------ */

static bool is_reserved(const char *name) {
  static const char *const reserved[] = {"source", "document_name", "uploader", "upload_date",
                                         "last_update_date", "difypool"};
  for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++)
    if (strcmp(reserved[i], name) == 0)
      return true;
  return false;
}

static bool add_scalar(dp__buffer *out, const json_t *value) {
  if (json_is_string(value))
    return dp__buffer_append(out, json_string_value(value), json_string_length(value));
  char *text = json_is_object(value) || json_is_array(value)
                   ? NULL
                   : json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
  bool ok = text && dp__buffer_text(out, text);
  free(text);
  return ok;
}

/* The text that a value becomes; NULL = it cannot be one, or memory is out. */
static json_t *as_text(const json_t *value) {
  dp__buffer out = {0};
  bool ok = true;
  size_t i;
  const json_t *entry;
  dp__buffer_text(&out, "");
  if (json_is_array(value)) {
    json_array_foreach(value, i, entry)
      ok = ok && (i == 0 || dp__buffer_text(&out, ", ")) && add_scalar(&out, entry);
  } else {
    ok = add_scalar(&out, value);
  }
  ok = ok && !out.failed && (!out.length || !memchr(out.data, 0, out.length));
  json_t *text = ok ? json_stringn(out.length ? out.data : "", out.length) : NULL;
  dp__buffer_deinit(&out);
  return text;
}

static bool has_value(const dp__page *page, const char *name) {
  size_t i;
  const json_t *value;
  json_array_foreach(page->values, i, value)
    if (strcmp(json_string_value(json_object_get(value, "name")), name) == 0)
      return true;
  return false;
}

/* A page's address is its source_url; only one without may bring another. */
static bool is_taken(dp__page *page, const char *name, const json_t *value) {
  if (strcmp(name, "source_url") != 0 || !page->url)
    return false;
  if (!json_is_string(value) || strcmp(json_string_value(value), page->url) != 0)
    dp__page_note(page, "The metadata field source_url is the page's own address.");
  return true;
}

static dp_kind add_value(dp__page *page, const char *name, const json_t *value, dp_error *err) {
  char renamed[DP__FIELD_NAME_MAX * 4 + 8];
  if (is_reserved(name)) {
    snprintf(renamed, sizeof renamed, "page_%s", name);
    dp__page_note(page, "The metadata field %s is kept as %s: its own name is taken.", name, renamed);
    name = renamed;
  }
  size_t characters = dp__utf8_count(name, strlen(name));
  if (characters < 1 || characters > DP__FIELD_NAME_MAX)
    return dp__fail(err, DP_INVALID_REQUEST, "metadata", NULL,
                    "metadata: a field's name has %zu characters; allowed are 1 to %d", characters,
                    DP__FIELD_NAME_MAX);
  if (has_value(page, name))
    return dp__fail(err, DP_INVALID_REQUEST, "metadata", "Rename one of them.",
                    "metadata: %.100s is given twice, once under a name that Dify reserves", name);
  json_t *text = as_text(value);
  if (!text)
    return dp__fail(err, DP_INVALID_REQUEST, "metadata", "Give text, a number, a truth or a list of such.",
                    "metadata: the value of %.100s cannot be one", name);
  json_t *kept = json_is_number(value) ? json_incref((json_t *)(uintptr_t)value) : json_incref(text);
  page->hashes[page->hash_count++] =
      dp__value_hash(name, json_string_value(text), json_string_length(text));
  json_decref(text);
  return json_array_append_new(page->values, json_pack("{s:s,s:o}", "name", name, "value", kept)) == 0
             ? DP_OK
             : dp__no_memory(err);
}

static dp_kind take_metadata(dp__page *page, const json_t *metadata, dp_error *err) {
  const char *name;
  json_t *value;
  dp_kind kind = DP_OK;
  if (metadata && !json_is_object(metadata) && !json_is_null(metadata))
    return dp__fail(err, DP_INVALID_REQUEST, "argument", NULL, "metadata is no object");
  page->values = json_array();
  page->hashes = calloc(json_object_size(metadata) + 1, sizeof *page->hashes);
  if (!page->values || !page->hashes)
    return dp__no_memory(err);
  json_object_foreach((json_t *)(uintptr_t)metadata, name, value)
    if (kind == DP_OK && !json_is_null(value) && !is_taken(page, name, value))
      kind = add_value(page, name, value, err);
  json_t *url = page->url ? json_string(page->url) : NULL;
  if (kind == DP_OK && url)
    kind = add_value(page, "source_url", url, err);
  json_decref(url);
  return kind;
}

/* --- texts ------------------------------------------------------------------------------------------ */

static dp_kind check_text(const dp__page *page, dp_error *err) {
  bool blank = page->file_name ? page->length == 0 : dp__page_blank(page->text, page->length);
  if (blank)
    return dp__fail(err, DP_INVALID_REQUEST, "empty",
                    "An existing document of this page stays as it is.", "%.200s: the page has no text",
                    page->key);
  if (page->length > DP__PAGE_TEXT_MAX)
    return dp__fail(err, DP_TOO_LARGE, "page_bytes", "Split it into pages of its own.",
                    "%.200s: the page has %zu bytes; allowed are %d", page->key, page->length,
                    DP__PAGE_TEXT_MAX);
  if (!page->file_name && memchr(page->text, 0, page->length))
    return dp__fail(err, DP_INVALID_REQUEST, "text", NULL, "%.200s: the text holds a NUL", page->key);
  return DP_OK;
}

static dp_kind hash_all(dp__page *page, dp_error *err) {
  dp__sha hash;
  if (!dp__sha256(page->key, strlen(page->key), &page->key_hash) ||
      !dp__sha256(page->text, page->length, &hash))
    return dp__no_memory(err);
  memcpy(page->text_hash, hash.bytes, sizeof page->text_hash);
  page->characters = page->file_name ? page->length : dp__utf8_count(page->text, page->length);
  dp__page_tag(&page->key_hash, page->tag);
  return DP_OK;
}

static dp_kind make_key(dp__page *page, const char *id, dp_error *err) {
  dp__buffer key = {0};
  bool none = (!id || !*id) && (!page->url || !*page->url);
  if (none)
    return dp__fail(err, DP_INVALID_REQUEST, "argument", "Give url, or an id of your own.",
                    "a page has neither url nor id");
  dp__page_key(id, page->url ? page->url : "", &key);
  page->key = dp__buffer_steal(&key, NULL);
  return page->key ? DP_OK : dp__no_memory(err);
}

static dp_kind complete(dp__page *page, const char *id, const json_t *metadata, dp_error *err) {
  dp_kind kind = make_key(page, id, err);
  if (kind == DP_OK && !page->text)
    kind = dp__fail(err, DP_INVALID_REQUEST, "argument", "Give text, or a file.",
                    "%.200s: the page has neither text nor file", page->key);
  if (kind == DP_OK)
    kind = check_text(page, err);
  if (kind == DP_OK)
    kind = hash_all(page, err);
  if (kind == DP_OK)
    kind = take_metadata(page, metadata, err);
  if (kind == DP_OK)
    page->bytes = sizeof *page + page->length + 200 * json_array_size(page->values);
  return kind;
}

static dp_kind finish(dp__page *page, dp_kind kind, dp__page **out) {
  if (kind == DP_OK)
    *out = page;
  else
    dp__page_free(page);
  return kind;
}

/* --- from JSON --------------------------------------------------------------------------------------- */

static const char *const members[] = {"url", "id", "title", "name", "text", "file", "metadata"};

static bool is_member(const char *name) {
  for (size_t i = 0; i < sizeof members / sizeof *members; i++)
    if (strcmp(members[i], name) == 0)
      return true;
  return false;
}

static dp_kind unknown_member(const char *name, dp_error *err) {
  return dp__fail(err, DP_INVALID_REQUEST, "argument", NULL,
                  "a page has no member %.64s; allowed are url, id, title, name, text, file, metadata",
                  name);
}

static dp_kind copy_text(const char *name, const char *value, size_t length, char **out, dp_error *err) {
  if (!value || !length)
    return DP_OK;
  if (memchr(value, 0, length))
    return dp__fail(err, DP_INVALID_REQUEST, "argument", NULL, "a page's %s holds a NUL", name);
  *out = strndup(value, length);
  return *out ? DP_OK : dp__no_memory(err);
}

static bool copy_content(dp__page *page, const char *data, size_t length) {
  page->text = malloc(length + 1);
  if (!page->text)
    return false;
  memcpy(page->text, data, length);
  page->text[length] = '\0';
  page->length = length;
  return true;
}

typedef struct source {
  const char *text[5];
  size_t length[5];
} source; /* url, id, title, name, text */

static dp_kind take_texts(dp__page *page, const source *s, dp_error *err) {
  dp_kind kind = copy_text("url", s->text[0], s->length[0], &page->url, err);
  if (kind == DP_OK)
    kind = copy_text("title", s->text[2], s->length[2], &page->title, err);
  if (kind == DP_OK)
    kind = copy_text("name", s->text[3], s->length[3], &page->name, err);
  if (kind == DP_OK && page->name && dp__utf8_count(page->name, s->length[3]) > DP__NAME_MAX)
    kind = dp__fail(err, DP_INVALID_REQUEST, "argument", NULL,
                    "a page's name has more than %d characters", DP__NAME_MAX);
  if (kind == DP_OK && s->text[4] && !copy_content(page, s->text[4], s->length[4]))
    kind = dp__no_memory(err);
  return kind;
}

dp_kind dp__page_take_json(const json_t *given, dp__page **out, dp_error *err) {
  const char *name;
  json_t *value;
  source s = {{0}, {0}};
  if (!json_is_object(given))
    return dp__fail(err, DP_INVALID_REQUEST, "argument", NULL, "a page is no object");
  json_object_foreach((json_t *)(uintptr_t)given, name, value) {
    if (!is_member(name) || strcmp(name, "file") == 0)
      return unknown_member(name, err);
    for (size_t i = 0; i < 5; i++)
      if (strcmp(members[i], name) == 0 && !json_is_null(value)) {
        if (!json_is_string(value))
          return dp__fail(err, DP_INVALID_REQUEST, "argument", NULL, "a page's %s is no text", name);
        s.text[i] = json_string_value(value);
        s.length[i] = json_string_length(value);
      }
  }
  dp__page *page = calloc(1, sizeof *page);
  if (!page)
    return dp__no_memory(err);
  dp_kind kind = take_texts(page, &s, err);
  if (kind == DP_OK)
    kind = complete(page, s.text[1], json_object_get(given, "metadata"), err);
  return finish(page, kind, out);
}

/* --- from arguments ------------------------------------------------------------------------------------ */

static dp_kind take_file(dp__page *page, const dp__arg *file, dp_error *err) {
  if (!file)
    return DP_OK;
  const char *bytes = file->kind == DP__ARG_FILE ? dp__source_bytes(file->source) : NULL;
  if (!bytes || page->text)
    return dp__fail(err, DP_INVALID_REQUEST, "argument", "Give its content in memory.",
                    "a page's file is no file in memory, or stands beside a text");
  const char *type = dp__source_type(file->source);
  size_t length = (size_t)dp__source_length(file->source);
  page->file_name = strdup(dp__source_filename(file->source));
  page->file_type = type ? strdup(type) : NULL;
  return page->file_name && copy_content(page, bytes, length) ? DP_OK : dp__no_memory(err);
}

dp_kind dp__page_take(const dp_args *given, dp__page **out, dp_error *err) {
  source s = {{0}, {0}};
  const dp__arg *metadata = dp__args_find(given, "metadata");
  for (size_t k = 0; given && k < given->count; k++) {
    const dp__arg *arg = &given->list[k];
    if (!is_member(arg->name))
      return unknown_member(arg->name, err);
    for (size_t i = 0; i < 5; i++)
      if (strcmp(members[i], arg->name) == 0 && arg->kind != DP__ARG_NULL) {
        if (arg->kind != DP__ARG_TEXT)
          return dp__fail(err, DP_INVALID_REQUEST, "argument", NULL, "a page's %s is no text", arg->name);
        s.text[i] = arg->data;
        s.length[i] = arg->length;
      }
  }
  if (metadata && metadata->kind != DP__ARG_JSON && metadata->kind != DP__ARG_NULL)
    return dp__fail(err, DP_INVALID_REQUEST, "argument", NULL, "a page's metadata is no object");
  dp__page *page = calloc(1, sizeof *page);
  json_t *object = metadata && metadata->data ? json_loadb(metadata->data, metadata->length, 0, NULL) : NULL;
  dp_kind kind = page ? take_texts(page, &s, err) : dp__no_memory(err);
  if (kind == DP_OK)
    kind = take_file(page, dp__args_find(given, "file"), err);
  if (kind == DP_OK)
    kind = complete(page, s.text[1], object, err);
  json_decref(object);
  return finish(page, kind, out);
}
