#!/usr/bin/env bash
# make check: what can be said about the tree without running the product.
# Stops at the first thing that is wrong and says what to do about it.
set -euo pipefail
cd "$(dirname "$0")/.."

fail() { echo "check: $1" >&2; exit 1; }

# Files that git knows or would add: build products and data directories are
# not ours to judge.
ours() { git ls-files --cached --others --exclude-standard -- "$@" | while read -r f; do [ -f "$f" ] && echo "$f"; done; true; }

# One line per file with its digest, to see what a generator changed. Works on a
# tree with uncommitted changes, where `git diff` could not tell ours from its.
fingerprint() { ours | tr '\n' '\0' | xargs -0 sha256sum; }

echo "check: gofmt"
unformatted=$(ours '*.go' | xargs -r gofmt -l)
[ -z "$unformatted" ] || fail "not formatted, run 'gofmt -w' on: $unformatted"

echo "check: go vet"
go vet ./...
go vet -tags soak ./...

echo "check: staticcheck"
make --no-print-directory -s bin/staticcheck
bin/staticcheck ./...

echo "check: floors, bans, ratchet"
go test -count=1 ./internal/lint

echo "check: go.mod and go.sum of every module"
for mod in $(ours 'go.mod' '*/go.mod'); do
	go mod tidy -C "$(dirname "$mod")" -diff ||
		fail "$mod is not tidy, run 'go mod tidy' in its folder"
done

echo "check: generated files"
before=$(fingerprint)
go generate ./...
after=$(fingerprint)
if [ "$before" != "$after" ]; then
	diff <(echo "$before") <(echo "$after") | awk '/^[<>]/ {print $3}' | sort -u >&2
	fail "go generate changed the files above: commit them with the change that caused it"
fi

if [ "${CI:-}" = true ]; then
	echo "check: clean tree"
	dirt=$(git status --porcelain)
	[ -z "$dirt" ] || fail "the tree has uncommitted changes: $dirt"
fi
echo "check: ok"
