#!/usr/bin/env bash
# Makes the wasm32-unknown-unknown target usable; idempotent.
#
#   (i)   the active rustc already has the target      -> nothing to do
#   (ii)  `rustup target add` works                    -> done
#   (iii) Debian: install rustc-web & co and build the target's standard
#         library from rust-web-src into rustc-web's own sysroot, as
#         `rustup target add` would have placed it
#
# The log goes to stderr. stdout gets the name of the rustup toolchain to build
# wasm with, or nothing where the active one will do.
#
# Environment:
#   PLAUSCH_WASM=debian       go straight to (iii)
#   PLAUSCH_WASM_LINT=1       (iii) also installs rustc-web's clippy
set -euo pipefail

target=wasm32-unknown-unknown
link_name=debian-web                       # name under which rustup knows /usr
sys=/usr
rustc_deb=$sys/bin/rustc
cargo_deb=$sys/bin/cargo

log() { printf 'wasm target: %s\n' "$*" >&2; }
die() { log "error: $*"; exit 1; }

# has_target RUSTC: does this compiler's sysroot hold the target's std?
has_target() {
  local dir
  dir=$("$1" --print target-libdir --target "$target" 2>/dev/null) || return 1
  compgen -G "$dir/libstd-*.rlib" >/dev/null && compgen -G "$dir/libcore-*.rlib" >/dev/null
}

# smoke RUSTC: does a small program really compile and link?
smoke() {
  local d rc=0
  d=$(mktemp -d)
  printf '#[unsafe(no_mangle)] pub extern "C" fn f(n: u32) -> u32 { format!("{n}").len() as u32 }\n' >"$d/s.rs"
  if ! "$1" --edition 2024 --crate-type cdylib --target "$target" -O -Clto=fat -Cpanic=abort \
       -o "$d/s.wasm" "$d/s.rs" >"$d/log" 2>&1 || ! [ -s "$d/s.wasm" ]; then
    rc=1
    cat "$d/log" >&2
  fi
  rm -rf "$d"
  return $rc
}

# stamp: what the installed std was built for (compiler commit + deb version)
stamp_text() {
  "$rustc_deb" -vV
  dpkg-query -W -f='${Package} ${Version}\n' rustc-web rust-web-src
}
stamp_file=$sys/lib/rustlib/$target/.setup-wasm-stamp

# ---- (i) ------------------------------------------------------------------
if [ "${PLAUSCH_WASM:-}" != debian ] && command -v rustc >/dev/null && has_target rustc && smoke rustc; then
  exit 0
fi

# ---- (ii) -----------------------------------------------------------------
rustup_ok=0
if command -v rustup >/dev/null; then rustup_ok=1; fi
if [ "$rustup_ok" = 1 ] && [ "${PLAUSCH_WASM:-}" != debian ] &&
   [ ! -f "$stamp_file" ] && [ "${RUSTUP_TOOLCHAIN:-}" != "$link_name" ]; then
  log "rustup target add $target (at most 60 s)"
  if RUSTUP_MAX_RETRIES=0 timeout -k 5 60 \
       rustup target add "$target" >/dev/null 2>&1 && has_target rustc && smoke rustc; then
    log "rustup added $target"
    exit 0
  fi
  log "rustup could not add it"
fi

# ---- (iii) ----------------------------------------------------------------
if ! [ -f /etc/debian_version ] || ! command -v apt-get >/dev/null; then
  die "rustup cannot add $target: install it by hand (rustup target add $target, or your system's package of Rust's wasm32 standard library)"
fi

say_toolchain() {
  if [ "$rustup_ok" = 1 ]; then
    if [ "$(readlink "${RUSTUP_HOME:-$HOME/.rustup}/toolchains/$link_name" || true)" != "$sys" ]; then
      rustup toolchain link "$link_name" "$sys" >&2
    fi
    echo "$link_name"
  fi
}

exec 9>"${TMPDIR:-/tmp}/.plausch-wasm-$(id -u).lock"
flock 9

