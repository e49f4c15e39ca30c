/*
 * By what rule a push's texts are cut.
 *
 * A real server accepts almost any rule, fails by it later, in the indexing, and remembers it for documents
 * that bring none. So every create brings one, and it is checked before the first. Whether texts are cut
 * for a knowledge base's form is checked as well, since a rule of another form indexes nothing.
 */
#include <stdlib.h>
#include <string.h>

#include "errors.h"
#include "push.h"

static const char default_rule[] =
    "{\"mode\":\"custom\",\"rules\":{\"pre_processing_rules\":[{\"id\":\"remove_extra_spaces\","
    "\"enabled\":true},{\"id\":\"remove_urls_emails\",\"enabled\":false}],\"segmentation\":{"
    "\"separator\":\"\\n\\n\",\"max_tokens\":1000,\"chunk_overlap\":50}}}";

/* What a knowledge base of parents and children gets, if nobody says otherwise. */
static const char default_parents[] =
    "{\"mode\":\"hierarchical\",\"rules\":{\"pre_processing_rules\":[{\"id\":\"remove_extra_spaces\","
    "\"enabled\":true},{\"id\":\"remove_urls_emails\",\"enabled\":false}],\"parent_mode\":\"paragraph\","
    "\"segmentation\":{\"separator\":\"\\n\\n\",\"max_tokens\":1000,\"chunk_overlap\":50},"
    "\"subchunk_segmentation\":{\"separator\":\"\\n\",\"max_tokens\":500,\"chunk_overlap\":50}}}";

/* The original class's presets, for texts that were marked up for them. */
static const struct {
  const char *name, *form, *rule;
} presets[] = {
    {"marked_sections", "text_model",
     "{\"mode\":\"custom\",\"rules\":{\"pre_processing_rules\":[{\"id\":\"remove_extra_spaces\","
     "\"enabled\":false},{\"id\":\"remove_urls_emails\",\"enabled\":false}],\"segmentation\":{"
     "\"separator\":\"###SECTION_BREAK###\",\"max_tokens\":1024,\"chunk_overlap\":50}}}"},
    {"marked_parent_child", "hierarchical_model",
     "{\"mode\":\"hierarchical\",\"rules\":{\"pre_processing_rules\":[{\"id\":\"remove_extra_spaces\","
     "\"enabled\":false},{\"id\":\"remove_urls_emails\",\"enabled\":false}],\"parent_mode\":"
     "\"paragraph\",\"segmentation\":{\"separator\":\"###PARENT_SECTION###\",\"max_tokens\":4000,"
     "\"chunk_overlap\":100},\"subchunk_segmentation\":{\"separator\":\"###CHILD_SECTION###\","
     "\"max_tokens\":4000,\"chunk_overlap\":50}}}"},
};

enum { TOKENS_MIN = 50, TOKENS_MAX = 4000 };

/* A bad chunk size is accepted by a real server, fails in its indexing, and becomes the default of later
 * documents. */
static dp_kind check_chunks(const json_t *chunks, dp_error *err) {
  const json_t *tokens = json_object_get(chunks, "max_tokens");
  const json_t *overlap = json_object_get(chunks, "chunk_overlap");
  json_int_t size = json_integer_value(tokens);
  if (tokens && (!json_is_integer(tokens) || size < TOKENS_MIN || size > TOKENS_MAX))
    return dp__fail(err, DP_INVALID_REQUEST, "process_rule", NULL,
                    "process_rule: max_tokens is a whole number from %d to %d", TOKENS_MIN, TOKENS_MAX);
  if (overlap && (!json_is_integer(overlap) || json_integer_value(overlap) < 0 ||
                  (tokens && json_integer_value(overlap) >= size)))
    return dp__fail(err, DP_INVALID_REQUEST, "process_rule", NULL,
                    "process_rule: chunk_overlap is a whole number from 0 to below max_tokens");
  return DP_OK;
}

