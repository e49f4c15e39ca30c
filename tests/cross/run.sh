#!/bin/sh
# Builds the library for 64-bit ARM with the cross file beside this script, and looks at what came.
#
#   tests/cross/run.sh WORKDIR
#
# libcurl and jansson of that architecture are fetched into WORKDIR by apt with directories of its own:
# no root, and the system's package database stays as it is. A later run finds them there.
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd)
work=$1
mkdir -p "$work"
work=$(cd "$work" && pwd)
. "$top/tests/tap.sh"

arm_apt() {
  apt-get -o Dir::State="$work/apt/state" -o Dir::State::status="$work/apt/status" \
    -o Dir::Cache="$work/apt/cache" -o Dir::Log="$work/apt/log" -o APT::Architecture=arm64 \
    -o APT::Architectures::=arm64 -o APT::Sandbox::User=root -o Debug::NoLocking=true "$@"
}

fetch_sysroot() {
  [ -e "$work/sysroot.ok" ] && return 0
  rm -rf "$work/apt" "$work/sysroot"
  mkdir -p "$work/apt/state/lists/partial" "$work/apt/cache/archives/partial" "$work/apt/log" "$work/sysroot"
  : >"$work/apt/status"
  arm_apt -qq update
  arm_apt -qq -y --no-install-recommends --download-only install libcurl4-openssl-dev libjansson-dev libssl-dev
  for package in "$work"/apt/cache/archives/*.deb; do
    dpkg-deb --extract "$package" "$work/sysroot"
  done
  rm -rf "$work/apt"
  touch "$work/sysroot.ok"
}

configure() {
  rm -rf "$work/build"
  sed "s,@SYSROOT@,$work/sysroot,g" "$top/tests/cross/aarch64.ini.in" >"$work/aarch64.ini"
  meson setup "$work/build" "$top" --cross-file "$work/aarch64.ini" --prefix=/usr --libdir=lib -Dwerror=true \
    -Dservice=disabled -Dbindings=disabled -Ddocs=disabled -Dsystemd=disabled
}

compile() {
  ninja -C "$work/build"
}

is_for_arm() {
  readelf -h "$1" | grep 'Machine: *AArch64'
}

# A user's program, linked with the flags that the .pc file in the build tree gives.
link_program() {
  DESTDIR="$work/destdir" meson install -C "$work/build" --no-rebuild >/dev/null
  flags=$(PKG_CONFIG_LIBDIR="$work/destdir/usr/lib/pkgconfig:$work/sysroot/usr/lib/aarch64-linux-gnu/pkgconfig" \
    pkg-config --define-prefix --cflags --libs difypool)
  # shellcheck disable=SC2086 # flags are several words
  aarch64-linux-gnu-gcc -std=c11 -o "$work/use_library" "$top/tests/install/use_library.c" $flags \
    -Wl,-rpath-link,"$work/sysroot/usr/lib/aarch64-linux-gnu" -Wl,--allow-shlib-undefined
  is_for_arm "$work/use_library"
}

check 'libcurl and jansson for 64-bit ARM are here' fetch_sysroot
check 'meson configures a library without service and bindings' configure
check 'it compiles and links without a warning' compile
check 'the library is for 64-bit ARM' is_for_arm "$work/build/lib/libdifypool.so.0"
check 'a program links with it by pkg-config' link_program
tap_end
