/* difypool ops: what the running service can do, by its own table. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "suggest.h"

static const char *text_of(dpc_value map, const char *key, int *length) {
  dpc_value value;
  size_t size = 0;
  const char *text = dpc_value_get(map, key, &value) ? dpc_value_text(value, &size) : NULL;
  *length = (int)size;
  return text ? text : "";
}

static bool is_named(dpc_value op, const char *name) {
  int length;
  const char *text = text_of(op, "name", &length);
  return strlen(name) == (size_t)length && memcmp(text, name, (size_t)length) == 0;
}

/* A group: "documents" or "documents." means all of it. */
static bool in_group(dpc_value op, const char *group) {
  int length;
  const char *text = text_of(op, "name", &length);
  size_t wanted = strcspn(group, ".");
  return !group[wanted + (group[wanted] == '.')] && (size_t)length > wanted &&
         text[wanted] == '.' && memcmp(text, group, wanted) == 0;
}

static int first_sentence(const char *text, int length) {
  for (int i = 0; i + 1 < length; i++)
    if (text[i] == '.' && text[i + 1] == ' ')
      return i + 1;
  return length;
}

static void list_one(dpc_value op) {
  int name_length, text_length;
  const char *name = text_of(op, "name", &name_length), *text = text_of(op, "text", &text_length);
  printf("%-34.*s %.*s\n", name_length, name, first_sentence(text, text_length), text);
}

static void show_values(dpc_value param) {
  dpc_value values, value;
  if (!dpc_value_get(param, "enum", &values))
    return;
  dpc_walk walk = dpc_value_walk(values);
  printf(":");
  while (dpc_walk_next(&walk, NULL, &value)) {
    size_t length;
    const char *text = dpc_value_text(value, &length);
    if (text)
      printf(" %.*s", (int)length, text);
  }
}

static void show_param(dpc_value param) {
  dpc_value required;
  int name_length, type_length, text_length;
  const char *name = text_of(param, "name", &name_length),
             *type = text_of(param, "type", &type_length);
  const char *text = text_of(param, "text", &text_length);
  bool needed = dpc_value_get(param, "required", &required) && dpc_value_bool(required, false);
  printf("\n  %.*s (%.*s%s", name_length, name, type_length, type, needed ? ", required" : "");
  show_values(param);
  printf(")\n      %.*s\n", text_length, text);
}

/* What versions of the server lack or do wrong. */
static void show_defects(dpc_value op) {
  dpc_value defects, defect;
  int length, text_length;
  const char *absent = text_of(op, "absent", &length);
  if (length)
    printf("\nServers %.*s do not have it.\n", length, absent);
  if (!dpc_value_get(op, "defects", &defects))
    return;
  dpc_walk walk = dpc_value_walk(defects);
  while (dpc_walk_next(&walk, NULL, &defect)) {
    const char *versions = text_of(defect, "versions", &length),
               *text = text_of(defect, "text", &text_length);
    printf("\nServers %.*s: %.*s\n", length, versions, text_length, text);
  }
}

static void show_example(dpc_value op, dpc_value params) {
  int length;
  const char *command = text_of(op, "command", &length);
  if (length) {
    printf("\nExample:\n  %.*s\n", length, command);
    return;
  }
  const char *name = text_of(op, "name", &length);
  dpc_walk walk = dpc_value_walk(params);
  dpc_value param, required;
  printf("\nExample:\n  difypool call %.*s", length, name);
  while (dpc_walk_next(&walk, NULL, &param)) {
    const char *param_name = text_of(param, "name", &length);
    if (dpc_value_get(param, "required", &required) && dpc_value_bool(required, false))
      printf(" %.*s=…", length, param_name);
  }
  putchar('\n');
}

