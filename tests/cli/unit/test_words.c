/* What is an answer's word among events, and what a terminal may see of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "words.h"

/* The words and the remarks of these events. */
typedef struct heard {
  cli_words words;
  char *out, *notes;
  size_t out_size, notes_size;
} heard;

static void begin(heard *h, bool terminal) {
  *h = (heard){.out = NULL};
  h->words = (cli_words){.out = open_memstream(&h->out, &h->out_size),
                         .notes = open_memstream(&h->notes, &h->notes_size),
                         .terminal = terminal};
}

static void hear(heard *h, const char *json) {
  cli_words_event(&h->words, json, strlen(json));
}

static void end(heard *h, const char *words) {
  cli_words_end(&h->words);
  fclose(h->words.out);
  fclose(h->words.notes);
  assert_string_equal(h->out, words);
}

static void drop(heard *h) {
  free(h->out);
  free(h->notes);
}

static void each_kind_of_app(void **state) {
  (void)state;
  heard h;
  begin(&h, false);
  hear(&h, "{\"event\": \"message\", \"answer\": \"a\", \"conversation_id\": \"c-1\", \"task_id\": "
           "\"t\"}");
  hear(&h, "{\"event\": \"agent_message\", \"answer\": \"b\", \"message_id\": \"m\"}");
  hear(&h, "{\"event\": \"agent_thought\", \"thought\": \"no\"}");
  hear(&h, "{\"event\": \"text_chunk\", \"data\": {\"text\": \"c\\u001b\"}}");
  hear(&h, "{\"event\": \"message_end\", \"answer\": \"no\"}");
  hear(&h, "{\"event\": \"workflow_finished\", \"data\": {\"outputs\": {\"x\": \"no\"}}}");
  end(&h, "abc\x1b\n"); /* a pipe gets the bytes as they came */
  assert_string_equal(h.words.conversation, "c-1");
  assert_string_equal(h.words.message, "m");
  assert_string_equal(h.words.task, "t");
  drop(&h);
}

static void outputs_of_a_silent_workflow(void **state) {
  (void)state;
  heard h;
  begin(&h, false);
  hear(&h, "{\"event\": \"workflow_finished\", \"data\": {\"outputs\": {\"x\": \"alone\"}}}");
  end(&h, "alone\n");
  drop(&h);
  begin(&h, false);
  hear(&h, "{\"event\": \"workflow_finished\", \"data\": {\"outputs\": {\"x\": 1, \"y\": \"z\"}}}");
  end(&h, "{\"x\":1,\"y\":\"z\"}\n");
  drop(&h);
  begin(&h, false);
  hear(&h, "{\"event\": \"workflow_finished\", \"data\": {\"outputs\": null}}");
  end(&h, "");
  drop(&h);
}

static void a_terminal_obeys_nothing(void **state) {
  (void)state;
  heard h;
  begin(&h, true);
  hear(&h, "{\"event\": \"message\", \"answer\": \"a\\u001b[2J\\u009bx\\u007f\\r\\t\xc3\xa9\\n\"}");
  end(&h, "a\xef\xbf\xbd[2J\xef\xbf\xbdx\xef\xbf\xbd\xef\xbf\xbd\t\xc3\xa9\n");
  drop(&h);
}

static void remarks_are_no_words(void **state) {
  (void)state;
  heard h;
  begin(&h, false);
  hear(&h, "{\"event\": \"message\", \"answer\": \"bad\"}");
  hear(&h, "{\"event\": \"message_replace\", \"answer\": \"good\"}");
  hear(&h, "{\"event\": \"message_file\", \"url\": \"http://x/\\u001b\"}");
  hear(&h, "{\"event\": \"workflow_paused\"}");
  end(&h, "bad\ngood\n");
  assert_non_null(strstr(h.notes, "replaces its answer"));
  assert_non_null(strstr(h.notes, "http://x/\xef\xbf\xbd\n"));
  assert_non_null(strstr(h.notes, "is paused"));
  drop(&h);
}

static void what_is_no_event(void **state) {
  (void)state;
  heard h;
  begin(&h, false);
  hear(&h, "");
  hear(&h, "no JSON");
  hear(&h, "[1]");
  hear(&h, "{\"event\": 7, \"answer\": \"no\"}");
  hear(&h, "{\"event\": \"message\", \"answer\": 7}");
  hear(&h, "{\"event\": \"text_chunk\"}");
  end(&h, "");
  drop(&h);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(each_kind_of_app),         cmocka_unit_test(outputs_of_a_silent_workflow),
      cmocka_unit_test(a_terminal_obeys_nothing), cmocka_unit_test(remarks_are_no_words),
      cmocka_unit_test(what_is_no_event),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
