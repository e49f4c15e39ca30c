# tap.sh - what the tests written in sh share: numbered results in TAP, and a scratch directory.
# shellcheck shell=sh
# To be sourced by a script under set -e. The plan comes last, by tap_end.

tap_count=0
tap_scratch=$(mktemp -d "${TMPDIR:-/tmp}/difypool-test.XXXXXX") || exit 1

tap_cleanup() {
  rm -rf "$tap_scratch"
}
trap tap_cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# check NAME COMMAND...: the command, often a function, must succeed; what it said is shown if not.
# It runs in a subshell of its own and outside any condition, where set -e ends it at the first failure.
check() {
  tap_name=$1
  shift
  tap_count=$((tap_count + 1))
  set +e
  (
    set -e
    "$@"
  ) >"$tap_scratch/said" 2>&1
  tap_status=$?
  set -e
  if [ $tap_status -eq 0 ]; then
    echo "ok $tap_count - $tap_name"
  else
    echo "not ok $tap_count - $tap_name"
    sed 's/^/# /' "$tap_scratch/said"
  fi
}

# skip NAME REASON: a check that cannot be made here.
skip() {
  tap_count=$((tap_count + 1))
  echo "ok $tap_count - $1 # SKIP $2"
}

tap_end() {
  echo "1..$tap_count"
}
