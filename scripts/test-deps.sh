#!/usr/bin/env bash
# make test-deps: what the tests need beyond Go. npm packages go into the
# repository; only the C compiler of the race detector is installed system-wide,
# and only on Debian as root.
set -euo pipefail
cd "$(dirname "$0")/.."

fail() { echo "test-deps: $1" >&2; exit 1; }

# Compiles and links something: a compiler without its libc headers is none.
compiles() {
	local cc scratch result=0
	cc=$(go env CC)
	scratch=$(mktemp -d)
	printf '#include <stdlib.h>\nint main(void) { return EXIT_SUCCESS; }\n' >"$scratch/probe.c"
	$cc -o "$scratch/probe" "$scratch/probe.c" 2>/dev/null || result=1
	rm -r "$scratch"
	return $result
}

need_compiler() {
	if compiles; then
		return
	fi
	if [ "$(id -u)" = 0 ] && [ -f /etc/debian_version ]; then
		echo "test-deps: installing gcc for the race detector"
		apt-get update -q
		DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends gcc libc6-dev
		compiles && return
	fi
	fail "the race detector needs a C compiler and its libc headers (Debian: gcc libc6-dev); tried '$(go env CC)'"
}

# A package-lock.json may name no registry host, so that any mirror serves it.
need_packages() {
	dir=$(dirname "$1")
	command -v npm >/dev/null || fail "the tests in $dir need Node.js with npm: install nodejs"
	[ -f "$dir/package-lock.json" ] || fail "$dir/package-lock.json is missing: run npm install in $dir"
	grep -qs '^omit-lockfile-registry-resolved=true$' "$dir/.npmrc" ||
		fail "$dir/.npmrc must say omit-lockfile-registry-resolved=true"
	if grep -q '"resolved": "http' "$dir/package-lock.json"; then
		fail "$dir/package-lock.json names a registry: delete it and node_modules, and run npm install again"
	fi
	# npm writes this file last; older than the lock file means an install that
	# is out of date or was interrupted.
	if [ ! "$dir/node_modules/.package-lock.json" -nt "$dir/package-lock.json" ]; then
		echo "test-deps: npm packages of $dir"
		(cd "$dir" && npm ci --no-audit --no-fund --loglevel=error)
		touch "$dir/node_modules/.package-lock.json"
	fi
}

need_compiler
# Every package.json outside the console, whose built files are committed.
while read -r manifest; do
	need_packages "$manifest"
done < <(find . -name package.json -not -path '*/node_modules/*' -not -path './web/*' | sort)
