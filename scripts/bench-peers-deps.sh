#!/usr/bin/env bash
# Installs what Scrip is compared with by `make bench-peers`, on Debian and its
# like. `make bench-peers` itself installs nothing; a peer that is missing is left
# out of its report.
set -euo pipefail

[ "$(id -u)" = 0 ] || { echo "bench-peers-deps: run this as root" >&2; exit 1; }
apt-get update -q
DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends redis-server redis-tools postgresql

echo "bench-peers-deps: done. The packages may have started servers of their own; stop them while measuring, they share the machine."
