/*
 * Look-ups in the operation table.
 *
 * A method and a path that are in the table are carried as that operation however they come, so that
 * a program which only knows URLs has the same rules as one that knows names. That makes routing part
 * of every call of the gateway kind, so nothing is searched that can be known beforehand: the
 * generator sorts the templates by method and number of segments, and a path is compared with the
 * few that share both with it. Of two templates that match, the one whose first difference is a
 * literal wins, as in the server's own router: /datasets/tags is a list of tags. The generator put it
 * first, so the first match is the answer.
 */
#include "optable.h"

#include <string.h>

#include <difypool/args.h>

const dp__op_desc *dp__op_by_number(dp_op op) {
  size_t number = (size_t)op;
  if (number >= dp__op_index_count || dp__op_index[number] == 0)
    return NULL;
  return &dp__optable[dp__op_index[number] - 1];
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

bool dp__op_takes(const dp__op_desc *desc, dp__where where) {
  for (size_t i = 0; i < desc->param_count; i++)
    if (desc->params[i].where == where)
      return true;
  return false;
}

/* The number at *text, and *text moved behind it and a dot that follows. */
static unsigned long take_number(const char **text) {
  unsigned long number = 0;
  for (; **text >= '0' && **text <= '9'; (*text)++)
    if (number < 1000000000UL)
      number = number * 10 + (unsigned long)(**text - '0');
  if (**text == '.')
    (*text)++;
  return number;
}

int dp__version_compare(const char *a, const char *b) {
  for (int part = 0; part < 4; part++) {
    unsigned long left = take_number(&a), right = take_number(&b);
    if (left != right)
      return left < right ? -1 : 1;
  }
  return (*b != '\0') - (*a != '\0'); /* what has a suffix is the older one */
}

const dp__defect_desc *dp__op_defect(const dp__op_desc *desc, const char *id, const char *version) {
  for (size_t i = 0; i < desc->defect_count; i++) {
    const dp__defect_desc *defect = &desc->defects[i];
    if (strcmp(defect->id, id) != 0)
      continue;
    if (!version || !*version)
      return defect;
    bool early = *defect->first && dp__version_compare(version, defect->first) < 0;
    bool late = *defect->last && dp__version_compare(version, defect->last) > 0;
    return early || late ? NULL : defect;
  }
  return NULL;
}

bool dp__op_is_absent(const dp__op_desc *desc, const char *version) {
  return version && *version && *desc->absent_until &&
         dp__version_compare(version, desc->absent_until) <= 0;
}

/* The segment at *text: moves *text behind it and says how long it is. */
static size_t take_segment(const char **text, const char *end) {
  const char *start = *text;
  const char *slash = memchr(start, '/', (size_t)(end - start));
  *text = slash ? slash : end;
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

/* Whether path, of as many segments, is an instance of template; notes the parameters in route. */
static bool match(const char *template, const char *path, const char *path_end, dp__route *route) {
  const char *template_end = template + strlen(template);
  route->count = 0;
  while (template < template_end) {
    const char *want = ++template, *got = ++path; /* both stood at a slash */
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
  return true;
}

static size_t count_segments(const char *path, const char *end) {
  size_t segments = 0;
  for (; path < end; path++)
    segments += *path == '/';
  return segments;
}

/* Where in dp__routes the rows of this method and number of segments begin, or would. */
static size_t first_route(const char *method, size_t segments) {
  size_t low = 0, high = dp__route_count;
  while (low < high) {
    size_t mid = low + (high - low) / 2;
    int order = strcmp(dp__routes[mid].method, method);
    if (order < 0 || (order == 0 && dp__routes[mid].segments < segments))
      low = mid + 1;
    else
      high = mid;
  }
  return low;
}

bool dp__op_route(const char *method, const char *path, size_t length, dp__route *route) {
  const char *end = path + length;
  if (length > 3 && memcmp(path, "/v1/", 4) == 0)
    path += 3;
  if (path == end || *path != '/')
    return false;
  size_t segments = count_segments(path, end);
  for (size_t i = first_route(method, segments); i < dp__route_count; i++) {
    const dp__route_desc *row = &dp__routes[i];
    dp__route found;
    if (row->segments != segments || strcmp(row->method, method) != 0)
      break;
    if (!match(row->path, path, end, &found))
      continue;
    found.desc = &dp__optable[row->index];
    *route = found;
    return true;
  }
  return false;
}

const char *dp_op_name(dp_op op) {
  const dp__op_desc *desc = dp__op_by_number(op);
  return desc ? desc->name : NULL;
}

const char *dp_op_file(dp_op op) {
  const dp__op_desc *desc = dp__op_by_number(op);
  for (size_t i = 0; desc && i < desc->param_count; i++)
    if (desc->params[i].where == DP__IN_FILE)
      return desc->params[i].name;
  return NULL;
}

dp_op dp_op_from_name(const char *name) {
  const dp__op_desc *desc = dp__op_by_name(name);
  return desc ? desc->op : DP_OP_NONE;
}

int dp_op_is_free(dp_op op) {
  const dp__op_desc *desc = dp__op_by_number(op);
  return desc && desc->retry == DP__RETRY_FREE;
}

dp_answer_form dp_op_answer(dp_op op) {
  static const dp_answer_form forms[] = {[DP__ANSWER_JSON] = DP_ANSWER_JSON,
                                         [DP__ANSWER_EVENTS] = DP_ANSWER_EVENTS,
                                         [DP__ANSWER_BINARY] = DP_ANSWER_BINARY,
                                         [DP__ANSWER_EMPTY] = DP_ANSWER_EMPTY,
                                         [DP__ANSWER_ANY] = DP_ANSWER_ANY};
  const dp__op_desc *desc = dp__op_by_number(op);
  return desc ? forms[desc->answer] : DP_ANSWER_ANY;
}
