/* Where the service is, by the order of PROTOCOL.md, and whom a key is sent to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <stdbool.h>
#include <sys/stat.h>
#include <unistd.h>

#include "place.h"

static char root[64], run[96], tmp[96];
static uid_t me;

static int set_up(void **state) {
  (void)state;
  me = geteuid();
  snprintf(root, sizeof root, "/tmp/difypool-place-XXXXXX");
  assert_non_null(mkdtemp(root));
  snprintf(run, sizeof run, "%s/run", root);
  snprintf(tmp, sizeof tmp, "%s/tmp", root);
  assert_int_equal(mkdir(run, 0755) | mkdir(tmp, 0755), 0);
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  char command[128];
  snprintf(command, sizeof command, "rm -rf '%s'", root);
  return system(command);
}

static char *in(const char *format, ...) {
  static char path[256];
  char rest[128];
  va_list list;
  va_start(list, format);
  vsnprintf(rest, sizeof rest, format, list);
  va_end(list);
  snprintf(path, sizeof path, "%s/%s", root, rest);
  return path;
}

static dpc__place find(const char *socket) {
  dpc__world world = {socket, run, tmp, me};
  dpc__place place;
  dpc_error err;
  assert_int_equal(dpc__place_find(&world, &place, &err), DPC_OK);
  return place;
}

static void in_the_order_of_the_protocol(void **state) {
  (void)state;
  dpc__place place = find(NULL);
  assert_int_equal(place.kind, DPC__PLACE_PRIVATE);
  assert_string_equal(place.path, in("tmp/difypool-%lu/socket", (unsigned long)me));

  assert_int_equal(mkdir(in("run/user"), 0755) | mkdir(in("run/user/%lu", (unsigned long)me), 0700),
                   0);
  place = find("");
  assert_int_equal(place.kind, DPC__PLACE_PRIVATE);
  assert_string_equal(place.path, in("run/user/%lu/difypool/socket", (unsigned long)me));

  assert_int_equal(mkdir(in("run/difypool"), 0755), 0);
  place = find(NULL);
  assert_int_equal(place.kind, DPC__PLACE_INSTALLED);
  assert_string_equal(place.path, in("run/difypool/socket"));

  place = find("/a/path");
  assert_int_equal(place.kind, DPC__PLACE_NAMED);
  assert_string_equal(place.path, "/a/path");
  place = find("ipc:///a/path");
  assert_int_equal(place.kind, DPC__PLACE_NAMED_URL);
  assert_string_equal(place.path, "/a/path");
}

static void a_runtime_directory_of_another_is_not_ours(void **state) {
  (void)state;
  dpc__world world = {NULL, run, tmp, me + 1};
  dpc__place place;
  assert_int_equal(
      mkdir(in("run/user"), 0755) | mkdir(in("run/user/%lu", (unsigned long)me + 1), 0700), 0);
  assert_int_equal(dpc__place_find(&world, &place, NULL), DPC_OK);
  assert_string_equal(place.path, in("tmp/difypool-%lu/socket", (unsigned long)me + 1));
}

static void a_path_that_is_too_long_says_so(void **state) {
  (void)state;
  char path[200] = "/";
  dpc__world world = {path, run, tmp, me};
  dpc__place place;
  dpc_error err;
  memset(path + 1, 'x', 106); /* 107 in all: the longest */
  assert_int_equal(dpc__place_find(&world, &place, &err), DPC_OK);
  path[107] = 'x';
  assert_int_equal(dpc__place_find(&world, &place, &err), DPC_INVALID_REQUEST);
  assert_non_null(strstr(err.message, "107 bytes"));
  memcpy(path, "ipc://", 7);
  assert_int_equal(dpc__place_find(&world, &place, &err), DPC_INVALID_REQUEST);
}

static dpc_kind check_dir(const char *path, bool create) {
  dpc__place place = {.kind = DPC__PLACE_PRIVATE};
  dpc_error err;
  snprintf(place.path, sizeof place.path, "%.90s/socket", path);
  return dpc__place_check_dir(&place, me, create, &err);
}

static void a_private_directory_is_ours_alone(void **state) {
  (void)state;
  struct stat st;
  char path[128];
  snprintf(path, sizeof path, "%s", in("tmp/mine"));
  assert_int_equal(check_dir(path, false), DPC_OK); /* missing is no error */
  assert_int_equal(lstat(path, &st), -1);
  assert_int_equal(check_dir(path, true), DPC_OK);
  assert_int_equal(lstat(path, &st), 0);
  assert_int_equal(st.st_mode & 07777, 0700);
  assert_int_equal(check_dir(path, true), DPC_OK);
  assert_int_equal(chmod(path, 0755), 0);
  assert_int_equal(check_dir(path, true), DPC_DENIED);
  assert_int_equal(rmdir(path), 0);
  assert_int_equal(symlink(run, path), 0);
  assert_int_equal(check_dir(path, true), DPC_DENIED);
  assert_int_equal(unlink(path), 0);
  fclose(fopen(path, "w"));
  assert_int_equal(check_dir(path, false), DPC_DENIED);
}

static void a_directory_of_another_user_is_refused(void **state) {
  (void)state;
  dpc__place place = {.kind = DPC__PLACE_PRIVATE};
  snprintf(place.path, sizeof place.path, "%s/socket", in("tmp/theirs"));
  assert_int_equal(mkdir(in("tmp/theirs"), 0700), 0);
  assert_int_equal(dpc__place_check_dir(&place, me + 1, false, NULL), DPC_DENIED);
  place.kind = DPC__PLACE_NAMED; /* what somebody named is theirs to answer for */
  assert_int_equal(dpc__place_check_dir(&place, me + 1, false, NULL), DPC_OK);
}

static void whom_a_key_is_sent_to(void **state) {
  (void)state;
  dpc__place place = {.kind = DPC__PLACE_PRIVATE};
  uid_t us = me + 100, root_uid = 0, stranger = me + 200;
  snprintf(place.path, sizeof place.path, "%s", in("run/socket"));
  fclose(fopen(place.path, "w"));
  assert_int_equal(dpc__place_check_peer(&place, us, us, NULL), DPC_OK);
  assert_int_equal(dpc__place_check_peer(&place, us, root_uid, NULL), DPC_DENIED);
  place.kind = DPC__PLACE_INSTALLED;
  assert_int_equal(dpc__place_check_peer(&place, us, root_uid, NULL), DPC_OK);
  assert_int_equal(dpc__place_check_peer(&place, us, stranger, NULL), DPC_DENIED);
  if (me == 0) /* only root can give a file away */
    assert_int_equal(chown(place.path, stranger, (gid_t)-1), 0);
  uid_t owner = me == 0 ? stranger : me;
  assert_int_equal(dpc__place_check_peer(&place, us, owner, NULL), DPC_OK);
  assert_int_equal(chmod(in("run"), 0777), 0);
  assert_int_equal(dpc__place_check_peer(&place, us, owner, NULL), DPC_DENIED);
}

int main(void) {
#define WITH_TREE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
  const struct CMUnitTest tests[] = {
      WITH_TREE(in_the_order_of_the_protocol),
      WITH_TREE(a_runtime_directory_of_another_is_not_ours),
      WITH_TREE(a_path_that_is_too_long_says_so),
      WITH_TREE(a_private_directory_is_ours_alone),
      WITH_TREE(a_directory_of_another_user_is_refused),
      WITH_TREE(whom_a_key_is_sent_to),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
