/* The notation is HTTPie's, which many hands know: = is text, := is JSON, @ is a file's content. */
#include "argspec.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

enum { FILE_MAX_BYTES = 64 << 20 };

static bool name_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-' || c == '.';
}

const char *cli_argspec_parse(const char *word, cli_argspec *out) {
  size_t length = 0;
  while (name_char(word[length]))
    length++;
  const char *sign = word + length;
  if (!length || length >= sizeof out->name)
    return "it does not begin with an argument's name";
  snprintf(out->name, sizeof out->name, "%.*s", (int)length, word);
  if (sign[0] == '=') {
    out->kind = CLI_ARG_TEXT;
    out->value = sign + 1;
  } else if (sign[0] == '@') {
    out->kind = CLI_ARG_FILE;
    out->value = sign + 1;
  } else if (sign[0] == ':' && sign[1] == '=') {
    out->kind = sign[2] == '@' ? CLI_ARG_JSON_FILE : CLI_ARG_JSON;
    out->value = sign + (sign[2] == '@' ? 3 : 2);
  } else {
    return "behind the name there is none of = (text), := (JSON) and @ (a file)";
  }
  if (out->kind != CLI_ARG_TEXT && !*out->value)
    return "there is nothing behind the name";
  return NULL;
}

bool cli_looks_typed(const char *value) {
  char c = *value;
  return (c >= '0' && c <= '9') || c == '-' || c == '[' || c == '{' || strcmp(value, "true") == 0 ||
         strcmp(value, "false") == 0 || strcmp(value, "null") == 0;
}

static char *read_stream(FILE *in, size_t *length) {
  size_t capacity = 65536, got;
  char *text = malloc(capacity + 1);
  *length = 0;
  while (text && (got = fread(text + *length, 1, capacity - *length, in)) > 0) {
    *length += got;
    if (*length < capacity)
      continue;
    capacity *= 2;
    char *more = *length > FILE_MAX_BYTES ? NULL : realloc(text, capacity + 1);
    if (!more) {
      errno = *length > FILE_MAX_BYTES ? EFBIG : ENOMEM;
      free(text);
      return NULL;
    }
    text = more;
  }
  if (text)
    text[*length] = '\0';
  return text;
}

char *cli_file_read(const char *path, size_t *length) {
  bool standard = strcmp(path, "-") == 0;
  FILE *in = standard ? stdin : fopen(path, "re");
  char *text = in ? read_stream(in, length) : NULL;
  if (!text || ferror(in)) {
    cli_say("cannot read %s: %s", path, strerror(errno));
    free(text);
    text = NULL;
  }
  if (in && !standard)
    fclose(in);
  return text;
}
