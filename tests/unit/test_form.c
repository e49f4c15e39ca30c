/* Multipart bodies: written, read back, made of arguments, read in pieces of any size. Pure. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "filerules.h"
#include "form.h"
#include "request.h"
#include "scarce.h"
#include "verify.h"

#define KB "5cd92fac-41b4-4251-acb2-538a2a3a75b8"

/* --- writing and reading ----------------------------------------------------------------------- */

static char *whole(const char *filename, const char *content, size_t length, size_t *size) {
  dp__buffer out = {0};
  dp__multipart_text(&out, "B", "da\"ta", "{}", 2);
  dp__multipart_file(&out, "B", "file", filename, "text/plain");
  dp__buffer_append(&out, content, length);
  dp__multipart_end(&out, "B", true);
  return dp__buffer_steal(&out, size);
}

static void test_what_is_written(void **state) {
  (void)state;
  size_t size;
  char *body = whole("na\"me \xe2\x98\x83.md", "ab\0c", 4, &size);
  static const char wanted[] =
      "--B\r\nContent-Disposition: form-data; name=\"da%22ta\"\r\n\r\n{}\r\n"
      "--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"na%22me \xe2\x98\x83.md\"\r\n"
      "Content-Type: text/plain\r\n\r\nab\0c\r\n--B--\r\n";
  assert_int_equal(size, sizeof wanted - 1);
  assert_memory_equal(body, wanted, size);
  free(body);
}

static void test_what_is_written_is_read(void **state) {
  (void)state;
  static const char *const names[] = {"a.md", "\xe6\x96\x87.md", "a\"b.md", "x;y=z.md", "%22.md"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    size_t size;
    dp__part part;
    dp__buffer name = {0};
    char *body = whole(names[i], "\r\n--Bx", 6, &size);
    (void)state;
    body[0] = '-';
    bool found = dp__multipart_find(body, size, "multipart/form-data; boundary=B", "file", &part);
    assert_false(found); /* the boundary stands in the content: nothing is to be believed */
    free(body);
    body = whole(names[i], "", 0, &size);
    assert_true(dp__multipart_find(body, size, "Multipart/Form-Data; charset=x; boundary=\"B\"",
                                   "file", &part));
    assert_int_equal(part.content_length, 0);
    assert_true(dp__multipart_unescape(part.filename, part.filename_length, &name));
    if (strcmp(names[i], "%22.md") != 0) /* which the server cannot tell from a quote either */
      assert_string_equal(name.data, names[i]);
    dp__buffer_deinit(&name);
    free(body);
  }
}

