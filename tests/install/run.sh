#!/bin/sh
# What an installed difypool is to those who use it: files, pkg-config, symbols, the unit.
#
#   tests/install/run.sh BUILDDIR WORKDIR
#
# BUILDDIR is a compiled tree with everything in it; it is installed into the prefix it was set up
# with. A second tree, the library alone as an archive, is built in WORKDIR with a pkg-config that knows
# nothing of what only the service needs.
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd)
here=$top/tests/install
build=$(cd "$1" && pwd)
mkdir -p "$2"
work=$(cd "$2" && pwd)
. "$top/tests/tap.sh"

build_option() {
  meson introspect "$build" --buildoptions | python3 -c '
import json, sys
print(*(o["value"] for o in json.load(sys.stdin) if o["name"] == sys.argv[1]))' "$1"
}
full=$(build_option prefix)
libdir=$(build_option libdir)
alone=$work/alone
warnings='-std=c11 -Wall -Wextra -Wconversion -Wshadow -Wstrict-prototypes -Werror'

# --- the two prefixes ---------------------------------------------------------------------------

install_full() {
  rm -rf "$full"
  meson install -C "$build"
}

# The .pc files of this system but those that only service, bindings and tests need.
make_poor_pkgconfig() {
  rm -rf "$work/poor"
  mkdir -p "$work/poor"
  for directory in $(pkg-config --variable pc_path pkg-config | tr ':' ' '); do
    for file in "$directory"/*.pc; do
      case ${file##*/} in
        msgpack* | nng* | inih* | INIReader* | cmocka* | sqlite3* | libmicrohttpd* | '*.pc') ;;
        *) ln -sf "$file" "$work/poor/" ;;
      esac
    done
  done
}

install_alone() {
  make_poor_pkgconfig
  rm -rf "$alone" "$work/build-alone"
  PKG_CONFIG_LIBDIR="$work/poor" meson setup "$work/build-alone" "$top" --prefix="$alone" \
    --libdir="$libdir" -Dwerror=true -Ddefault_library=static -Dservice=disabled \
    -Dbindings=disabled -Ddocs=disabled -Dsystemd=disabled
  PKG_CONFIG_LIBDIR="$work/poor" meson install -C "$work/build-alone"
}

# --- files --------------------------------------------------------------------------------------

present() {
  missing=0
  for file; do
    [ -e "$full/$file" ] || { echo "missing: $file"; missing=1; }
  done
  return $missing
}

has_man_pages() {
  present share/man/man8/difypoold.8 share/man/man5/difypool.ini.5 share/man/man1/difypool.1 \
    share/man/man3/libdifypool.3 share/man/man7/difypool-operations.7
}

has_completions() {
  present share/bash-completion/completions/difypool share/zsh/site-functions/_difypool
}

needs_only() {
  library=$1
  shift
  readelf -d "$library" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' >"$tap_scratch/needed"
  while read -r needed; do
    case $needed in
      libc.so.* | libm.so.* | libpthread.so.* | ld-linux*) continue ;;
    esac
    for allowed; do
      case $needed in "$allowed".so*) continue 2 ;; esac
    done
    echo "$library needs $needed"
    return 1
  done <"$tap_scratch/needed"
}

has_soname() {
  readelf -d "$full/$libdir/$1" | grep "SONAME.*\[$1\]"
}

runs_and_tells_version() {
  "$full/bin/$1" --version | grep -F "$(version)"
}

version() {
  PKG_CONFIG_PATH="$full/$libdir/pkgconfig" pkg-config --modversion difypool
}

# --- programs by pkg-config ---------------------------------------------------------------------

# compile PREFIX OUTPUT SOURCE PACKAGE [COMPILER]: nothing but what pkg-config says.
compile() {
  flags=$(PKG_CONFIG_PATH="$1/$libdir/pkgconfig" pkg-config --cflags --libs "$4")
  # shellcheck disable=SC2086 # flags are several words
  cc $warnings -o "$2" "$3" $flags
}

compiles_as_cxx() {
  flags=$(PKG_CONFIG_PATH="$full/$libdir/pkgconfig" pkg-config --cflags --libs "$1")
  printf '#include <%s>\nint main() { return *%s() == 0 ? 1 : 0; }\n' "$2" "$3" >"$tap_scratch/x.cc"
  # shellcheck disable=SC2086
  c++ -Wall -Wextra -Werror -o "$work/cxx" "$tap_scratch/x.cc" $flags
}

# with_server COMMAND...: runs it with the URL of a server of this test's own at its end; it must make
# two calls over one connection.
with_server() {
  rm -f "$tap_scratch/hold" "$tap_scratch/server"
  mkfifo "$tap_scratch/hold"
  python3 "$here/tiny_server.py" <"$tap_scratch/hold" >"$tap_scratch/server" &
  server=$!
  exec 3>"$tap_scratch/hold"
  tries=0
  until [ -s "$tap_scratch/server" ] || [ $tries -ge 200 ]; do
    tries=$((tries + 1))
    python3 -c 'import time; time.sleep(0.05)'
  done
  status=0
  LD_LIBRARY_PATH="$full/$libdir" "$@" "http://127.0.0.1:$(head -n 1 "$tap_scratch/server")/v1" || status=1
  exec 3>&-
  wait "$server"
  tail -n 1 "$tap_scratch/server"
  [ $status -eq 0 ] && grep -q '^connections=1 requests=2$' "$tap_scratch/server"
}