/* A rule cuts for one form: a real server takes the other one, too, and indexes nothing by it. */
static dp_kind check_form(const dp__push *push, const char *mode, dp_error *err) {
  const char *form = push->options.form;
  bool by_parents = strcmp(mode, "hierarchical") == 0;
  if (strcmp(mode, "automatic") == 0 || !form || by_parents == !strcmp(form, "hierarchical_model"))
    return DP_OK;
  return dp__fail(err, DP_INVALID_REQUEST, "process_rule",
                  "hierarchical cuts for hierarchical_model, custom for the other forms.",
                  "process_rule of the mode %s does not fit documents of the form %s", mode, form);
}

static dp_kind check_rule(dp__push *push, dp_error *err) {
  const char *text = push->rule;
  json_t *rule = json_loads(text, 0, NULL);
  const json_t *rules = json_object_get(rule, "rules");
  const char *mode = json_string_value(json_object_get(rule, "mode"));
  dp_kind kind = DP_OK;
  bool known = mode && (!strcmp(mode, "automatic") || !strcmp(mode, "custom") ||
                        !strcmp(mode, "hierarchical"));
  if (!known || (strcmp(mode, "automatic") != 0 && !json_is_object(rules)))
    kind = dp__fail(err, DP_INVALID_REQUEST, "process_rule",
                    "Give {\"mode\": \"automatic\"}, or custom or hierarchical with rules.",
                    "process_rule has no mode that is known, or lacks rules");
  if (kind == DP_OK)
    kind = check_chunks(json_object_get(rules, "segmentation"), err);
  if (kind == DP_OK)
    kind = check_chunks(json_object_get(rules, "subchunk_segmentation"), err);
  if (kind == DP_OK && !push->options.form && strcmp(mode, "hierarchical") == 0)
    push->options.form = "hierarchical_model";
  if (kind == DP_OK)
    kind = check_form(push, mode, err);
  json_decref(rule);
  return kind;
}

static bool hash_rule(dp__push *push) {
  dp__buffer all = {0};
  dp__sha hash;
  json_t *rule = json_loads(push->rule, 0, NULL);
  char *text = rule ? json_dumps(rule, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
  const dp__push_options *o = &push->options;
  dp__buffer_text(&all, text ? text : "");
  dp__buffer_text(&all, "\n");
  dp__buffer_text(&all, o->form ? o->form : "text_model");
  dp__buffer_text(&all, "\n");
  dp__buffer_text(&all, o->language ? o->language : "");
  bool ok = text && !all.failed && dp__sha256(all.data, all.length, &hash);
  if (ok)
    memcpy(push->rule_hash, hash.bytes, sizeof push->rule_hash);
  json_decref(rule);
  free(text);
  dp__buffer_deinit(&all);
  return ok;
}


static const char *rule_of_form(const char *form) {
  return form && strcmp(form, "hierarchical_model") == 0 ? default_parents : default_rule;
}

dp_kind dp__push_choose_rule(dp__push *push, const dp_args *args, dp_error *err) {
  const dp__arg *rule = dp__args_find(args, "process_rule");
  const char *preset = dp__args_text(args, "preset"), *text = rule_of_form(push->options.form);
  if (rule && preset)
    return dp__fail(err, DP_INVALID_REQUEST, "argument", NULL, "process_rule and preset are both set");
  push->rule_given = rule || preset;
  for (size_t i = 0; preset && i < sizeof presets / sizeof *presets; i++)
    if (strcmp(presets[i].name, preset) == 0) {
      text = presets[i].rule;
      if (!push->options.form)
        push->options.form = presets[i].form;
    }
  if (rule)
    text = rule->data;
  push->rule = strdup(text);
  if (!push->rule)
    return dp__no_memory(err);
  dp_kind kind = check_rule(push, err);
  return kind != DP_OK || hash_rule(push) ? kind : dp__no_memory(err);
}

bool dp__push_follow_form(dp__push *push, const char *form) {
  char *rule = push->rule_given ? NULL : strdup(rule_of_form(form));
  push->options.form = form;
  if (!push->rule_given && !rule)
    return false;
  if (rule) {
    free(push->rule);
    push->rule = rule;
  }
  return hash_rule(push);
}
