#!/usr/bin/env bash
# What takes hours, by hand: scripts/soak.sh RACE ENV. `make test` ten times on a machine that is idle otherwise and
# three times beside eight busy processes, the long tests five times, and every fuzz target for five minutes. It goes on
# after a failure, and says at the end what failed.
set -uo pipefail
cd "$(dirname "$0")/.."
failed=() log=$(mktemp)
trap 'rm -f "$log"' EXIT

try() {
  local name=$1 began=$SECONDS
  shift
  if "$@" >"$log" 2>&1; then echo "$name: passed in $((SECONDS - began)) s"
  else
    echo "$name: FAILED after $((SECONDS - began)) s"
    grep -E '^(---|\s+---) FAIL|^FAIL|panic:|DATA RACE' "$log" | head -20
    failed+=("$name")
  fi
}

for i in $(seq 10); do try "make test, idle, $i" scripts/test.sh short "$@"; done
busy=()
for _ in $(seq 8); do
  timeout 3600 sh -c 'while :; do :; done' &
  busy+=($!)
done
for i in $(seq 3); do try "make test beside 8 busy processes, $i" scripts/test.sh short "$@"; done
kill "${busy[@]}" 2>/dev/null
wait "${busy[@]}" 2>/dev/null
for i in $(seq 5); do try "the long tests, $i" scripts/test.sh long "$@"; done
try "every fuzz target" scripts/fuzz.sh 5m
[ ${#failed[@]} = 0 ] || { printf 'FAILED: %s\n' "${failed[@]}"; exit 1; }
