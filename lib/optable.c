/*
 * Look-ups in the operation table.
 *
 * A method and a path that are in the table are carried as that operation however they come, so that
 * a program which only knows URLs has the same rules as one that knows names. Routing walks all
 * templates: there are a few dozen, compared segment by segment with an early end, which costs less
 * than the hash tables that would avoid it. Of two templates that match, the one whose first
 * difference is a literal wins, as in the server's own router: /datasets/tags is a list of tags.
 */
#include "optable.h"

#include <string.h>

const dp__op_desc *dp__op_by_number(dp_op op) {
  for (size_t i = 0; i < dp__optable_count; i++)
    if (dp__optable[i].op == op)
      return &dp__optable[i];
  return NULL;
}

const dp__op_desc *dp__op_by_name(const char *name) {
  size_t low = 0, high = dp__optable_count;
  while (name && low < high) {
    size_t mid = low + (high - low) / 2;
    int order = strcmp(name, dp__optable[mid].name);
    if (order == 0)
      return &dp__optable[mid];
    if (order < 0)
      high = mid;
    else
      low = mid + 1;
  }
  return NULL;
}

const dp__param_desc *dp__op_param(const dp__op_desc *desc, const char *name) {
  for (size_t i = 0; i < desc->param_count; i++)
    if (strcmp(desc->params[i].name, name) == 0)
      return &desc->params[i];
  return NULL;
}

/* The segment at *text: moves *text behind it and says how long it is. */
static size_t take_segment(const char **text, const char *end) {
  const char *start = *text;
  while (*text < end && **text != '/')
    (*text)++;
  return (size_t)(*text - start);
}

static void keep_param(dp__route *route, const char *name, size_t name_length, const char *value,
                       size_t value_length) {
  if (route->count == DP__ROUTE_PARAMS_MAX)
    return;
  route->params[route->count].name = name;
  route->params[route->count].name_length = name_length;
  route->params[route->count].value = value;
  route->params[route->count].value_length = value_length;
  route->count++;
}

/* Whether path is an instance of template; notes the parameters in route. */
static bool match(const char *template, const char *path, const char *path_end, dp__route *route) {
  const char *template_end = template + strlen(template);
  route->count = 0;
  while (template < template_end && path < path_end) {
    template ++; /* both stand at a slash */
    if (*path++ != '/')
      return false;
    const char *want = template, *got = path;
    size_t want_length = take_segment(&template, template_end);
    size_t got_length = take_segment(&path, path_end);
    if (*want == '{') {
      if (got_length == 0)
        return false;
      keep_param(route, want + 1, want_length - 2, got, got_length);
    } else if (want_length != got_length || memcmp(want, got, got_length) != 0) {
      return false;
    }
  }
  return template == template_end && path == path_end;
}

static bool match_any(const dp__op_desc *desc, const char *path, const char *end,
                      dp__route *route) {
  if (match(desc->path, path, end, route))
    return true;
  for (const char *const *alias = desc->aliases; alias && *alias; alias++)
    if (match(*alias, path, end, route))
      return true;
  return false;
}

bool dp__op_route(const char *method, const char *path, size_t length, dp__route *route) {
  dp__route best = {.desc = NULL}, candidate;
  for (size_t i = 0; i < dp__optable_count; i++) {
    const dp__op_desc *desc = &dp__optable[i];
    if (desc->path[0] == '\0' || strcmp(desc->method, method) != 0 ||
        !match_any(desc, path, path + length, &candidate))
      continue;
    /* Fewer parameters means more literals over the same number of segments. */
    if (!best.desc || candidate.count < best.count) {
      best = candidate;
      best.desc = desc;
    }
  }
  if (best.desc)
    *route = best;
  return best.desc != NULL;
}

const char *dp_op_name(dp_op op) {
  const dp__op_desc *desc = dp__op_by_number(op);
  return desc ? desc->name : NULL;
}

dp_op dp_op_from_name(const char *name) {
  const dp__op_desc *desc = dp__op_by_name(name);
  return desc ? desc->op : DP_OP_NONE;
}

int dp_op_is_free(dp_op op) {
  const dp__op_desc *desc = dp__op_by_number(op);
  return desc && desc->retry == DP__RETRY_FREE;
}
