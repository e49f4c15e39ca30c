/*
 * difypoold --on-demand detaches, and its launcher exits when the service answers: so waiting for
 * one exit is all there is to do, and the lock that decides among fifty starters is the service's.
 *
 * The child belongs to somebody else's program: it gets default signals, a session of its own (a
 * Ctrl-C is not for it), no descriptor but three, and no $DIFYPOOL_API_KEY, which would stand in
 * the environment of a long-lived process. If that program reaps children itself, the exit status
 * is gone; then trying to connect tells.
 */
#include "launch.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "error.h"

extern char **environ;

static bool runnable(const char *path) {
  return access(path, X_OK) == 0;
}

static bool find_in_path(char *out, size_t size) {
  const char *at = secure_getenv("PATH");
  while (at && *at) {
    size_t length = strcspn(at, ":");
    if (*at == '/' && snprintf(out, size, "%.*s/difypoold", (int)length, at) < (int)size &&
        runnable(out))
      return true;
    at += length + (at[length] == ':');
  }
  return false;
}

dpc_kind dpc__launch_find(const char *wish, char *out, size_t size, dpc_error *err) {
  const char *named = wish && *wish ? wish : secure_getenv("DIFYPOOL_DAEMON");
  if (named && *named) {
    snprintf(out, size, "%s", named);
    if (runnable(out))
      return DPC_OK;
    return dpc__fail(err, DPC_UNREACHABLE, "no_daemon",
                     "Set DIFYPOOL_DAEMON to the path of difypoold.",
                     "there is no program %s to start the service with", named);
  }
  if (find_in_path(out, size))
    return DPC_OK;
  snprintf(out, size, "%s/difypoold", DPC_BINDIR);
  if (runnable(out))
    return DPC_OK;
  return dpc__fail(err, DPC_UNREACHABLE, "no_daemon",
                   "Install difypool (./dev install in its source), or set DIFYPOOL_DAEMON to the "
                   "path of difypoold.",
                   "no service answers, and there is no difypoold to start one: not in $PATH, nor "
                   "in " DPC_BINDIR);
}

static bool is_key(const char *variable) {
  static const char name[] = "DIFYPOOL_API_KEY=";
  return strncmp(variable, name, sizeof name - 1) == 0;
}

static char **environment_without_key(void) {
  size_t count = 0, kept = 0;
  while (environ[count])
    count++;
  char **out = calloc(count + 1, sizeof *out);
  for (size_t i = 0; out && i < count; i++)
    if (!is_key(environ[i]))
      out[kept++] = environ[i];
  return out;
}

static int set_files(posix_spawn_file_actions_t *files, int text, int target) {
  int other = target == STDERR_FILENO ? STDOUT_FILENO : STDERR_FILENO;
  int error = posix_spawn_file_actions_addopen(files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  if (!error)
    error = posix_spawn_file_actions_adddup2(files, text, target);
  if (!error)
    error = posix_spawn_file_actions_addopen(files, other, "/dev/null", O_WRONLY, 0);
  return error ? error : posix_spawn_file_actions_addclosefrom_np(files, STDERR_FILENO + 1);
}

static int set_signals(posix_spawnattr_t *attributes) {
  sigset_t all, none;
  sigfillset(&all);
  sigdelset(&all, SIGKILL);
  sigdelset(&all, SIGSTOP);
  sigemptyset(&none);
  int error = posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK |
                                                       POSIX_SPAWN_SETSID);
  if (!error)
    error = posix_spawnattr_setsigdefault(attributes, &all);
  return error ? error : posix_spawnattr_setsigmask(attributes, &none);
}

static int spawn(pid_t *pid, const char *const argv[], int text, int target) {
  posix_spawn_file_actions_t files;
  posix_spawnattr_t attributes;
  char **environment = environment_without_key();
  if (!environment)
    return ENOMEM;
  posix_spawn_file_actions_init(&files);
  posix_spawnattr_init(&attributes);
  int error = set_files(&files, text, target);
  if (!error)
    error = set_signals(&attributes);
  if (!error)
    error =
        posix_spawn(pid, argv[0], &files, &attributes, (char *const *)(uintptr_t)argv, environment);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&files);
  free(environment);
  return error;
}

static dpc_kind start(dpc__launch *launch, const char *const argv[], int target, dpc_error *err) {
  int ends[2];
  *launch = (dpc__launch)DPC__LAUNCH_INIT;
  if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0)
    return dpc__fail(err, DPC_INTERNAL, "no_pipe", NULL, "cannot start %s: %s", argv[0],
                     strerror(errno));
  /* The child's end blocks, as programs expect of standard error. */
  fcntl(ends[1], F_SETFL, 0);
  int error = spawn(&launch->pid, argv, ends[1], target);
  close(ends[1]);
  if (error) {
    close(ends[0]);
    launch->pid = 0;
    return dpc__fail(err, DPC_UNREACHABLE, "start_failed", NULL, "cannot start %s: %s", argv[0],
                     strerror(error));
  }
  launch->text_fd = ends[0];
  launch->exit_fd = pidfd_open(launch->pid, 0);
  return DPC_OK;
}

dpc_kind dpc__launch_service(dpc__launch *launch, const char *program, const char *path,
                             dpc_error *err) {
  const char *const argv[] = {program, "--on-demand", "--socket", path, NULL};
  return start(launch, argv, STDERR_FILENO, err);
}

dpc_kind dpc__launch_version(dpc__launch *launch, const char *program, dpc_error *err) {
  const char *const argv[] = {program, "--version", NULL};
  return start(launch, argv, STDOUT_FILENO, err);
}

/* What does not fit is read and dropped, so that the child never waits for us. */
static void read_text(dpc__launch *launch) {
  char chunk[512];
  ssize_t got = -1;
  while (launch->text_fd >= 0 && (got = read(launch->text_fd, chunk, sizeof chunk)) > 0) {
    size_t room = sizeof launch->text - 1 - launch->length;
    size_t take = (size_t)got < room ? (size_t)got : room;
    memcpy(launch->text + launch->length, chunk, take);
    launch->length += take;
  }
  launch->text[launch->length] = '\0';
  if (launch->text_fd >= 0 && got == 0) { /* its end would stay readable for ever */
    close(launch->text_fd);
    launch->text_fd = -1;
  }
}

dpc__launch_state dpc__launch_step(dpc__launch *launch) {
  int status = 0;
  read_text(launch);
  pid_t ended = waitpid(launch->pid, &status, WNOHANG);
  if (ended == 0 || (ended < 0 && errno == EINTR))
    return DPC__LAUNCH_RUNS;
  bool reaped_by_another = ended < 0;
  read_text(launch);
  launch->pid = 0;
  dpc__launch_clear(launch);
  bool good = reaped_by_another || (WIFEXITED(status) && WEXITSTATUS(status) == 0);
  return good ? DPC__LAUNCH_DONE : DPC__LAUNCH_FAILED;
}

void dpc__launch_clear(dpc__launch *launch) {
  if (launch->exit_fd >= 0)
    close(launch->exit_fd);
  if (launch->text_fd >= 0)
    close(launch->text_fd);
  launch->exit_fd = launch->text_fd = -1;
}
