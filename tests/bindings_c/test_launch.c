/* Starting a program that detaches: what it says, what it inherits, how it ended. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "launch.h"

static char directory[64], program[96];

/* Writes the stand-in for difypoold: a shell script. */
static void script(const char *body) {
  FILE *out = fopen(program, "w");
  assert_non_null(out);
  fprintf(out, "#!/bin/sh\n%s\n", body);
  fclose(out);
  assert_int_equal(chmod(program, 0755), 0);
}

static dpc__launch_state run(dpc__launch *launch) {
  dpc_error err;
  assert_int_equal(dpc__launch_service(launch, program, "/the/socket", &err), DPC_OK);
  for (int turns = 0; turns < 10000; turns++) { /* a turn a line, where the reader is fast */
    dpc__launch_state state = dpc__launch_step(launch);
    if (state != DPC__LAUNCH_RUNS)
      return state;
    struct pollfd fds[] = {{.fd = launch->exit_fd, .events = POLLIN},
                           {.fd = launch->text_fd, .events = POLLIN}};
    assert_true(poll(fds, 2, 10000) > 0);
  }
  fail_msg("it does not end");
  return DPC__LAUNCH_FAILED;
}

static int set_up(void **state) {
  (void)state;
  snprintf(directory, sizeof directory, "/tmp/difypool-launch-XXXXXX");
  assert_non_null(mkdtemp(directory));
  snprintf(program, sizeof program, "%s/difypoold", directory);
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  unlink(program);
  return rmdir(directory);
}

static void tells_how_it_ended(void **state) {
  (void)state;
  dpc__launch launch;
  script("exit 0");
  assert_int_equal(run(&launch), DPC__LAUNCH_DONE);
  script("echo 'the socket is taken' >&2; exit 3");
  assert_int_equal(run(&launch), DPC__LAUNCH_FAILED);
  assert_string_equal(launch.text, "the socket is taken\n");
  script("kill -9 $$");
  assert_int_equal(run(&launch), DPC__LAUNCH_FAILED);
}

static void long_words_do_not_stop_it(void **state) {
  (void)state;
  dpc__launch launch;
  script("i=0; while [ $i -lt 3000 ]; do echo 'a line of some forty characters, many times' >&2; "
         "i=$((i+1)); done");
  assert_int_equal(run(&launch), DPC__LAUNCH_DONE);
  assert_int_equal(launch.length, sizeof launch.text - 1);
}

static void inherits_nothing_of_ours(void **state) {
  (void)state;
  dpc__launch launch;
  int leak = dup2(STDIN_FILENO, 50); /* without O_CLOEXEC, as careless programs do */
  assert_int_equal(leak, 50);
  setenv("DIFYPOOL_API_KEY", "dataset-example", 1);
  script("echo \"$*\" >&2\n"
         "[ -z \"$DIFYPOOL_API_KEY\" ] && echo 'no key' >&2\n"
         "[ \"$(readlink /proc/$$/fd/0)\" = /dev/null ] && echo 'null' >&2\n"
         "[ -e /proc/$$/fd/50 ] || echo 'no leak' >&2\n"
         "read -r pid name state parent group session rest </proc/$$/stat\n"
         "[ $session = $$ ] && echo 'own session' >&2");
  assert_int_equal(run(&launch), DPC__LAUNCH_DONE);
  unsetenv("DIFYPOOL_API_KEY");
  close(leak);
  assert_string_equal(launch.text,
                      "--on-demand --socket /the/socket\nno key\nnull\nno leak\nown session\n");
}

static void is_found_in_its_order(void **state) {
  (void)state;
  char found[256], path[128];
  dpc_error err;
  script("exit 0");
  snprintf(path, sizeof path, "relative:%s", directory);
  char *old = strdup(getenv("PATH"));
  unsetenv("DIFYPOOL_DAEMON");
  setenv("PATH", path, 1);
  assert_int_equal(dpc__launch_find(NULL, found, sizeof found, &err), DPC_OK);
  assert_string_equal(found, program);
  setenv("DIFYPOOL_DAEMON", "/no/such/program", 1);
  assert_int_equal(dpc__launch_find(NULL, found, sizeof found, &err), DPC_UNREACHABLE);
  assert_non_null(strstr(err.message, "/no/such/program"));
  assert_int_equal(dpc__launch_find("/bin/sh", found, sizeof found, &err), DPC_OK);
  unsetenv("DIFYPOOL_DAEMON");
  setenv("PATH", "/nowhere", 1);
  if (access(DPC_BINDIR "/difypoold", X_OK) != 0) {
    assert_int_equal(dpc__launch_find(NULL, found, sizeof found, &err), DPC_UNREACHABLE);
    assert_non_null(strstr(err.hint, "Install"));
  }
  setenv("PATH", old, 1);
  free(old);
}

int main(void) {
#define IN_DIRECTORY(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
  const struct CMUnitTest tests[] = {
      IN_DIRECTORY(tells_how_it_ended),
      IN_DIRECTORY(long_words_do_not_stop_it),
      IN_DIRECTORY(inherits_nothing_of_ours),
      IN_DIRECTORY(is_found_in_its_order),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
