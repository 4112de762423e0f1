#!/usr/bin/env bash
# Real XMPP servers for trying out and for tests: unpacked beside each other, loopback only, unprivileged, one folder each.
# README.md beside this file tells what each one offers. `cargo xtask run` and `cargo xtask test` call this script.
set -euo pipefail

usage() {
  cat <<'USAGE'
usage: servers.sh COMMAND [SERVER] [...]
  install [SERVER...]               fetch and unpack (default: prosody ejabberd); does nothing when already there
  start SERVER [--fresh]            start in the background and wait until it answers; --fresh forgets all data
  run SERVER [--fresh]              the same in the foreground; ends with the process that called it
  ready SERVER                      whether it answers
  stop [SERVER...]                  default: all that run
  status                            one line per server
  adduser SERVER USER[@HOST] PASS   create an account (idempotent)
  ctl SERVER ARGS...                prosodyctl arguments, or an ejabberd API command and its JSON
  env SERVER                        ports and addresses as shell variables
  logs SERVER                       the path of its log
SERVER: prosody (13) | prosody-0.12 | ejabberd (24.12) | ejabberd-23.01
environment: XMPP_PREFIX        folder for the unpacked packages (default: /var/cache/plausch-servers as root, else in ~/.cache)
             XMPP_DATA          folder for run directories (default: in /dev/shm: databases on disk are 20 times slower)
             XMPP_PORT_OFFSET   added to every port, so that several sets can run at once
             PROSODY_LOG        debug | info | warn
USAGE
}

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
user=$(id -u)
if [ "$user" = 0 ]; then cache=/var/cache; else cache=${XDG_CACHE_HOME:-$HOME/.cache}; fi # `nobody` must be able to read it
prefix=${XMPP_PREFIX:-$cache/plausch-servers}
if [ -w /dev/shm ]; then data=${XMPP_DATA:-/dev/shm/plausch-servers-$user}; else data=${XMPP_DATA:-$prefix/run}; fi
servers=(prosody prosody-0.12 ejabberd ejabberd-23.01)

die() { echo "servers.sh: $*" >&2; exit 1; }
say() { echo "servers.sh: $*" >&2; }

# A folder of ours, not one that somebody else put where we look.
own_folder() {
  mkdir -p "$1"
  if [ ! -O "$1" ] || [ -L "$1" ]; then die "$1 belongs to somebody else"; fi
}

# ---- what each server is ----------------------------------------------------------------------------------------
select_server() {
  server=$1
  family=${server%%-*}
  case $server in
    prosody | ejabberd) own_offset=0 ;;
    prosody-0.12 | ejabberd-23.01) own_offset=10000 ;;
    *) usage >&2; die "no such server: $server" ;;
  esac
  offset=$((own_offset + ${XMPP_PORT_OFFSET:-0}))
  root=$prefix/$server
  run=$data/$server
  [ "${XMPP_PORT_OFFSET:-0}" = 0 ] || run=$run+$XMPP_PORT_OFFSET
  case $family in
    prosody) c2s=$((5222 + offset)) tls=$((5223 + offset)) http=$((5280 + offset)) https=$((5281 + offset)) component=$((5347 + offset)) ;;
    ejabberd) c2s=$((6222 + offset)) tls=$((6223 + offset)) http=$((6280 + offset)) https=$((6281 + offset)) component=$((6347 + offset)) ;;
  esac
}

# ---- packages -----------------------------------------------------------------------------------------------------
# Bookworm takes the current servers from its backports; later releases carry them themselves.
# shellcheck source=/dev/null
codename=$(. /etc/os-release 2>/dev/null && echo "${VERSION_CODENAME:-}")
suites=("$codename")
from_backports=
if [ "$codename" = bookworm ]; then suites+=(bookworm-backports); from_backports=/bookworm-backports; fi

system_packages() { # what must be installed on the system; the servers themselves are only unpacked
  case $family in
    prosody) echo lua5.4 lua-bitop lua-expat lua-filesystem lua-sec lua-socket lua-event lua-unbound lua-readline lua-dbi-sqlite3 \
      "$(apt-cache search --names-only '^libicu[0-9]+$' | awk '{print $1; exit}')" python3 sqlite3 openssl curl ;;
    ejabberd) echo erlang-base erlang-{asn1,crypto,inets,mnesia,odbc,os-mon,public-key,ssl,syntax-tools,xmerl,base64url,goldrush,idna,jiffy,jose,lager,unicode-util-compat} \
      erlang-p1-{acme,cache-tab,eimp,mqtree,pkix,sqlite3,stringprep,stun,tls,utils,xml,xmpp,yaml,yconf,zlib} sqlite3 openssl curl ;;
  esac
}
unpacked_packages() {
  case $server in
    prosody) echo {prosody,prosody-modules}"$from_backports" ;;
    prosody-0.12) echo prosody prosody-modules ;;
    ejabberd) echo {ejabberd,erlang-jose,erlang-p1-{acme,cache-tab,eimp,mqtree,pkix,stringprep,stun,tls,utils,xml,xmpp,yaml,yconf,zlib}}"$from_backports" ;;
    ejabberd-23.01) echo ejabberd ;;
  esac
}