static void test_bodies_of_others(void **state) {
  (void)state;
  dp__part part;
  static const char type[] = "multipart/form-data; boundary=5c";
  static const char good[] =
      "--5c\r\ncontent-disposition: form-data; filename=\"q\\\"q.md\"; name=\"file\"\r\n"
      "Content-Type: text/markdown\r\n\r\nhello\r\n--5c\r\n"
      "Content-Disposition: form-data; name=data\r\n\r\n{}\r\n--5c--";
  assert_true(dp__multipart_find(good, sizeof good - 1, type, "file", &part));
  assert_int_equal(part.content_length, 5);
  assert_memory_equal(part.content, "hello", 5);
  dp__buffer name = {0};
  assert_true(dp__multipart_unescape(part.filename, part.filename_length, &name));
  assert_string_equal(name.data, "q\"q.md");
  dp__buffer_deinit(&name);
  for (size_t length = 0; length < sizeof good - 1; length++)
    assert_false(dp__multipart_find(good, length, type, "file", &part));
  static const char *const bad[] = {
      "", "--5c--\r\n", "--5c\r\n\r\nx\r\n--5c--",
      "--5c\r\nContent-Disposition: form-data; name=\"file\"; filename*=utf-8''x.md\r\n\r\nx\r\n--5c--",
      "--5c\r\nContent-Disposition: form-data; name=\"file\r\n\r\nx\r\n--5c--",
      "--5c\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nx\r\n--5c\r\n"
      "Content-Disposition: form-data; name=\"file\"\r\n\r\nx\r\n--5c--"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    assert_false(dp__multipart_find(bad[i], strlen(bad[i]), type, "file", &part));
  assert_false(dp__multipart_find(good, sizeof good - 1, "application/json", "file", &part));
  assert_false(dp__multipart_find(good, sizeof good - 1, NULL, "file", &part));
  assert_false(dp__multipart_find(NULL, 0, type, "file", &part));
}

static void test_boundaries_differ(void **state) {
  (void)state;
  char one[DP__BOUNDARY_SIZE], two[DP__BOUNDARY_SIZE];
  assert_true(dp__boundary_new(one, "x", 1));
  assert_true(dp__boundary_new(two, NULL, 0));
  assert_string_not_equal(one, two);
  assert_int_equal(strlen(one), 41);
}

/* --- which files go where ---------------------------------------------------------------------- */

static const dp__param_desc *file_of(const dp__op_desc *desc) {
  return dp__op_param(desc, "file");
}

static dp_kind check(dp_op op, const char *filename, int64_t length, const char *code,
                     const char *needle) {
  const dp__op_desc *desc = dp__op_by_number(op);
  dp_error err = {.code = ""};
  dp_kind kind = dp__file_check(desc, file_of(desc), filename, dp__file_type(filename), length,
                                &err);
  if (code)
    assert_string_equal(err.code, code);
  if (needle && !strstr(err.message, needle))
    fail_msg("no \"%s\" in: %s", needle, err.message);
  return kind;
}

static void test_sizes_by_kind(void **state) {
  (void)state;
  static const struct {
    const char *name, *bound;
    int64_t megabytes;
  } kinds[] = {{"a.pdf", "document_size", 15}, {"a.bin", "document_size", 15},
               {"README", "document_size", 15}, {"a.PNG", "image_size", 10},
               {"a.mp3", "audio_size", 50},     {"a.mp4", "video_size", 100}};
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    int64_t most = kinds[i].megabytes << 20;
    char size[32];
    snprintf(size, sizeof size, "(%lld MB)", (long long)kinds[i].megabytes);
    assert_int_equal(check(DP_OP_FILES_UPLOAD, kinds[i].name, most, NULL, NULL), DP_OK);
    assert_int_equal(check(DP_OP_FILES_UPLOAD, kinds[i].name, -1, NULL, NULL), DP_OK);
    assert_int_equal(check(DP_OP_FILES_UPLOAD, kinds[i].name, most + 1, kinds[i].bound, size),
                     DP_TOO_LARGE);
  }
  dp_op by_file = DP_OP_DOCUMENTS_CREATE_BY_FILE;
  assert_int_equal(check(by_file, "a.md", 15 << 20, NULL, NULL), DP_OK);
  assert_int_equal(check(by_file, "a.md", (15 << 20) + 1, "document_size", "15728640"),
                   DP_TOO_LARGE);
  assert_int_equal(check(DP_OP_AUDIO_TO_TEXT, "a.mp3", (30 << 20) + 1, "audio_size", "(30 MB)"),
                   DP_TOO_LARGE);
}

static void test_types_and_names(void **state) {
  (void)state;
  dp_op by_file = DP_OP_DOCUMENTS_CREATE_BY_FILE;
  assert_int_equal(check(by_file, "x.exe", 1, "file_type", "allowed are txt, md"),
                   DP_INVALID_REQUEST);
  assert_int_equal(check(by_file, "README", 1, "file_type", "no extension"), DP_INVALID_REQUEST);
  assert_int_equal(check(by_file, "X.Md", 1, NULL, NULL), DP_OK);
  assert_int_equal(check(by_file, "\xe6\x96\x87 \xe2\x98\x83.epub", 1, NULL, NULL), DP_OK);
  for (const char *c = "/\\:*?\"<>|"; *c; c++) {
    char name[] = {'a', *c, '.', 'm', 'd', '\0'}, said[] = {'h', 'o', 'l', 'd', 's', ' ', *c, '\0'};
    assert_int_equal(check(by_file, name, 1, "file_name", said), DP_INVALID_REQUEST);
  }
  assert_int_equal(check(DP_OP_FILES_UPLOAD, "a:b.exe", 1, NULL, NULL), DP_OK);
  assert_int_equal(check(DP_OP_FILES_UPLOAD, "a/b.png", 1, "file_name", NULL), DP_INVALID_REQUEST);
  assert_int_equal(check(DP_OP_AUDIO_TO_TEXT, "a.txt", 1, "file_type", "audio/mp3"),
                   DP_INVALID_REQUEST);
  assert_string_equal(dp__file_type("a.MP3"), "audio/mp3");
  assert_string_equal(dp__file_type(".png"), "application/octet-stream");
}

