#!/usr/bin/env bash
# make fuzz: every fuzz target for FUZZTIME, one after the other. What a target
# finds is written to its package's testdata/fuzz: commit it with the fix.
set -euo pipefail
cd "$(dirname "$0")/.."

count=0
while read -r pkg; do
	for target in $(go test -list '^Fuzz' "$pkg" | grep '^Fuzz' || true); do
		echo "fuzz: $pkg $target for $FUZZTIME"
		go test -run '^$' -fuzz "^$target\$" -fuzztime "$FUZZTIME" "$pkg"
		count=$((count + 1))
	done
done < <(grep -rl --include='*_test.go' --exclude-dir=node_modules -e '^func Fuzz' . |
	xargs -r -n1 dirname | sort -u)
[ "$count" -gt 0 ] || { echo "fuzz: no fuzz target found" >&2; exit 1; }
echo "fuzz: $count targets, nothing found"
