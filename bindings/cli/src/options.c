/*
 * Options may stand anywhere, before or behind the command; `--` ends them. One table says what
 * there is, for the parser, the help and the completion alike. A key is never taken: a command line
 * can be read by every user of the machine.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "suggest.h"
#include "text.h"

typedef enum option_type {
  FLAG,
  TEXT,
  DURATION,
  NUMBER,
  PRIORITY,
  CONNECT,
  LIST,
  REFUSED
} option_type;

typedef struct option_row {
  const char *name;
  char letter;
  option_type type;
  size_t offset;
  const char *value; /* as the help shows it */
  const char *text;  /* NULL = not shown */
} option_row;

#define AT(member) offsetof(cli_options, member)
static const option_row rows[] = {
    {"profile", 'p', TEXT, AT(profile), "NAME", "a profile of the service's configuration"},
    {"base-url", 0, TEXT, AT(base_url), "URL",
     "a server of your own; the key is in $DIFYPOOL_API_KEY"},
    {"key-file", 0, TEXT, AT(key_file), "FILE",
     "the key for --base-url, in a file (- = standard input)"},
    {"connect", 0, CONNECT, AT(connect), "NAME=VALUE",
     "more of service.connect's arguments, such as ca_file=FILE"},
    {"socket", 0, TEXT, AT(socket), "PATH",
     "the service's socket (else $DIFYPOOL_SOCKET, else where it is)"},
    {"deadline", 0, DURATION, AT(deadline_ms), "TIME",
     "for the whole call: 30, 500ms, 2m (default 120)"},
    {"priority", 0, PRIORITY, AT(priority), "P", "interactive, normal (default) or bulk"},
    {"cache", 0, DURATION, AT(cache_ms), "TIME", "an answer up to so old will do"},
    {"wait", 0, FLAG, AT(wait), NULL,
     "call: wait for an open breaker or a full server; push: until all is indexed"},
    {"blocking", 0, FLAG, AT(blocking), NULL, "ask the server for a blocking answer"},
    {"no-validate", 0, FLAG, AT(no_validate), NULL, "send the arguments as they are"},
    {"allow-hazard", 0, FLAG, AT(allow_hazard), NULL,
     "carry out what is known to break this server's version"},
    {"output", 'o', TEXT, AT(output), "FILE", "write the answer there"},
    {"include", 'i', FLAG, AT(include), NULL,
     "status, headers and what the call cost before the answer"},
    {"json", 0, FLAG, AT(json), NULL, "answers and errors as JSON, for programs"},
    {"stream", 0, FLAG, AT(stream), NULL, "call: events as they come, a line each"},
    {"conversation", 0, TEXT, AT(conversation), "NAME|ID",
     "chat: go on with it; a name's id is remembered"},
    {"user", 0, TEXT, AT(user), "USER", "chat: who asks, for the app (default difypool-UID)"},
    {"input", 0, LIST, AT(inputs), "NAME=VALUE", "chat: an input of the app; or := JSON, @ FILE"},
    {"op", 0, TEXT, AT(op), "OPERATION",
     "chat: completion.send or workflows.run, in place of chat.send"},
    {"kb", 0, TEXT, AT(kb), "NAME|ID", "push: the knowledge base, made if there is none"},
    {"set", 0, TEXT, AT(set), "LABEL", "push: label of these pages; only its documents are pruned"},
    {"metadata", 0, LIST, AT(metadata), "NAME=VALUE", "push: of every page; or := JSON"},
    {"dry-run", 0, FLAG, AT(dry_run), NULL, "push: say what would be done, and write nothing"},
    {"prune", 0, FLAG, AT(prune), NULL, "push: delete documents of the set that no page is"},
    {"max-delete", 0, NUMBER, AT(max_delete), "PERCENT",
     "push: bound of what may be pruned (default 10)"},
    {"preset", 0, TEXT, AT(preset), "RULE", "push: marked_sections or marked_parent_child"},
    {"technique", 0, TEXT, AT(technique), "T",
     "push: high_quality or economy, of a new knowledge base"},
    {"report", 0, TEXT, AT(report), "FILE", "push: what became of each page, as JSON lines"},
    {"names", 0, FLAG, AT(names), NULL, "ops: names only"},
    {"watch", 'w', FLAG, AT(watch), NULL, "status: show it again and again"},
    {"interval", 0, DURATION, AT(interval_ms), "TIME", "status --watch: how often (default 2)"},
    {"follow", 'f', FLAG, AT(follow), NULL, "logs: go on with what is added"},
    {"lines", 'n', NUMBER, AT(lines), "N", "logs: how many lines (default 50)"},
    {"quiet", 'q', FLAG, AT(quiet), NULL, "no remarks, only answers and errors"},
    {"help", 'h', FLAG, AT(help), NULL, "this page, or a command's"},
    {"version", 'V', FLAG, AT(version), NULL, "the version"},
    {"indexing-technique", 0, TEXT, AT(technique), "T", NULL},
    {"api-key", 0, REFUSED, 0, NULL, NULL},
    {"api_key", 0, REFUSED, 0, NULL, NULL},
    {"key", 0, REFUSED, 0, NULL, NULL},
    {"token", 0, REFUSED, 0, NULL, NULL},
};
enum { ROWS = sizeof rows / sizeof *rows };

static bool takes_value(const option_row *row) {
  return row->type != FLAG && row->type != REFUSED;
}

