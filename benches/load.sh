#!/usr/bin/env bash
# Two hours of ordinary load on one service: does it stay as it is?
#
# usage: benches/load.sh [SCRATCH]        (default: a folder below the system's temporary one)
#
# Brings a day's documents into a new folder and starts `wanglou run` on it, on loopback. Half of RATE documents a second are crawled from a site that grows, half are handed in; beside that
# four searches a second, feeds, pages, and a planned rerun every five minutes. Every ten seconds memory (mapped files apart) and open handles of the
# process are looked at. Fails when the last quarter lies more than 5 % above the first quarter after the warm-up, when a task was in trouble, when an
# answer was no good, or when the service ended by itself. A run of at most ten minutes shows every sample.
#
# environment: MACHINE (keeps the output, see benches/runs/README.md), WANGLOU (binary; else target/release/wanglou), SECONDS_LONG (7200),
#              WARM_UP (a sixth of it), RATE (50), PORT (8079), PYTHON (python3)
set -euo pipefail
cd "$(dirname "$0")/.."
source benches/record.sh
binary=${WANGLOU:-${CARGO_TARGET_DIR:-target}/release/wanglou}
if [[ ! -x $binary ]]; then
    echo "load: $binary is absent: run \`cargo build --release\` first, or set WANGLOU" >&2
    exit 2
fi
scratch=${1:-${TMPDIR:-/tmp}/wanglou-load}
mkdir -p "$scratch"
seconds=${SECONDS_LONG:-7200}
exec "${PYTHON:-python3}" benches/load.py --binary "$binary" --scratch "$scratch" --seconds "$seconds" \
    --warm-up "${WARM_UP:-$((seconds / 6))}" --rate "${RATE:-50}" --port "${PORT:-8079}"