# The program finds the installed difypoold by itself: no $DIFYPOOL_DAEMON, nothing in $PATH.
talks_through_service() {
  service_socket=$tap_scratch/socket
  with_server env -u DIFYPOOL_DAEMON "$work/client" "$service_socket" || client_status=1
  "$full/bin/difypool" --socket "$service_socket" stop
  [ -z "${client_status:-}" ]
}

free_port() {
  python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

says_nobody_is_there() {
  LD_LIBRARY_PATH="$full/$libdir" "$1" --nobody "http://127.0.0.1:$(free_port)/v1"
}

links_statically() {
  ! readelf -d "$1" | grep -q 'NEEDED.*libdifypool'
}

# --- the unit -----------------------------------------------------------------------------------

exposure_below_2() {
  systemd-analyze security --offline=true --no-pager "$full/lib/systemd/system/difypoold.service" >"$tap_scratch/exposure"
  tail -n 1 "$tap_scratch/exposure"
  sed -n 's/.*Overall exposure level.*: \([0-9.]*\).*/\1/p' "$tap_scratch/exposure" |
    awk 'NR == 1 { found = 1; bad = $1 >= 2.0 } END { exit !found || bad }'
}

# The program it starts is the one that was installed, and the config is the one the documents name.
starts_what_was_installed() {
  sed -n 's/^ExecStart=//p' "$full/lib/systemd/system/difypoold.service" >"$tap_scratch/start"
  [ "$(cat "$tap_scratch/start")" = "$full/bin/difypoold -c /etc/difypool/difypool.ini" ]
}

group_and_directory_are_declared() {
  mkdir -p "$work/root/etc"
  : >"$work/root/etc/passwd"
  : >"$work/root/etc/group"
  systemd-sysusers --root="$work/root" "$full/lib/sysusers.d/difypool.conf"
  grep -q '^difypool:' "$work/root/etc/group"
  systemd-tmpfiles --root="$work/root" --create "$full/lib/tmpfiles.d/difypool.conf"
  [ "$(stat -c '%a' "$work/root/run/difypool")" = 750 ]
}

# --- the checks ---------------------------------------------------------------------------------

export PKG_CONFIG_ALLOW_SYSTEM_CFLAGS=0
check 'everything installs into a prefix' install_full
check 'the library alone installs, with libcurl and jansson only' install_alone

check 'libraries and headers are there' present "$libdir/libdifypool.so.0" "$libdir/libdifypool.a" \
  "$libdir/pkgconfig/difypool.pc" include/difypool/difypool.h
check 'programs are there' present bin/difypoold bin/difypool
if command -v scdoc >/dev/null; then
  check 'man pages are there' has_man_pages
else
  skip 'man pages are there' 'scdoc is not installed'
fi
check 'completions for bash and zsh are there' has_completions
check 'unit, sysusers.d and tmpfiles.d files are there' present lib/systemd/system/difypoold.service \
  lib/sysusers.d/difypool.conf lib/tmpfiles.d/difypool.conf
check 'the unit starts what was installed, with the documented config' starts_what_was_installed
check 'libdifypool has its soname' has_soname libdifypool.so.0
check 'libdifypool needs libcurl, jansson and libcrypto only' needs_only "$full/$libdir/libdifypool.so.0" libcurl libjansson libcrypto
check 'difypoold tells its version' runs_and_tells_version difypoold
check 'difypool tells its version' runs_and_tells_version difypool

check 'libdifypool exports what its headers declare' python3 "$here/symbols.py" DP_EXPORT \
  "$full/$libdir/libdifypool.so.0" "$top"/lib/difypool/*.h
check 'a program compiles by pkg-config, shared' compile "$full" "$work/shared" "$here/use_library.c" difypool
check 'it talks to a server over one connection' with_server "$work/shared"
check 'it says so when nobody is there' says_nobody_is_there "$work/shared"
check 'a program compiles by pkg-config, static' compile "$alone" "$work/static" "$here/use_library.c" difypool
check 'the archive is in it' links_statically "$work/static"
check 'the static program talks to a server' with_server "$work/static"
check 'libdifypool-client exports what its headers declare' python3 "$here/symbols.py" DPC_EXPORT \
  "$full/$libdir/libdifypool-client.so.0" "$top"/bindings/c/include/difypool-client/*.h
check 'a program compiles by pkg-config with the thin client' compile "$full" "$work/client" \
  "$here/use_client.c" difypool-client
check 'it talks through a service that it starts' talks_through_service
if command -v c++ >/dev/null; then
  check 'the headers compile as C++' compiles_as_cxx difypool difypool/difypool.h dp_version
  check 'the headers of the thin client compile as C++' compiles_as_cxx difypool-client \
    difypool-client/client.h dpc_version
else
  skip 'the headers compile as C++' 'no C++ compiler'
  skip 'the headers of the thin client compile as C++' 'no C++ compiler'
fi

if command -v systemd-analyze >/dev/null; then
  check 'the unit is hardened: exposure below 2' exposure_below_2
  check 'sysusers.d and tmpfiles.d make group and directory' group_and_directory_are_declared
else
  skip 'the unit is hardened: exposure below 2' 'systemd is not installed'
  skip 'sysusers.d and tmpfiles.d make group and directory' 'systemd is not installed'
fi
tap_end