static void test_names_as_they_are_kept(void **state) {
  (void)state;
  char name[600], out[600];
  assert_int_equal(dp__file_kept_name("a.b.MD", 6, out), 6);
  assert_string_equal(out, "a.b.MD");
  memset(name, 'l', 300);
  strcpy(name + 300, ".x.MD");
  assert_int_equal(dp__file_kept_name(name, strlen(name), out), 203);
  assert_memory_equal(out, name, 200);
  assert_string_equal(out + 200, ".md");
  size_t used = 0; /* 150 characters of two bytes are not too long */
  for (int i = 0; i < 150; i++)
    used += (size_t)sprintf(name + used, "\xc3\xbc");
  assert_int_equal(dp__file_kept_name(name, used, out), used);
}

/* --- forms of arguments ------------------------------------------------------------------------ */

typedef struct teller {
  const char *text;
  size_t at, piece;
  unsigned pause_every, reads, rewinds, releases;
  dp_flow last; /* what comes instead of the end */
  bool more;    /* gives one byte beyond its text */
} teller;

static dp_flow tell(struct dp_call *call, void *buffer, size_t capacity, size_t *length,
                    void *user) {
  (void)call;
  teller *t = user;
  if (t->pause_every && ++t->reads % t->pause_every == 0)
    return DP_FLOW_PAUSE;
  size_t left = strlen(t->text) - t->at, give = left < t->piece ? left : t->piece;
  give = give < capacity ? give : capacity;
  memcpy(buffer, t->text + t->at, give);
  t->at += give;
  if (left == 0 && t->more) {
    *(char *)buffer = '!';
    give = 1;
  }
  *length = give;
  return left == 0 && !t->more ? t->last : DP_FLOW_CONTINUE;
}

static bool tell_again(void *user) {
  teller *t = user;
  t->at = 0;
  t->rewinds++;
  return true;
}

static void note_release(void *user) {
  ((teller *)user)->releases++;
}

static dp_file_source source_of(teller *t, int64_t length) {
  dp_file_source source = DP_FILE_SOURCE_INIT;
  source.filename = "notes.md";
  source.length = length;
  source.read = tell;
  source.release = note_release;
  source.user = t;
  return source;
}

static dp_args *by_file(void) {
  dp_args *args = dp_args_new();
  assert_int_equal(dp_args_set_string(args, "dataset_id", KB), DP_OK);
  assert_int_equal(dp_args_set_string(args, "indexing_technique", "economy"), DP_OK);
  assert_int_equal(dp_args_set_json(args, "process_rule", "{\"mode\":\"automatic\"}"), DP_OK);
  return args;
}

static const dp__op_desc *create(void) {
  return dp__op_by_number(DP_OP_DOCUMENTS_CREATE_BY_FILE);
}

/* All of a form, in reads of that capacity, as a transfer asks for it. */
static char *read_all(dp__form *form, size_t capacity, dp_flow *end, dp_error *error) {
  dp__buffer out = {0};
  char piece[256];
  size_t length;
  int64_t said = dp__form_length(form);
  dp__form_start(form);
  for (unsigned turns = 0; turns < 100000; turns++) {
    size_t want = said >= 0 && (size_t)said - out.length < capacity ? (size_t)said - out.length : capacity;
    if (want == 0)
      break;
    *end = dp__form_read(form, NULL, piece, want, &length, error);
    if (*end == DP_FLOW_PAUSE)
      continue;
    if (*end != DP_FLOW_CONTINUE || length == 0)
      break;
    assert_true(length <= want);
    dp__buffer_append(&out, piece, length);
  }
  dp__buffer_text(&out, "");
  return out.data ? dp__buffer_steal(&out, NULL) : strdup("");
}

