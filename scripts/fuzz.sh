#!/usr/bin/env bash
# Runs fuzz targets of the module, each for a while: scripts/fuzz.sh TIME [HOW-MANY]
# With HOW-MANY only so many, the next ones in turn with each commit, so that all have their turn.
set -euo pipefail
cd "$(dirname "$0")/.."
time=${1:-20s} many=${2:-}

mapfile -t targets < <(grep -rnoE '^func Fuzz[A-Za-z0-9_]*' --include='*_test.go' . | sed -E 's|^(.*)/[^/]*:[0-9]+:func (.*)$|\1 \2|' | sort -u)
count=${#targets[@]}
first=0
if [ -n "$many" ] && [ "$many" -lt "$count" ]; then
  turn=$(git rev-list --count HEAD 2>/dev/null || date +%j)
  first=$((10#$turn * many % count))
else
  many=$count
fi
for ((i = 0; i < many; i++)); do
  read -r dir target <<<"${targets[(first + i) % count]}"
  echo "== $dir $target"
  go test "$dir" -run '^$' -fuzz "^$target\$" -fuzztime "$time"
done