debian_mirror() { # where the system gets its own packages
  # shellcheck disable=SC2016 # apt expands it
  apt-get indextargets --format '$(REPO_URI) $(CODENAME)' 'Identifier: Packages' | awk -v name="$codename" '$2 == name {print $1; exit}'
}

# A private package list with backports: the system's own sources stay as they are.
private_apt() {
  local apt=$prefix/apt mirror suite
  if [ ! -e "$apt/ready" ]; then
    mkdir -p "$apt"/{lists,cache/archives}/partial
    mirror=$(debian_mirror)
    for suite in "${suites[@]}"; do
      echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $suite main"
    done > "$apt/sources.list"
    cat > "$apt/apt.conf" <<APT
Dir::Etc::sourcelist "$apt/sources.list";
Dir::Etc::sourceparts "-";
Dir::State::lists "$apt/lists";
Dir::Cache "$apt/cache";
APT::Sandbox::User "root";
APT
    APT_CONFIG=$apt/apt.conf apt-get -qq update
    touch "$apt/ready"
  fi
  APT_CONFIG=$apt/apt.conf "$@"
}

install_system_packages() {
  local missing=() p
  for p in $(system_packages); do
    dpkg-query -W -f '${Status}' "$p" 2>/dev/null | grep -q 'ok installed' || missing+=("$p")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  [ "$user" = 0 ] || die "as root, please run: apt-get install -y --no-install-recommends ${missing[*]}"
  say "installing the Debian packages ${missing[*]}"
  apt-get -o DPkg::Lock::Timeout=600 -qq update
  # the run level keeps package scripts from starting anything as a service
  DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get -o DPkg::Lock::Timeout=600 -qq install -y --no-install-recommends "${missing[@]}" > /dev/null
}