static char *wanted_body(const dp__form *form, const char *content) {
  char *text;
  const char *b = form->boundary;
  assert_true(asprintf(&text,
                       "--%s\r\nContent-Disposition: form-data; name=\"data\"\r\n\r\n"
                       "{\"indexing_technique\":\"economy\",\"process_rule\":{\"mode\":\"automatic\"}}\r\n"
                       "--%s\r\nContent-Disposition: form-data; name=\"file\"; filename=\"notes.md\"\r\n"
                       "Content-Type: text/markdown\r\n\r\n%s\r\n--%s--\r\n", b, b, content, b) > 0);
  return text;
}

/* The same bytes, however they are asked for, given, or paused. */
static void test_every_way_to_read_one(void **state) {
  (void)state;
  static const size_t capacities[] = {1, 2, 7, 64, 256};
  for (size_t c = 0; c < sizeof capacities / sizeof *capacities; c++)
    for (unsigned pause = 0; pause < 4; pause++)
      for (int known = 0; known < 2; known++) {
        teller t = {.text = "some content", .piece = 1 + c, .pause_every = pause == 1 ? 2 : pause};
        dp_file_source source = source_of(&t, known ? 12 : -1);
        dp_args *args = by_file();
        dp__form *form = NULL;
        dp_error error;
        dp_flow end;
        assert_int_equal(dp_args_set_source(args, "file", &source), DP_OK);
        assert_int_equal(dp__form_new(create(), args, 0, &form, &error), DP_OK);
        char *body = read_all(form, capacities[c], &end, &error);
        char *wanted = wanted_body(form, "some content");
        assert_int_equal(end, DP_FLOW_CONTINUE);
        assert_string_equal(body, wanted);
        assert_int_equal(dp__form_length(form), known ? (int64_t)strlen(wanted) : -1);
        assert_false(dp__form_can_start(form)); /* it was read, and cannot be rewound */
        free(wanted);
        free(body);
        assert_int_equal(t.releases, 0);
        dp__form_release(form);
        dp__form_free(form);
        dp_args_free(args);
        assert_int_equal(t.releases, 1);
      }
}

static void test_what_is_wrong_never_completes_a_body(void **state) {
  (void)state;
  static const struct {
    const char *text;
    int64_t length;
    dp_flow last;
    bool more;
    dp_kind kind;
    const char *code;
  } wrongs[] = {{"short", 12, DP_FLOW_CONTINUE, false, DP_INVALID_REQUEST, "length"},
                {"", 1, DP_FLOW_CONTINUE, false, DP_INVALID_REQUEST, "length"},
                {"some content", 12, DP_FLOW_CONTINUE, true, DP_INVALID_REQUEST, "length"},
                {"", 0, DP_FLOW_CONTINUE, true, DP_INVALID_REQUEST, "length"},
                {"some", 12, DP_FLOW_ABORT, false, DP_CANCELLED, "file_source"},
                {"some", -1, DP_FLOW_ABORT, false, DP_CANCELLED, "file_source"}};
  for (size_t i = 0; i < sizeof wrongs / sizeof *wrongs; i++) {
    teller t = {.text = wrongs[i].text, .piece = 5, .last = wrongs[i].last, .more = wrongs[i].more};
    dp_file_source source = source_of(&t, wrongs[i].length);
    dp_args *args = by_file();
    dp__form *form = NULL;
    dp_error error = {.code = ""};
    dp_flow end;
    assert_int_equal(dp_args_set_source(args, "file", &source), DP_OK);
    assert_int_equal(dp__form_new(create(), args, 0, &form, &error), DP_OK);
    char *body = read_all(form, 64, &end, &error);
    assert_int_equal(end, DP_FLOW_ABORT);
    assert_int_equal(error.kind, wrongs[i].kind);
    assert_string_equal(error.code, wrongs[i].code);
    assert_null(strstr(body, form->tail.data)); /* so that the server sees half a body */
    free(body);
    dp__form_free(form);
    dp_args_free(args);
    assert_int_equal(t.releases, 1);
  }
}

