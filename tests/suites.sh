# suites.sh - what `./dev test` runs. Sourced by dev, whose need, venv, tree and step it uses.
# shellcheck shell=sh
# shellcheck disable=SC2154 # top, out and log are dev's
#
# Each suite has a function suite_NAME that leaves reports (meson's JSON, junit XML, TAP) in its
# directory $results; what it cannot even start counts as a failure. Tests run with a temporary
# directory, a home and state of their own, and with the programs just built.

# shellcheck disable=SC2034 # dev reads it
all_suites='shell proto unit threads service push faults python go node cli sandbox conformance demo install cross leftovers'

# One run at a time in a tree: a second one would pull the reports from under the first.
wait_for_other_run() {
  mkdir -p "$out"
  exec 9>"$out/test.lock"
  flock -n 9 && return 0
  say 'Another ./dev test is running in this tree; waiting for it.'
  flock 9
}

run_suites() {
  wait_for_other_run
  tests_started=$(date +%s)
  counts=$out/test/counts
  rm -rf "$out/test"
  mkdir -p "$out/test"
  : >"$counts"
  git -C "$top" status --porcelain >"$out/test/before" 2>/dev/null || :
  test_tmp=$(mktemp -d /tmp/difypool-test.XXXXXX)
  # Tests that play another user must get to their sockets; names in it cannot be listed.
  mkdir -m 711 "$test_tmp/tmp"
  mkdir -m 700 "$test_tmp/home"
  chmod 711 "$test_tmp"
  trap 'rm -rf "$test_tmp"' EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
  for suite; do
    run_suite "$suite"
  done
  total_of_suites
}