debs=(rustc-web cargo-web rust-web-src)
[ -z "${PLAUSCH_WASM_LINT:-}" ] || debs+=(rust-web-clippy)
missing() { local p; for p in "$@"; do dpkg-query -W -f='${db:Status-Status}\n' "$p" 2>/dev/null | grep -qx installed || echo "$p"; done; }
apt_install() {
  [ "$(id -u)" = 0 ] || die "as root, please run: apt-get install -y --no-install-recommends $*"
  export DEBIAN_FRONTEND=noninteractive
  [ -n "${apt_fresh:-}" ] || { log "apt-get update"; apt-get -qq -o DPkg::Lock::Timeout=300 update >&2; apt_fresh=1; }
  log "installing $*"
  apt-get -qq -y --no-install-recommends -o DPkg::Lock::Timeout=300 install "$@" >&2
}
need=$(missing "${debs[@]}")
if [ -n "$need" ]; then
  # shellcheck disable=SC2086
  apt_install $need
fi
if ! [ -x "$rustc_deb" ] || ! [ -x "$cargo_deb" ]; then
  die "no $rustc_deb after installing ${debs[*]}"
fi

ver=$("$rustc_deb" -vV | sed -n 's/^release: //p')
llvm=$("$rustc_deb" -vV | sed -n 's/^LLVM version: \([0-9]*\).*/\1/p')
host=$("$rustc_deb" -vV | sed -n 's/^host: //p')
dpkg --compare-versions "$ver" ge 1.88 || die "rustc-web is only $ver, and 1.88 is needed"

# Linker: rustc looks for `rust-lld` in its sysroot; LLVM's lld takes that name.
hostbin=$sys/lib/rustlib/$host/bin
if ! [ -x "$hostbin/rust-lld" ]; then
  [ -x "/usr/bin/lld-$llvm" ] || apt_install "lld-$llvm"
  mkdir -p "$hostbin"
  ln -sfn "/usr/bin/lld-$llvm" "$hostbin/rust-lld"
fi

if [ -f "$stamp_file" ] && [ "$(cat "$stamp_file")" = "$(stamp_text)" ] && smoke "$rustc_deb"; then
  say_toolchain
  exit 0
fi

src=$sys/lib/rustlib/src/rust/library
[ -f "$src/Cargo.lock" ] || die "no $src: is rust-web-src of the same version as rustc-web?"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
net=()
mkdir -p "$work/seed/src" "$work/seed/.cargo" "$work/home"
echo '#![no_std]' >"$work/seed/src/lib.rs"
cat >"$work/seed/Cargo.toml" <<'T'
[package]
name = "std_seed"
version = "0.0.0"
edition = "2021"
[workspace]
T
if [ -d "$src/vendor" ]; then          # std's own dependencies come with the source deb
  cat >"$work/seed/.cargo/config.toml" <<T
[source.crates-io]
replace-with = "std-vendor"
[source.std-vendor]
directory = "$src/vendor"
T
  net=(--offline)
fi
log "building std for $target with rustc $ver (about a minute)"
# embed-bitcode: without it `lto = "fat"` in a project fails on std.
if ! (cd "$work/seed" && env -u RUSTUP_TOOLCHAIN -u CARGO_BUILD_TARGET -u CARGO_ENCODED_RUSTFLAGS -u RUSTC_WRAPPER \
    CARGO_HOME="$work/home" CARGO_TARGET_DIR="$work/out" RUSTC="$rustc_deb" RUSTC_BOOTSTRAP=1 \
    CARGO_PROFILE_RELEASE_OPT_LEVEL=3 CARGO_PROFILE_RELEASE_DEBUG=0 RUSTFLAGS="-Cembed-bitcode=yes" \
    "$cargo_deb" build --release --target "$target" "${net[@]}" \
      -Zbuild-std=core,alloc,std,panic_abort,panic_unwind,proc_macro,test) >"$work/log" 2>&1; then
  tail -30 "$work/log" >&2
  die "building std failed"
fi
new=$sys/lib/rustlib/.$target.new
rm -rf "$new"
mkdir -p "$new/lib"
find "$work/out/$target/release" -name 'lib*.rlib' -path '*/deps/*' ! -name 'libstd_seed*' -exec cp {} "$new/lib/" \;
compgen -G "$new/lib/libstd-*.rlib" >/dev/null || die "no libstd among what was built"
stamp_text >"$new/.setup-wasm-stamp"
rm -rf "${sys:?}/lib/rustlib/$target"
mv "$new" "$sys/lib/rustlib/$target"
smoke "$rustc_deb" || die "the new target does not compile a small program"
log "installed $(find "$sys/lib/rustlib/$target/lib" -name '*.rlib' | wc -l) rlibs for rustc-web $ver"
say_toolchain