static dp_flow tell_zeros(struct dp_call *call, void *buffer, size_t capacity, size_t *length,
                          void *user) {
  (void)call, (void)user;
  memset(buffer, 0, capacity);
  *length = capacity;
  return DP_FLOW_CONTINUE;
}

/* Of a source that never says how long it is, the bound is held against what came. */
static void test_a_flood_is_cut_at_the_bound(void **state) {
  (void)state;
  teller t = {.text = ""};
  dp_file_source source = source_of(&t, -1);
  dp_args *args = by_file();
  dp__form *form = NULL;
  dp_error error;
  enum { SIZE = 1 << 20 };
  char *piece = malloc(SIZE);
  source.read = tell_zeros;
  assert_int_equal(dp_args_set_source(args, "file", &source), DP_OK);
  assert_int_equal(dp__form_new(create(), args, 0, &form, &error), DP_OK);
  dp__form_start(form);
  dp_flow flow = DP_FLOW_CONTINUE;
  uint64_t sent = 0;
  size_t length;
  while (flow == DP_FLOW_CONTINUE && sent < 20u << 20) {
    flow = dp__form_read(form, NULL, piece, SIZE, &length, &error);
    sent += length;
  }
  assert_int_equal(flow, DP_FLOW_ABORT);
  assert_int_equal(error.kind, DP_TOO_LARGE);
  assert_string_equal(error.code, "document_size");
  free(piece);
  dp__form_free(form);
  dp_args_free(args);
}

static void test_one_source_one_call(void **state) {
  (void)state;
  teller t = {.text = "x", .piece = 1};
  dp_file_source source = source_of(&t, 1);
  dp_args *args = by_file();
  dp__form *one = NULL, *two = NULL;
  dp_error error;
  assert_int_equal(dp_args_set_source(args, "file", &source), DP_OK);
  assert_int_equal(dp__form_new(create(), args, 0, &one, &error), DP_OK);
  assert_int_equal(dp__form_new(create(), args, 0, &two, &error), DP_INVALID_REQUEST);
  assert_string_equal(error.code, "file_used");
  dp__form_free(one); /* its call was never begun: the args may be used again */
  assert_int_equal(dp__form_new(create(), args, 0, &one, &error), DP_OK);
  dp__form_release(one);
  dp__form_free(one);
  assert_int_equal(t.releases, 1);
  assert_int_equal(dp__form_new(create(), args, 0, &one, &error), DP_INVALID_REQUEST);
  dp_args_free(args);
  assert_int_equal(t.releases, 1);
}

static void test_sources_that_start_again(void **state) {
  (void)state;
  teller t = {.text = "some content", .piece = 5};
  dp_file_source source = source_of(&t, 12);
  dp_args *args = by_file();
  dp__form *form = NULL;
  dp_error error;
  dp_flow end;
  source.rewind = tell_again;
  assert_int_equal(dp_args_set_source(args, "file", &source), DP_OK);
  assert_int_equal(dp__form_new(create(), args, 0, &form, &error), DP_OK);
  char *one = read_all(form, 64, &end, &error), *two;
  assert_true(dp__form_can_start(form));
  two = read_all(form, 9, &end, &error);
  assert_string_equal(one, two);
  assert_int_equal(t.rewinds, 1); /* not before the first time */
  free(one);
  free(two);
  dp__form_free(form);
  dp_args_free(args);
}

static void test_files_in_memory_and_on_disk(void **state) {
  (void)state;
  char path[] = "/tmp/difypool-form-XXXXXX";
  int fd = mkstemp(path);
  assert_true(fd >= 0);
  assert_int_equal(write(fd, "some content", 12), 12);
  for (int disk = 0; disk < 2; disk++) {
    dp_args *args = by_file();
    dp__form *form = NULL;
    dp_error error;
    dp_flow end;
    assert_int_equal(disk ? dp_args_set_path(args, "file", path, "notes.md", NULL)
                          : dp_args_set_file(args, "file", "notes.md", NULL, "some content", 12),
                     DP_OK);
    for (int use = 0; use < 2; use++) { /* such args serve any number of calls */
      assert_int_equal(dp__form_new(create(), args, 0, &form, &error), DP_OK);
      for (int time = 0; time < 2; time++) {
        char *body = read_all(form, 50, &end, &error), *wanted = wanted_body(form, "some content");
        assert_string_equal(body, wanted);
        assert_true(dp__form_can_start(form));
        free(body);
        free(wanted);
      }
      dp__form_free(form);
    }
    if (disk) { /* it shrinks while it is sent */
      assert_int_equal(dp__form_new(create(), args, 0, &form, &error), DP_OK);
      assert_int_equal(ftruncate(fd, 3), 0);
      free(read_all(form, 50, &end, &error));
      assert_int_equal(end, DP_FLOW_ABORT);
      assert_string_equal(error.code, "length");
      dp__form_free(form);
    }
    dp_args_free(args);
  }
  close(fd);
  unlink(path);
}

