#!/usr/bin/env bash
# tests-with.sh PATTERN COMMAND...: run COMMAND with the packages whose test
# files contain PATTERN appended. The long runs find their tests this way, so
# that a new one takes part by being written.
set -euo pipefail
cd "$(dirname "$0")/.."

pattern=$1
shift
mapfile -t packages < <(grep -rl --include='*_test.go' --exclude-dir=node_modules -e "$pattern" . |
	xargs -r -n1 dirname | sort -u)
if [ ${#packages[@]} = 0 ]; then
	echo "no test file contains '$pattern'" >&2
	exit 1
fi
exec "$@" "${packages[@]}"