install_server() {
  local deb
  [ ! -e "$root/ready" ] || return 0
  if [ -z "$codename" ] || ! command -v apt-get > /dev/null; then
    die "$server is set up from Debian packages, and this is not Debian: use a server of your own (cargo xtask run --server wss://…)"
  fi
  own_folder "$prefix"
  if [ -z "$(debian_mirror)" ] && [ "$user" = 0 ]; then apt-get -qq update; fi
  [ -n "$(debian_mirror)" ] || die "no package list of $codename on this machine: as root, please run apt-get update"
  install_system_packages
  say "unpacking $server into $root"
  rm -rf "$root"; mkdir -p "$root/debs"
  # shellcheck disable=SC2046 # words on purpose
  (cd "$root/debs" && private_apt apt-get -qq download $(unpacked_packages))
  for deb in "$root"/debs/*.deb; do dpkg-deb -x "$deb" "$root"; done
  rm -rf "$root/debs"
  touch "$root/ready"
}

# ---- certificates ---------------------------------------------------------------------------------------------------
# One authority for all servers: a test that wants TLS trusts $prefix/ca.crt.
make_certificates() {
  local ca=$prefix/ca.crt key=$prefix/ca.key dir=$1 names=IP:127.0.0.1,IP:::1 host
  for host in {,anon.,other.,bare.}localhost; do # every name: some clients refuse *.localhost
    names+=$(printf ',DNS:%s' {,conference.,upload.,pubsub.,proxy.,search.,gateway.}"$host")
  done
  if [ ! -e "$ca" ]; then
    openssl req -x509 -newkey rsa:2048 -nodes -days 3650 -subj '/CN=XMPP test authority' \
      -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign -keyout "$key" -out "$ca" 2>/dev/null
    chmod 600 "$key"
  fi
  [ -e "$dir/localhost.pem" ] && return
  mkdir -p "$dir"
  openssl req -newkey rsa:2048 -nodes -subj '/CN=localhost' -keyout "$dir/localhost.key" -out "$dir/localhost.csr" 2>/dev/null
  openssl x509 -req -in "$dir/localhost.csr" -CA "$ca" -CAkey "$key" -CAcreateserial -days 3650 -out "$dir/leaf.crt" -extfile <(
    printf '%s\n' "subjectAltName=$names" basicConstraints=CA:FALSE extendedKeyUsage=serverAuth) 2>/dev/null
  cat "$dir/leaf.crt" "$ca" > "$dir/localhost.crt"
  cat "$dir/localhost.crt" "$dir/localhost.key" > "$dir/localhost.pem"
  cp "$ca" "$dir/ca.crt"
  rm "$dir/leaf.crt" "$dir/localhost.csr"
}

# ---- running --------------------------------------------------------------------------------------------------------
prepare() { # prepare [--fresh]: write the run directory
  own_folder "$data"
  if [ "${1:-}" = --fresh ]; then rm -rf "$run"; fi
  mkdir -p "$run"
  case $family in
    prosody)
      mkdir -p "$run"/{data,www/.well-known}
      make_certificates "$run/certs"
      cp "$here/prosody/prosody.cfg.lua" "$run/"
      if [ "$server" = prosody-0.12 ]; then write_host_meta "$run/www/.well-known"; fi
      for program in prosody prosodyctl; do # the two scripts carry their folders in four assignments
        sed -E "s#^CFG_SOURCEDIR=.*#CFG_SOURCEDIR='$root/usr/lib/prosody'#; s#^CFG_PLUGINDIR=.*#CFG_PLUGINDIR='$root/usr/lib/prosody/modules/'#
          s#^CFG_CONFIGDIR=.*#CFG_CONFIGDIR='$run'#; s#^CFG_DATADIR=.*#CFG_DATADIR='$run/data'#" "$root/usr/bin/$program" > "$run/$program.lua"
      done ;;
    ejabberd)
      mkdir -p "$run"/{mnesia,upload}
      make_certificates "$run/certs"
      [ -e "$run/ejabberd.sqlite" ] || sqlite3 "$run/ejabberd.sqlite" < "$root/usr/share/ejabberd/sql/lite.sql"
      local drop='# from 24\.12' lines
      [ "$server" = ejabberd-23.01 ] || drop='# until 23\.01'
      lines=$(sed -E "/$drop *\$/d; s#@RUN@#$run#g" "$here/ejabberd/ejabberd.yml.in")
      perl -pe "s/\@P(\d+)\@/\$1 + $offset/ge" <<< "$lines" > "$run/ejabberd.yml" ;;
  esac
  if [ "$(id -u)" = 0 ]; then chown -R nobody:nogroup "$run"; fi
}

# XEP-0156 for 0.12, whose package lacks mod_http_altconnect
write_host_meta() {
  local xrd=http://docs.oasis-open.org/ns/xri/xrd-1.0 alt=urn:xmpp:alt-connections
  cat > "$1/host-meta" <<XML
<?xml version="1.0" encoding="utf-8"?>
<XRD xmlns="$xrd"><Link rel="$alt:xbosh" href="http://localhost:$http/http-bind"/><Link rel="$alt:websocket" href="ws://localhost:$http/xmpp-websocket"/></XRD>
XML
  cat > "$1/host-meta.json" <<JSON
{"links":[{"rel":"$alt:xbosh","href":"http://localhost:$http/http-bind"},{"rel":"$alt:websocket","href":"ws://localhost:$http/xmpp-websocket"}]}
JSON
}

end_with_parent=()
as_nobody() { # become an ordinary user, when root
  if [ "$(id -u)" = 0 ]; then
    exec setpriv --reuid=nobody --regid=nogroup --clear-groups "${end_with_parent[@]}" env HOME="$run" "$@"
  else
    exec setpriv "${end_with_parent[@]}" env HOME="$run" "$@"
  fi
}

server_environment() {
  export XMPP_RUN=$run XMPP_PORT_OFFSET=$offset PROSODY_SERIES=13.0
  [ "$server" = prosody-0.12 ] && PROSODY_SERIES=0.12
  export EJABBERD_CONFIG_PATH=$run/ejabberd.yml EJABBERD_LOG_PATH=$run/ejabberd.log ERL_CRASH_DUMP=$run/erl_crash.dump
}

exec_server() { # replaces this shell
  server_environment
  cd "$run"
  case $family in
    prosody) as_nobody lua5.4 "$run/prosody.lua" --config "$run/prosody.cfg.lua" -F ;;
    ejabberd) # no node name: no epmd, no distribution port; commands go over HTTP (/api)
      export ERL_LIBS=$root/usr/lib/x86_64-linux-gnu
      as_nobody erl -noinput +K true -pa "$root"/usr/lib/erlang/lib/*/ebin "$root"/usr/lib/x86_64-linux-gnu/ejabberd-*/ebin \
        -mnesia dir "\"$run/mnesia\"" -s ejabberd ;;
  esac
}