static void test_what_setters_refuse(void **state) {
  (void)state;
  teller t = {.text = ""};
  dp_args *args = dp_args_new();
  dp_file_source source = source_of(&t, -2);
  assert_int_equal(dp_args_set_source(args, "file", &source), DP_INVALID_REQUEST);
  source = source_of(&t, 0);
  source.read = NULL;
  assert_int_equal(dp_args_set_source(args, "file", &source), DP_INVALID_REQUEST);
  source = source_of(&t, 0);
  source.size = sizeof source + 1;
  assert_int_equal(dp_args_set_source(args, "file", &source), DP_INVALID_REQUEST);
  source = source_of(&t, 0);
  assert_int_equal(dp_args_set_source(args, "", &source), DP_INVALID_REQUEST);
  static const char *const names[] = {"", "a\nb.md", "a\x7f.md", "\xff.md", NULL};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    assert_int_equal(dp_args_set_file(args, "file", names[i], NULL, "", 0), DP_INVALID_REQUEST);
  static const char *const types[] = {"", "text", "/plain", "text/", "text/pl\r\nX: y", "text/\xc3\xbc"};
  for (size_t i = 0; i < sizeof types / sizeof *types; i++)
    assert_int_equal(dp_args_set_file(args, "file", "a.md", types[i], "", 0), DP_INVALID_REQUEST);
  assert_int_equal(dp_args_set_path(args, "file", "/nowhere/at/all", NULL, NULL), DP_INVALID_REQUEST);
  assert_int_equal(dp_args_set_path(args, "file", "/tmp", NULL, NULL), DP_INVALID_REQUEST);
  assert_int_equal(dp_args_set_path(args, "file", "/dev/null", NULL, NULL), DP_INVALID_REQUEST);
  assert_int_equal(dp_args_count(args), 0);
  assert_int_equal(dp_args_set_file(args, "file", "a.md", NULL, NULL, 0), DP_OK);
  source = source_of(&t, 0);
  assert_int_equal(dp_args_set_source(args, "file", &source), DP_OK);
  assert_int_equal(dp_args_set_null(args, "file"), DP_OK); /* replaced, so released */
  dp_args_free(args);
  assert_int_equal(t.releases, 1);
}

/* --- requests ------------------------------------------------------------------------------------ */

static void build(const dp__op_desc *desc, dp_args *args, uint32_t flags, dp__request *r) {
  dp_error error;
  if (dp__request_build(desc, args, "/v1", flags, r, &error) != DP_OK)
    fail_msg("%s", error.message);
  dp_args_free(args);
}

static void test_text_parts_stand_before_the_file(void **state) {
  (void)state;
  dp_args *args = dp_args_new();
  dp__request r;
  dp_error error;
  dp_flow end;
  dp_args_set_file(args, "file", "a.png", NULL, "P", 1);
  dp_args_set_json(args, "user", "\"u\\u00fc1\"");
  build(dp__op_by_number(DP_OP_FILES_UPLOAD), args, 0, &r);
  assert_int_equal(r.header_count, 1);
  assert_null(strstr(r.headers[0].value, "\r"));
  assert_non_null(strstr(r.headers[0].value, r.form->boundary));
  char *body = read_all(r.form, 256, &end, &error);
  const char *user = strstr(body, "name=\"user\"\r\n\r\nu\xc3\xbc""1\r\n");
  assert_non_null(user);
  assert_true(user < strstr(body, "filename=\"a.png\"\r\nContent-Type: image/png"));
  assert_int_equal(dp__request_length(&r), strlen(body));
  free(body);
  dp__request_deinit(&r);
}