run_suite() {
  suite=$1
  results=$out/test/$suite
  mkdir -p "$results"
  started=$(date +%s)
  say "$suite:"
  ( "suite_$suite" ) || printf 'not ok 1 - %s could not be run to its end; the reason is above\n1..1\n' "$suite" >"$results/broken.tap"
  set -- "$results"/*.json "$results"/*.xml "$results"/*.tap
  reports=
  for report; do
    [ -e "$report" ] && reports="$reports $report"
  done
  # shellcheck disable=SC2086 # paths without spaces are wanted here, see below
  count_reports $reports
  say "    ($(($(date +%s) - started)) s)"
}

# A suite that leaves no report at all has failed, and so has one whose reports cannot be counted.
count_reports() {
  [ $# -gt 0 ] || { set -- "$results/nothing.tap"; }
  before=$(wc -l <"$counts")
  python3 "$top/tests/results.py" "$suite" "$counts" "$@" || :
  [ "$(wc -l <"$counts")" -gt "$before" ] || echo "$suite 0 1 0" >>"$counts"
}

# The last line is the only one of its kind. Exit status 1 if anything failed.
total_of_suites() {
  say "all suites: $(($(date +%s) - tests_started)) s; reports are in build/test"
  awk '{ p += $2; f += $3; s += $4 } END { printf "%d passed, %d failed, %d skipped\n", p, f, s; exit f > 0 || p == 0 }' "$counts"
}

# --- running ------------------------------------------------------------------------------------

# A clean environment for tests: nothing of the user's own service, settings or state.
in_test_env() {
  env -u DIFYPOOL_SOCKET -u DIFYPOOL_AUTOSTART -u DIFYPOOL_API_KEY -u XDG_RUNTIME_DIR \
    HOME="$test_tmp/home" XDG_STATE_HOME="$test_tmp/home/state" XDG_CONFIG_HOME="$test_tmp/home/config" \
    XDG_CACHE_HOME="$test_tmp/home/cache" TMPDIR="$test_tmp/tmp" DEV_TEST_RUN="$test_tmp" \
    PYTHONDONTWRITEBYTECODE=1 "$@" 9>&-
}

# c_tests TREE REPORT [MESON-OPTION...]: every cmocka test of that tree, run by $c_wrapper if set.
c_wrapper=
c_tests() {
  c_tree=$1
  c_report=$2
  shift 2
  rm -f "$out/$c_tree/meson-logs/testlog.json"
  # shellcheck disable=SC2086 # two words or none
  # Exit status is meson's summary of what the log says case by case.
  in_test_env env CMOCKA_MESSAGE_OUTPUT=TAP $c_wrapper meson test -C "$out/$c_tree" --no-rebuild --num-processes 2 \
    "$@" >"$results/$c_tree.log" 2>&1 </dev/null || :
  [ -s "$out/$c_tree/meson-logs/testlog.json" ] || { tail -n 20 "$results/$c_tree.log"; return 1; }
  cp "$out/$c_tree/meson-logs/testlog.json" "$results/$c_report.json"
  return 0
}

# pytests NAME ARGUMENT...: pytest with its report in $results/NAME.xml.
pytests() {
  report=$1
  shift
  in_test_env env DIFYPOOL_DAEMON="$out/plain/service/difypoold" \
    DIFYPOOL_CLI="$out/plain/bindings/cli/difypool" \
    PYTHONPATH="$top/bindings/python/src:$top/tests" \
    "$out/venv/test/bin/python" -m pytest -q -p no:cacheprovider --basetemp="$test_tmp/pytest" \
    --junit-xml="$results/$report.xml" "$@" >"$results/$report.log" 2>&1 </dev/null || :
  [ -s "$results/$report.xml" ] || { tail -n 40 "$results/$report.log"; return 1; }
}

# one_check NAME TEXT COMMAND...: a single check, reported as TAP.
one_check() {
  tap=$results/$1.tap
  text=$2
  shift 2
  if "$@" >"$tap.said" 2>&1 </dev/null; then
    printf 'ok 1 - %s\n1..1\n' "$text" >"$tap"
  else
    { printf 'not ok 1 - %s\n' "$text"; sed 's/^/# /' "$tap.said"; echo 1..1; } >"$tap"
  fi
}

test_venv() {
  venv test tests/requirements.txt
}

# python_is_clean NAME DIRECTORY PACKAGE: mypy --strict and ruff, for a package below tests/.
python_is_clean() {
  bin=$out/venv/test/bin
  one_check "$1-mypy" "$3 passes mypy --strict" in_test_env env MYPYPATH="$top/bindings/python/src:$top/tests" \
    "$bin/mypy" --strict --cache-dir "$out/mypy" --explicit-package-bases --follow-imports=silent -p "$3"
  one_check "$1-ruff" "$3 passes ruff" in_test_env sh -c "cd '$2' && '$bin/ruff' check --no-cache . && '$bin/ruff' format --no-cache --check ."
}

# --- the suites ---------------------------------------------------------------------------------

suite_shell() {
  need shellcheck dash
  for script in dev .ci/run tests/tap.sh tests/suites.sh tests/install/run.sh tests/cross/run.sh; do
    name=$(echo "$script" | tr '/.' '__')
    one_check "$name" "$script is clean" shellcheck -x -P "$top" "$top/$script"
    case $script in
      .ci/run) ;;
      *) one_check "$name-dash" "$script is POSIX sh" dash -n "$top/$script" ;;
    esac
  done
}

suite_proto() {
  need g++
  plain_tree || return 1
  test_venv
  pytests proto "$top/tests/proto"
}

suite_unit() {
  need libcmocka-dev libssl-dev
  tree asan -Dtests=enabled -Dwerror=true -Ddocs=disabled -Db_sanitize=address,undefined || return 1
  ASAN_OPTIONS=detect_leaks=1:abort_on_error=0 UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1 \
    c_tests asan unit
}

# libcurl, NNG and the C library are not built for ThreadSanitizer: tests/tsan.supp says what is left out, and why.
suite_threads() {
  need libcmocka-dev libssl-dev
  tree tsan -Dtests=enabled -Dwerror=true -Ddocs=disabled -Db_sanitize=thread || return 1
  # The runtime of gcc 12 does not start where kernels randomise addresses more widely than it knew.
  c_wrapper=
  setarch -R true 2>/dev/null && c_wrapper='setarch -R'
  TSAN_OPTIONS="suppressions=$top/tests/tsan.supp:halt_on_error=0:exitcode=66:second_deadlock_stack=1" \
    c_tests tsan threads
}

suite_service() {
  plain_tree || return 1
  test_venv
  pytests service "$top/tests/service"
}

suite_push() {
  plain_tree || return 1
  test_venv
  pytests push "$top/tests/push" || return 1
  bin=$out/venv/test/bin
  one_check push-ruff 'tests/push passes ruff' in_test_env sh -c "cd '$top/tests/push' && '$bin/ruff' check --no-cache ."
}

suite_python() {
  plain_tree || return 1
  test_venv
  bin=$out/venv/test/bin
  python_room=$top/bindings/python
  pytests python -c "$python_room/pyproject.toml" --rootdir "$python_room" "$python_room/tests" || return 1
  one_check mypy 'bindings/python passes mypy --strict' in_test_env sh -c \
    "cd '$python_room' && '$bin/mypy' --strict --cache-dir '$out/mypy' src"
  one_check ruff 'bindings/python passes ruff' in_test_env sh -c \
    "cd '$python_room' && '$bin/ruff' check --no-cache ."
}

# Each file of tests is a program of its own: that way Node 18, too, reports their tests one by one.
suite_node() {
  command -v npm >/dev/null || need nodejs npm
  plain_tree || return 1
  test_venv
  node_packages || return 1
  for file in "$node_room"/tests/*.test.mjs; do
    name=$(basename "$file" .test.mjs)
    in_test_env env DIFYPOOL_DAEMON="$out/plain/service/difypoold" SANDBOX_PYTHON="$out/venv/test/bin/python" \
      node --test-reporter=tap "$file" >"$results/$name.tap" 2>"$results/$name.err" </dev/null || :
    [ -s "$results/$name.tap" ] || { tail -n 20 "$results/$name.err"; return 1; }
  done
  one_check biome 'bindings/node passes its linter and formatter' \
    in_test_env sh -c "cd '$node_room' && node_modules/.bin/biome ci --colors=off ."
}

# What package-lock.json names, once for each state of it, and both builds.
node_packages() {
  node_room=$top/bindings/node
  stamp=$(cksum <"$node_room/package-lock.json")
  if [ "$(cat "$out/npm/stamp" 2>/dev/null)" != "$stamp" ] || [ ! -d "$node_room/node_modules" ]; then
    mkdir -p "$out/npm"
    step npm-ci 'Installing Node packages' npm --prefix "$node_room" ci --cache "$out/npm/cache" || return 1
    printf '%s\n' "$stamp" >"$out/npm/stamp"
  fi
  step node-build 'Compiling bindings/node' node "$node_room/build.mjs"
}

# Debian's own Go goes first: it is the oldest that the binding promises to work with.
in_go_env() {
  in_test_env env PATH="/usr/lib/go/bin:$PATH" GOTOOLCHAIN=local GOFLAGS='-mod=mod -modcacherw -p=1' GOPATH="$out/go/path" \
    GOCACHE="$out/go/cache" DIFYPOOL_DAEMON="$out/plain/service/difypoold" PYTHON="$out/venv/test/bin/python" "$@"
}

suite_go() {
  need golang-go gcc libc6-dev ca-certificates
  plain_tree || return 1
  test_venv
  go_room=$top/bindings/go
  in_go_env sh -c "cd '$go_room' && go mod download && go test -race -count=1 -timeout 600s -json ./..." \
    >"$results/go.log" 2>&1 </dev/null || :
  python3 "$top/tests/go_tap.py" <"$results/go.log" >"$results/go.tap"
  one_check vet 'bindings/go passes go vet' in_go_env sh -c "cd '$go_room' && go vet ./..."
  # shellcheck disable=SC2016 # for the inner shell
  one_check gofmt 'bindings/go is as gofmt has it' in_go_env sh -c 'cd "$1" && gofmt -d . && [ -z "$(gofmt -l .)" ]' sh "$go_room"
}

suite_cli() {
  need zsh
  plain_tree || return 1
  test_venv
  pytests cli "$top/tests/cli"
}

suite_sandbox() {
  test_venv
  pytests sandbox "$top/tests/sandbox"
}

suite_faults() {
  plain_tree || return 1
  test_venv
  FAULTS_SUMMARY=$results
  export FAULTS_SUMMARY
  pytests faults "$top/tests/faults" || return 1
  python_is_clean faults "$top/tests/faults" faults
}

suite_conformance() {
  plain_tree || return 1
  test_venv
  pytests conformance "$top/tests/conformance" || return 1
  python_is_clean conformance "$top/tests/conformance" conformance
}

suite_demo() {
  plain_tree || return 1
  test_venv
  pytests demo "$top/tests/demo" || return 1
  python_is_clean demo "$top/tests/demo" demo
}

suite_install() {
  need g++ systemd
  plain_tree || return 1
  test_venv
  pytests readme "$top/tests/install"
  in_test_env "$top/tests/install/run.sh" "$out/plain" "$out/install" >"$results/install.tap" 2>"$results/install.err" </dev/null ||
    cat "$results/install.err"
}

suite_cross() {
  need gcc-aarch64-linux-gnu libc6-dev-arm64-cross
  # shellcheck disable=SC2046 # several words
  need $(build_packages)
  in_test_env "$top/tests/cross/run.sh" "$out/cross" >"$results/cross.tap" 2>"$results/cross.err" </dev/null ||
    cat "$results/cross.err"
}

# Last: what the suites before it left behind.
suite_leftovers() {
  one_check processes 'no process of a test is left running' no_process_left
  one_check files 'no file outside build/ was made or changed' no_file_changed
}

# Every process that a test started carries the name of this run's directory in its environment.
no_process_left() {
  left=
  for environ in /proc/[0-9]*/environ; do
    pid=${environ#/proc/}
    pid=${pid%/environ}
    if tr '\0' '\n' <"$environ" 2>/dev/null | grep -qx "DEV_TEST_RUN=$test_tmp"; then
      echo "$pid: $(tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null)"
      left=yes
    fi
  done
  [ -z "$left" ]
}

no_file_changed() {
  git -C "$top" status --porcelain >"$out/test/after" 2>/dev/null || return 0
  diff "$out/test/before" "$out/test/after"
}