static void show_whole(dpc_value op) {
  int name_length, method_length, path_length, text_length;
  const char *name = text_of(op, "name", &name_length), *text = text_of(op, "text", &text_length);
  const char *method = text_of(op, "method", &method_length),
             *path = text_of(op, "path", &path_length);
  dpc_value params, param;
  printf("%.*s", name_length, name);
  if (path_length)
    printf("   %.*s %.*s", method_length, method, path_length, path);
  printf("\n\n%.*s\n", text_length, text);
  dpc_value_get(op, "params", &params);
  dpc_walk walk = dpc_value_walk(params);
  while (dpc_walk_next(&walk, NULL, &param))
    show_param(param);
  show_defects(op);
  show_example(op, params);
}

static int not_found(const char *wanted, dpc_value table) {
  cli_nearest nearest = {.wanted = wanted};
  dpc_walk walk = dpc_value_walk(table);
  dpc_value op;
  while (dpc_walk_next(&walk, NULL, &op)) {
    char copy[64];
    int length;
    const char *text = text_of(op, "name", &length);
    snprintf(copy, sizeof copy, "%.*s", length, text);
    cli_nearest_feed(&nearest, copy);
  }
  const char *found = cli_nearest_found(&nearest);
  return cli_usage("there is no operation %s%s%s%s", wanted, found ? "; is " : "",
                   found ? found : "", found ? " meant?" : "");
}

static void names_of_params(dpc_value op) {
  dpc_value params, param;
  int length;
  dpc_value_get(op, "params", &params);
  dpc_walk walk = dpc_value_walk(params);
  while (dpc_walk_next(&walk, NULL, &param)) {
    const char *name = text_of(param, "name", &length);
    printf("%.*s\n", length, name);
  }
}

static void name_of(dpc_value op) {
  int length;
  const char *name = text_of(op, "name", &length);
  printf("%.*s\n", length, name);
}

static bool find_op(dpc_value table, const char *wanted, dpc_value *op) {
  dpc_walk walk = dpc_value_walk(table);
  while (dpc_walk_next(&walk, NULL, op))
    if (is_named(*op, wanted))
      return true;
  return false;
}

static void show_json(dpc_value op, bool first) {
  char *json = dpc_value_json(op, NULL);
  printf("%s%s", first ? "" : ",", json ? json : "null");
  free(json);
}

static int show_group(const cli *c, dpc_value table, const char *wanted) {
  dpc_walk walk = dpc_value_walk(table);
  dpc_value op;
  bool any = false;
  while (dpc_walk_next(&walk, NULL, &op)) {
    if (!in_group(op, wanted))
      continue;
    if (c->options.json && !any)
      putchar('[');
    if (c->options.json)
      show_json(op, !any);
    else if (c->options.names)
      name_of(op);
    else
      list_one(op);
    any = true;
  }
  if (c->options.json && any)
    puts("]");
  return any ? 0 : not_found(wanted, table);
}

static int show_one(const cli *c, dpc_value table, const char *wanted) {
  dpc_value op;
  if (!find_op(table, wanted, &op))
    return show_group(c, table, wanted);
  if (c->options.json) {
    putchar('[');
    show_json(op, true);
    puts("]");
  } else if (c->options.names) {
    names_of_params(op);
  } else {
    show_whole(op);
  }
  return 0;
}

static int show(const cli *c, const dpc_reply *reply) {
  dpc_value table, op;
  if (!dpc_reply_value(reply, &table))
    return 1;
  if (c->argc)
    return show_one(c, table, c->argv[0]);
  if (c->options.json)
    return cli_answer(c, reply);
  dpc_walk walk = dpc_value_walk(table);
  while (dpc_walk_next(&walk, NULL, &op)) {
    if (c->options.names)
      name_of(op);
    else
      list_one(op);
  }
  return 0;
}

int cli_cmd_ops(cli *c) {
  int status;
  cli_session *session = cli_open(c, CLI_MAY_START | CLI_NO_SERVER, &status);
  const dpc_reply *reply = session ? cli_ask(session, "service.operations", &status) : NULL;
  if (reply)
    status = show(c, reply);
  cli_close(session);
  return status;
}