static void test_checks_can_be_left_out(void **state) {
  (void)state;
  dp_args *args = by_file();
  dp__request r;
  dp_error error;
  dp_flow end;
  dp_args_set_file(args, "file", "x.exe", "odd/type", "MZ", 2);
  assert_int_equal(dp__request_build(create(), args, "/v1", 0, &r, &error), DP_INVALID_REQUEST);
  assert_string_equal(error.code, "file_type");
  dp_args_set_int(args, "new_member", 7);
  build(create(), args, DP_CALL_NO_VALIDATE, &r);
  char *body = read_all(r.form, 256, &end, &error);
  assert_non_null(strstr(body, "filename=\"x.exe\"\r\nContent-Type: odd/type"));
  assert_non_null(strstr(body, "\"new_member\":7}"));
  free(body);
  dp__request_deinit(&r);
}

static void test_bytes_for_a_file_are_one(void **state) {
  (void)state;
  dp_args *args = dp_args_new();
  dp__request r;
  dp_error error;
  dp_flow end;
  dp_args_set_bytes(args, "file", "abc", 3);
  build(dp__op_by_number(DP_OP_FILES_UPLOAD), args, 0, &r);
  char *body = read_all(r.form, 256, &end, &error);
  assert_non_null(strstr(body, "filename=\"file\"\r\nContent-Type: application/octet-stream\r\n\r\nabc\r\n"));
  free(body);
  dp__request_deinit(&r);
  args = by_file();
  assert_int_equal(dp__request_build(create(), args, "/v1", 0, &r, &error), DP_INVALID_REQUEST);
  assert_non_null(strstr(error.message, "file is missing"));
  dp_args_set_string(args, "file", "content");
  assert_int_equal(dp__request_build(create(), args, "/v1", 0, &r, &error), DP_INVALID_REQUEST);
  assert_non_null(strstr(error.message, "file must be a file"));
  dp_args_free(args);
}

/* --- proof ------------------------------------------------------------------------------------------ */

static bool nobodys(void *user, const char *id) {
  (void)user, (void)id;
  return false;
}

static bool judge(const dp__request *r, const char *name, int size, long created) {
  char *text;
  dp__proven proven = {.json = NULL};
  dp__claim_facts claim = {.request = r, .since_s = 1000, .taken = nobodys};
  const dp__prover *prover = dp__prover_for(DP_OP_DOCUMENTS_CREATE_BY_FILE);
  assert_true(asprintf(&text,
                       "{\"data\":[{\"id\":\"x\",\"name\":\"%s\",\"data_source_detail_dict\":"
                       "{\"upload_file\":{\"size\":%d,\"created_at\":%ld.5}}}]}", name, size,
                       created) > 0);
  bool done = prover->judge(&claim, DP_OK, text, strlen(text), &proven);
  free(proven.json);
  free(text);
  return done;
}

static void prove(dp__request *r) {
  const dp__prover *prover = dp__prover_for(DP_OP_DOCUMENTS_CREATE_BY_FILE);
  dp_args *look = dp_args_new();
  assert_int_equal(prover->look(r, look), DP_OP_DOCUMENTS_LIST);
  assert_string_equal(dp__args_text(look, "keyword"), "n\xc3\xb6\"tes.md");
  assert_string_equal(dp__args_text(look, "dataset_id"), KB);
  dp_args_free(look);
  assert_true(judge(r, "n\\u00f6\\\"tes.md", 4, 1001));
  assert_false(judge(r, "n\\u00f6\\\"tes.md", 5, 1001));  /* of another size */
  assert_false(judge(r, "n\\u00f6\\\"tes.md", 4, 998));   /* from before */
  assert_false(judge(r, "notes.md", 4, 1001));
  dp__request_deinit(r);
}