void cli_options_help(void) {
  for (size_t i = 0; i < ROWS && rows[i].text; i++) {
    char left[40], letter[8] = "    ";
    if (rows[i].letter)
      snprintf(letter, sizeof letter, "-%c, ", rows[i].letter);
    snprintf(left, sizeof left, "--%s %s", rows[i].name, rows[i].value ? rows[i].value : "");
    printf("  %s%-22s %s\n", letter, left, rows[i].text);
  }
}

static const option_row *find(const char *name, size_t length) {
  for (size_t i = 0; i < ROWS; i++)
    if (strlen(rows[i].name) == length && memcmp(rows[i].name, name, length) == 0)
      return &rows[i];
  return NULL;
}

static const option_row *find_letter(char letter) {
  for (size_t i = 0; letter && i < ROWS; i++)
    if (rows[i].letter == letter)
      return &rows[i];
  return NULL;
}

static int refuse_key(void) {
  return cli_usage(
      "a key on a command line can be read by every user of this machine, and stays in "
      "the shell's history; put it into $DIFYPOOL_API_KEY or into a file for --key-file");
}

static int unknown(const char *name, size_t length) {
  char copy[64];
  cli_nearest nearest = {.wanted = copy};
  snprintf(copy, sizeof copy, "%.*s", (int)length, name);
  for (size_t i = 0; i < ROWS && rows[i].text; i++)
    cli_nearest_feed(&nearest, rows[i].name);
  const char *found = cli_nearest_found(&nearest);
  return cli_usage("there is no option --%s%s%s%s", copy, found ? "; is --" : "",
                   found ? found : "", found ? " meant?" : "");
}

static int set_priority(cli_options *o, const char *value) {
  static const char *const names[] = {"normal", "interactive", "bulk"};
  for (int i = 0; i < 3; i++) {
    if (strcmp(value, names[i]) == 0) {
      o->priority = (dpc_priority)i;
      return 0;
    }
  }
  return cli_usage("--priority is interactive, normal or bulk, not %s", value);
}

static int append(cli_list *list, const char *name, const char *value) {
  if (list->count == CLI_LIST_MAX)
    return cli_usage("--%s may be given %d times at most", name, CLI_LIST_MAX);
  list->at[list->count++] = value;
  return 0;
}

static int set_connect(cli_options *o, const char *value) {
  if (strncmp(value, "api_key", 7) == 0 && strcspn(value, "=:@") == 7)
    return refuse_key();
  return append(&o->connect, "connect", value);
}

static int set(cli_options *o, const option_row *row, const char *value) {
  char *place = (char *)o + row->offset;
  char *end;
  unsigned long number;
  switch (row->type) {
  case REFUSED:
    return refuse_key();
  case FLAG:
    *(bool *)place = true;
    return 0;
  case TEXT:
    memcpy(place, &value, sizeof value);
    return *value ? 0 : cli_usage("--%s is empty", row->name);
  case DURATION:
    return cli_duration(value, (uint32_t *)(void *)place)
               ? 0
               : cli_usage("--%s is a time such as 30, 500ms or 2m, not %s", row->name, value);
  case NUMBER:
    number = strtoul(value, &end, 10);
    *(uint32_t *)(void *)place = (uint32_t)number;
    o->max_delete_given |= row->offset == AT(max_delete);
    return *end || end == value || number > 1000000
               ? cli_usage("--%s is a number, not %s", row->name, value)
               : 0;
  case PRIORITY:
    return set_priority(o, value);
  case CONNECT:
    return set_connect(o, value);
  case LIST:
    return append((cli_list *)(void *)place, row->name, value);
  }
  return 0;
}

/* One long option at argv[*i], or what is behind it. */
static int take_long(cli_options *o, int argc, char **argv, int *i) {
  const char *name = argv[*i] + 2, *equals = strchr(name, '=');
  size_t length = equals ? (size_t)(equals - name) : strlen(name);
  const option_row *row = find(name, length);
  if (!row)
    return unknown(name, length);
  if (!takes_value(row))
    return equals && row->type == FLAG ? cli_usage("--%s takes no value", row->name)
                                       : set(o, row, "");
  if (equals)
    return set(o, row, equals + 1);
  if (*i + 1 >= argc)
    return cli_usage("--%s needs a value", row->name);
  return set(o, row, argv[++*i]);
}

/* -f, -fn5, -n 5 */
static int take_letters(cli_options *o, int argc, char **argv, int *i) {
  for (const char *at = argv[*i] + 1; *at; at++) {
    const option_row *row = find_letter(*at);
    if (!row)
      return cli_usage("there is no option -%c", *at);
    if (!takes_value(row)) {
      set(o, row, "");
      continue;
    }
    if (at[1])
      return set(o, row, at + 1);
    if (*i + 1 >= argc)
      return cli_usage("-%c needs a value", *at);
    return set(o, row, argv[++*i]);
  }
  return 0;
}

int cli_options_parse(cli_options *o, int *argc, char **argv) {
  int kept = 0, status = 0;
  bool ended = false;
  for (int i = 0; i < *argc && !status; i++) {
    char *word = argv[i];
    if (ended || word[0] != '-' || !word[1])
      argv[kept++] = word;
    else if (strcmp(word, "--") == 0)
      ended = true;
    else if (word[1] == '-')
      status = take_long(o, *argc, argv, &i);
    else
      status = take_letters(o, *argc, argv, &i);
  }
  *argc = kept;
  if (status)
    return status;
  if (o->base_url && o->profile)
    return cli_usage("--profile and --base-url exclude one another");
  if ((o->key_file || o->connect.count) && !o->base_url)
    return cli_usage("--key-file and --connect need --base-url");
  return 0;
}
