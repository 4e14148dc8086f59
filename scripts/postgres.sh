#!/usr/bin/env bash
# A PostgreSQL server for tests.
#
#   scripts/postgres.sh start DIR   makes and starts one; prints its address (DSN), and nothing else, on standard output
#   scripts/postgres.sh stop DIR    stops it and removes its data
#
# PostgreSQL refuses to run as root: then a user without rights runs it, with its data
# in a folder of its own, because DIR may not be open to that user. It listens on a
# random port of 127.0.0.1 with a random password. fsync stays on: what is measured on
# it is what an operator gets. As root, with apt-get, a missing server is installed.
set -euo pipefail

fail() { echo "postgres.sh: $*" >&2; exit 1; }
[ $# -eq 2 ] || fail "usage: scripts/postgres.sh start|stop DIR"
command=$1 dir=$2 base=

find_bin() {
  local found
  found=$(ls -d /usr/lib/postgresql/*/bin /opt/homebrew/opt/postgresql@*/bin /usr/local/opt/postgresql@*/bin /usr/pgsql-*/bin 2>/dev/null | sort -V | tail -1 || true)
  if [ -n "$found" ] && [ -x "$found/initdb" ]; then echo "$found"; return; fi
  if command -v initdb >/dev/null && command -v pg_ctl >/dev/null; then dirname "$(command -v initdb)"; fi
}

# The user who runs the server: ourselves, or one without rights when we are root.
owner=$(id -un)
if [ "$(id -u)" = 0 ]; then
  owner=
  for user in postgres nobody; do
    if id "$user" >/dev/null 2>&1; then owner=$user; break; fi
  done
  [ -n "$owner" ] || fail "PostgreSQL does not run as root, and there is neither a user postgres nor a user nobody"
fi

as_owner() {
  if [ "$(id -un)" = "$owner" ]; then "$@"
  elif command -v setpriv >/dev/null; then (cd / && setpriv --reuid "$owner" --regid "$(id -g "$owner")" --clear-groups "$@")
  elif command -v runuser >/dev/null; then (cd / && runuser -u "$owner" -- "$@")
  else (cd / && su -s /bin/sh "$owner" -c "$(printf '%q ' "$@")"); fi
}

start() {
  local bin port password log
  bin=$(find_bin)
  if [ -z "$bin" ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "postgres.sh: installing postgresql" >&2
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends postgresql; } >&2 || fail "apt-get could not install postgresql"
    bin=$(find_bin)
  fi
  [ -n "$bin" ] || fail "no PostgreSQL server here: install Debian's package postgresql (initdb and pg_ctl)"
  mkdir -p "$dir"
  [ ! -e "$dir/base" ] || fail "$dir is in use: stop it first"
  base=$(mktemp -d /tmp/vigil-postgres.XXXXXX)
  log=$base/server.log
  password=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
  printf '%s' "$password" >"$base/password"
  [ "$(id -un)" = "$owner" ] || chown -R "$owner" "$base"
  trap 'rm -rf "$base"' EXIT
  as_owner "$bin/initdb" -D "$base/data" -U vigil -A scram-sha-256 --pwfile="$base/password" -E UTF8 --locale=C >"$base.initdb" 2>&1 ||
    { cat "$base.initdb" >&2; rm -f "$base.initdb"; fail "initdb failed"; }
  rm -f "$base.initdb"
  for _ in 1 2 3 4 5 6 7 8; do
    port=$((20000 + $(od -An -N2 -tu2 /dev/urandom) % 30000))
    if as_owner "$bin/pg_ctl" -D "$base/data" -l "$log" -w -t 60 \
      -o "-c listen_addresses=127.0.0.1 -c port=$port -c unix_socket_directories='' -c max_connections=200 -c log_min_messages=fatal" start >/dev/null 2>&1; then
      printf '%s\n' "$base" >"$dir/base"
      printf '%s\n' "$bin" >"$dir/bin"
      trap - EXIT
      echo "postgres://vigil:$password@127.0.0.1:$port/postgres?sslmode=disable"
      return
    fi
  done
  tail -20 "$log" >&2 || true
  fail "the server did not start"
}

stop() {
  [ -e "$dir/base" ] || return 0
  local bin
  base=$(cat "$dir/base") bin=$(cat "$dir/bin")
  as_owner "$bin/pg_ctl" -D "$base/data" -m immediate -w -t 30 stop >/dev/null 2>&1 || true
  case $base in /tmp/vigil-postgres.*) rm -rf "$base" ;; esac
  rm -rf "${dir:?}/base" "${dir:?}/bin"
  rmdir "$dir" 2>/dev/null || true
}

case $command in
start) start ;;
stop) stop ;;
*) fail "usage: scripts/postgres.sh start|stop DIR" ;;
esac
