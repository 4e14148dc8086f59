#!/usr/bin/env bash
# Runs the tests: scripts/test.sh short|long RACE ENV, as the Makefile does. Starts PostgreSQL in a temporary
# folder; long finds Chromium as well. Debian's packages are installed when they are missing and this is root. On a
# build machine (CI=true) whatever is missing is an error; elsewhere it is said, and the tests that need it do not run.
set -euo pipefail
cd "$(dirname "$0")/.."
kind=$1 race=${2:-} env_pair=${3:-CGO_ENABLED=0}

missing() {
  if [ "${CI:-}" = true ]; then echo "make test: $1" >&2; exit 1; fi
  echo "make test: $1 (the tests that need it do not run here)" >&2
}

[ -n "$race" ] || missing "no C compiler, so the race detector is off: install gcc"

work=$(mktemp -d)
stop() {
  status=$?
  [ -z "${VIGIL_TEST_POSTGRES:-}" ] || [ ! -d "$work/postgres" ] || scripts/postgres.sh stop "$work/postgres" >/dev/null 2>&1 || true
  rm -rf "$work"
  exit $status
}
trap stop EXIT INT TERM

if [ -z "${VIGIL_TEST_POSTGRES:-}" ]; then
  if dsn=$(scripts/postgres.sh start "$work/postgres"); then
    export VIGIL_TEST_POSTGRES=$dsn
  else
    missing "PostgreSQL could not be started: install Debian's package postgresql"
  fi
fi

find_chromium() { command -v chromium || command -v chromium-browser || command -v google-chrome; }
if [ "$kind" = long ] && [ -z "${VIGIL_TEST_CHROMIUM:-}" ]; then
  if ! find_chromium >/dev/null && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "make test-long: installing chromium" >&2
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core; } >"$work/apt.log" 2>&1 || tail -5 "$work/apt.log" >&2
  fi
  if browser=$(find_chromium); then export VIGIL_TEST_CHROMIUM=$browser; else missing "no Chromium: install Debian's package chromium"; fi
fi

# The race detector sleeps a second at the end of each package for reports that come late: a tenth is enough, because
# a goroutine that is left behind fails its package.
export GORACE="${GORACE:-atexit_sleep_ms=100}"
if [ "$kind" = long ]; then export VIGIL_TEST_LONG=1; else unset VIGIL_TEST_LONG; fi
# shellcheck disable=SC2086
env "$env_pair" go test $race -count=1 -timeout 15m ./...