static void test_a_file_is_proven(void **state) {
  (void)state;
  dp_args *args = by_file();
  dp__request r;
  dp_args_set_file(args, "file", "n\xc3\xb6\"tes.md", NULL, "abcd", 4);
  build(create(), args, DP_CALL_NO_VALIDATE, &r);
  prove(&r);
}

static dp_args *raw(const char *body) {
  dp_args *args = dp_args_new();
  dp_args_set_string(args, "method", "POST");
  dp_args_set_string(args, "path", "/v1/datasets/" KB "/document/create_by_file");
  dp_args_set_json(args, "headers", "{\"Content-Type\":\"multipart/form-data; boundary=b\"}");
  dp_args_set_bytes(args, "body", body, strlen(body));
  return args;
}

/* A program that writes multipart itself has the same proof, or none: never a wrong one. */
static void test_a_raw_body_is_proven_too(void **state) {
  (void)state;
  dp__request r;
  build(dp__op_by_number(DP_OP_HTTP_REQUEST),
        raw("--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"n\xc3\xb6%22tes.md\"\r\n"
            "\r\nabcd\r\n--b--\r\n"), 0, &r);
  assert_int_equal(r.desc->op, DP_OP_DOCUMENTS_CREATE_BY_FILE);
  prove(&r);
  dp_args *look = dp_args_new();
  build(dp__op_by_number(DP_OP_HTTP_REQUEST), raw("--b\r\nnonsense"), 0, &r);
  assert_int_equal(r.desc->op, DP_OP_DOCUMENTS_CREATE_BY_FILE);
  assert_int_equal(dp__prover_for(r.desc->op)->look(&r, look), DP_OP_NONE);
  dp__request_deinit(&r);
  dp_args_free(look);
}

/* --- memory ------------------------------------------------------------------------------------------ */

static void test_each_allocation_fails(void **state) {
  (void)state;
  teller t = {.text = "some content", .piece = 5};
  unsigned rounds = 0;
  EACH_ALLOCATION_FAILS(
      dp_args *args = by_file(); dp__request r = {0}; dp_error error; dp_file_source source = source_of(&t, 12);
      t.at = 0; t.releases = 0; bool set = false,
      set = dp_args_set_source(args, "file", &source) == DP_OK;
      dp_kind kind = set ? dp__request_build(create(), args, "/v1", 0, &r, &error) : DP_INTERNAL,
      if (kind == DP_OK) dp__request_deinit(&r);
      else if (set) assert_int_equal(error.kind, DP_INTERNAL);
      assert_true(kind == DP_OK || kind == DP_INTERNAL);
      dp_args_free(args);
      assert_int_equal(t.releases, set);
      rounds++);
  assert_true(rounds > 5);
  EACH_ALLOCATION_FAILS(
      dp_args *args = by_file(),
      dp_kind kind = dp_args_set_file(args, "file", "a.md", "text/plain", "abc", 3),
      assert_true(kind == DP_OK ? dp_args_has(args, "file") : kind == DP_INTERNAL && !dp_args_has(args, "file"));
      dp_args_free(args));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_what_is_written),
      cmocka_unit_test(test_what_is_written_is_read),
      cmocka_unit_test(test_bodies_of_others),
      cmocka_unit_test(test_boundaries_differ),
      cmocka_unit_test(test_sizes_by_kind),
      cmocka_unit_test(test_types_and_names),
      cmocka_unit_test(test_names_as_they_are_kept),
      cmocka_unit_test(test_every_way_to_read_one),
      cmocka_unit_test(test_what_is_wrong_never_completes_a_body),
      cmocka_unit_test(test_a_flood_is_cut_at_the_bound),
      cmocka_unit_test(test_one_source_one_call),
      cmocka_unit_test(test_sources_that_start_again),
      cmocka_unit_test(test_files_in_memory_and_on_disk),
      cmocka_unit_test(test_what_setters_refuse),
      cmocka_unit_test(test_text_parts_stand_before_the_file),
      cmocka_unit_test(test_checks_can_be_left_out),
      cmocka_unit_test(test_bytes_for_a_file_are_one),
      cmocka_unit_test(test_a_file_is_proven),
      cmocka_unit_test(test_a_raw_body_is_proven_too),
      cmocka_unit_test(test_each_allocation_fails),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