running_pid() { # prints the pid of a server that this script started and that still runs
  local pid
  [ -e "$run/server.pid" ] && pid=$(< "$run/server.pid") && [ -d "/proc/$pid" ] || return 1
  grep -qzxF "XMPP_RUN=$run" "/proc/$pid/environ" 2>/dev/null || return 1
  echo "$pid"
}

answers() {
  case $family in
    prosody) curl -fsS -o /dev/null "http://127.0.0.1:$http/xmpp-websocket" -H 'Host: localhost' 2>/dev/null ;;
    ejabberd) curl -fsS -X POST -d '{}' "http://127.0.0.1:$http/api/status" 2>/dev/null | grep -q 'is running' ;;
  esac
}

start_server() {
  local pid i
  if pid=$(running_pid); then
    if [ "${1:-}" != --fresh ]; then say "$server already runs (pid $pid)"; return; fi
    stop_server
  fi
  prepare "$@"
  (exec_server) > "$run/out.log" 2>&1 < /dev/null &
  pid=$!
  echo "$pid" > "$run/server.pid"
  disown "$pid"
  for ((i = 0; i < 300; i++)); do
    [ -d "/proc/$pid" ] || { tail -n 20 "$run/out.log" >&2; die "$server did not start"; }
    if answers; then say "$server runs (pid $pid)"; return; fi
    sleep 0.1
  done
  kill "$pid"; tail -n 20 "$run/out.log" >&2; die "$server does not answer"
}

stop_server() {
  local pid i
  pid=$(running_pid) || return 0
  kill "$pid"
  for ((i = 0; i < 100; i++)); do [ -d "/proc/$pid" ] || break; sleep 0.1; done
  [ ! -d "/proc/$pid" ] || kill -9 "$pid"
  rm -f "$run/server.pid"
  say "$server stopped"
}

ctl() {
  server_environment
  case $family in
    prosody) (cd "$run" && as_nobody lua5.4 "$run/prosodyctl.lua" --config "$run/prosody.cfg.lua" "$@") ;;
    ejabberd) curl -fsS -X POST -d "${2:-{\}}" "http://127.0.0.1:$http/api/$1"; echo ;;
  esac
}

add_user() {
  local user=${1%@*} host=localhost
  [ "$user" = "$1" ] || host=${1#*@}
  case $family in
    prosody) # through the running server: a second process writing the same database can lose
      ctl shell user create "$user@$host" "$2" > "$run/adduser.log" 2>&1 || {
        grep -q 'User exists' "$run/adduser.log" && ctl shell user password "$user@$host" "$2" > /dev/null
      } || { cat "$run/adduser.log" >&2; die "no account for $1"; } ;;
    ejabberd) ctl check_account "{\"user\":\"$user\",\"host\":\"$host\"}" 2>/dev/null | grep -q '^0' ||
      ctl register "{\"user\":\"$user\",\"host\":\"$host\",\"password\":\"$2\"}" > /dev/null ;;
  esac
}

print_env() {
  cat <<ENV
XMPP_DOMAIN=localhost
XMPP_WS=ws://localhost:$http/xmpp-websocket
XMPP_WSS=wss://localhost:$https/xmpp-websocket
XMPP_BOSH=http://localhost:$http/http-bind
XMPP_HTTP=http://localhost:$http
XMPP_C2S_PORT=$c2s
XMPP_TLS_PORT=$tls
XMPP_COMPONENT_PORT=$component
XMPP_CA=$prefix/ca.crt
XMPP_RUN=$run
ENV
}

# ---- commands ---------------------------------------------------------------------------------------------------------
command=${1:-help}; shift || true
case $command in
  install) for s in "${@:-prosody ejabberd}"; do for t in $s; do select_server "$t"; install_server; done; done ;;
  start) select_server "${1:?server}"; start_server "${@:2}" ;;
  run) select_server "${1:?server}"; stop_server; prepare "${@:2}"; echo $$ > "$run/server.pid"; end_with_parent=(--pdeathsig TERM); exec_server ;;
  ready) select_server "${1:?server}"; answers ;;
  stop) [ $# -gt 0 ] || set -- "${servers[@]}"; for s in "$@"; do select_server "$s"; stop_server; done ;;
  status) for s in "${servers[@]}"; do select_server "$s"; if pid=$(running_pid); then echo "$s: runs, pid $pid"; else echo "$s: stopped"; fi; done ;;
  adduser) select_server "${1:?server}"; add_user "${2:?user}" "${3:?password}" ;;
  ctl) select_server "${1:?server}"; ctl "${@:2}" ;;
  env) select_server "${1:?server}"; print_env ;;
  logs) select_server "${1:?server}"; echo "$run/$family.log" ;;
  *) usage ;;
esac
