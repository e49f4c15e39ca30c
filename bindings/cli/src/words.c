/*
 * Apps of each kind tell their words in events of their own: a chat's and a completion's in
 * `message`, an agent's in `agent_message`, a workflow's in `text_chunk`, or at the end alone, as
 * outputs. An event is never cut within a character, so what is written is whole after each. On a
 * terminal nothing is written that it would obey: the words are a model's, and it may have read
 * anything.
 */
#include "words.h"

#include <difypool-client/value.h>
#include <stdlib.h>
#include <string.h>

static bool is(dpc_value map, const char *key, const char *wanted) {
  dpc_value value;
  size_t length;
  const char *text = dpc_value_get(map, key, &value) ? dpc_value_text(value, &length) : NULL;
  return text && strlen(wanted) == length && memcmp(text, wanted, length) == 0;
}

static void keep(dpc_value map, const char *key, char *out, size_t size) {
  dpc_value value;
  size_t length;
  const char *text = dpc_value_get(map, key, &value) ? dpc_value_text(value, &length) : NULL;
  if (text && length && length < size) {
    memcpy(out, text, length);
    out[length] = '\0';
  }
}

/* C0 but for line ends and tabs, DEL, and C1, which is two bytes in UTF-8. */
static bool is_control(const unsigned char *at, size_t left) {
  if (at[0] < 0x20)
    return at[0] != '\n' && at[0] != '\t';
  return at[0] == 0x7f || (at[0] == 0xc2 && left > 1 && at[1] >= 0x80 && at[1] <= 0x9f);
}

static void put_clean(FILE *out, const char *text, size_t length) {
  const unsigned char *at = (const unsigned char *)text;
  for (size_t i = 0; i < length; i++) {
    if (!is_control(at + i, length - i)) {
      putc(text[i], out);
      continue;
    }
    fputs("\xef\xbf\xbd", out);
    i += at[i] == 0xc2;
  }
}

static void put(cli_words *w, const char *text, size_t length) {
  if (!length || !w->out)
    return;
  if (w->terminal)
    put_clean(w->out, text, length);
  else
    fwrite(text, 1, length, w->out);
  w->wrote = true;
  w->last = text[length - 1];
}

static void put_member(cli_words *w, dpc_value map, const char *key) {
  dpc_value value;
  size_t length;
  const char *text = dpc_value_get(map, key, &value) ? dpc_value_text(value, &length) : NULL;
  if (text)
    put(w, text, length);
}

/* A moderated answer takes the place of what was said. What stands on a page stays there. */
static void replace(cli_words *w, dpc_value event) {
  cli_words_end(w);
  if (w->notes)
    fputs("difypool: the app replaces its answer:\n", w->notes);
  put_member(w, event, "answer");
}

/* A workflow that said nothing on the way: its outputs; a single text as it is. */
static void put_outputs(cli_words *w, dpc_value event) {
  dpc_value data, outputs, key, value;
  size_t length;
  if (w->wrote || !dpc_value_get(event, "data", &data) ||
      !dpc_value_get(data, "outputs", &outputs) || !dpc_value_count(outputs))
    return;
  dpc_walk walk = dpc_value_walk(outputs);
  dpc_walk_next(&walk, &key, &value);
  const char *text = dpc_value_count(outputs) == 1 && dpc_value_type(value) == DPC_TYPE_TEXT
                         ? dpc_value_text(value, &length)
                         : NULL;
  char *json = text ? NULL : dpc_value_json(outputs, &length);
  if (text || json)
    put(w, text ? text : json, length);
  free(json);
}

static void note_file(cli_words *w, dpc_value event) {
  dpc_value url;
  size_t length;
  const char *text = dpc_value_get(event, "url", &url) ? dpc_value_text(url, &length) : NULL;
  if (!text || !w->notes)
    return;
  fputs("difypool: the app made a file: ", w->notes);
  put_clean(w->notes, text, length);
  putc('\n', w->notes);
}

static void take(cli_words *w, dpc_value event) {
  dpc_value data;
  keep(event, "conversation_id", w->conversation, sizeof w->conversation);
  keep(event, "message_id", w->message, sizeof w->message);
  keep(event, "task_id", w->task, sizeof w->task);
  if (is(event, "event", "message") || is(event, "event", "agent_message"))
    put_member(w, event, "answer");
  else if (is(event, "event", "text_chunk") && dpc_value_get(event, "data", &data))
    put_member(w, data, "text");
  else if (is(event, "event", "message_replace"))
    replace(w, event);
  else if (is(event, "event", "message_file"))
    note_file(w, event);
  else if (is(event, "event", "workflow_finished") && !*w->message)
    put_outputs(w, event);
  else if (is(event, "event", "workflow_paused") && w->notes)
    fputs("difypool: the run is paused, and waits for somebody to fill in a form\n", w->notes);
}

void cli_words_event(cli_words *w, const char *data, size_t length) {
  dpc_value event;
  void *memory = dpc_value_parse(data, length, &event);
  if (memory)
    take(w, event);
  free(memory);
}

void cli_words_end(cli_words *w) {
  if (w->wrote && w->last != '\n') {
    putc('\n', w->out);
    w->last = '\n';
  }
}
