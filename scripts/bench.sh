#!/usr/bin/env bash
# Measures looks and visits beside a raw net/http loop, in one run, on loopback.
# PostgreSQL is measured too when it can be started here.
set -euo pipefail
cd "$(dirname "$0")/.."
work=$(mktemp -d)
stop() {
  status=$?
  [ ! -d "$work/postgres" ] || scripts/postgres.sh stop "$work/postgres" >/dev/null 2>&1 || true
  rm -rf "$work"
  exit $status
}
trap stop EXIT INT TERM
CGO_ENABLED=0 go build -o "$work/vigil-lab" ./cmd/vigil-lab
if [ -z "${VIGIL_TEST_POSTGRES:-}" ] && dsn=$(scripts/postgres.sh start "$work/postgres" 2>/dev/null); then
  export VIGIL_TEST_POSTGRES=$dsn
fi
"$work/vigil-lab" bench "$@"
echo
echo "The parts alone, with their allocations:"
CGO_ENABLED=0 go test -run '^$' -bench . -benchmem ./judge ./crawler/fetch ./geolocate ./geolocate/distance ./geolocate/registry | grep '^Benchmark'
