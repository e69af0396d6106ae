#!/usr/bin/env bash
# The service under work, in one run on one machine: documents handed in without pause, searched beside, alerts waited for, feeds asked.
#
# usage: benches/service.sh [SCRATCH]        (default: a folder below the system's temporary one)
#
# Imports DOCS documents of mix1m into a data folder (kept for the next run), starts `wanglou run` on loopback, and for SECONDS hands in RATE
# documents a second over HTTP while two clients search with facets and one listens to the alert stream. Shown are latencies of searches, the
# time from the answer to a handed-in document until a search finds it, the time from reports of deaths until their alert is on the stream,
# and requests a second of the alert feed, whole and with a known ETag. The service runs on all cores, as do the clients: both share them.
#
# environment: MACHINE (keeps the output, see benches/runs/README.md), WANGLOU (binary; else target/release/wanglou), WANGLOU_SHARED (shared data; else ../shared), DOCS (1000000), RATE (500),
#              SECONDS_LONG (60), SEARCHERS (2), PORT (8078), PYTHON (python3.11)
set -euo pipefail
cd "$(dirname "$0")/.."
source benches/record.sh
shared=${WANGLOU_SHARED:-../shared}
if [[ ! -f $shared/peers/queries.py ]]; then
    echo "service: $shared/peers is absent: no corpus and no queries, skipped"
    exit 0
fi
binary=${WANGLOU:-${CARGO_TARGET_DIR:-target}/release/wanglou}
if [[ ! -x $binary ]]; then
    echo "service: $binary is absent: run \`cargo build --release\` first, or set WANGLOU" >&2
    exit 2
fi
scratch=${1:-${TMPDIR:-/tmp}/wanglou-peers}
mkdir -p "$scratch"
[[ -x $scratch/venv/bin/python ]] || "${PYTHON:-python3.11}" -m venv "$scratch/venv" || python3 -m venv "$scratch/venv"
"$scratch/venv/bin/pip" install --quiet rjieba==0.2.2 orjson==3.13.0 backports.zstd==1.8.0 aiohttp==3.14.5
[[ -s $scratch/mix1m.ndjson ]] || "$scratch/venv/bin/python" "$shared/peers/make_corpus.py" --out "$scratch" mix1m
[[ -s $scratch/queries.tsv ]] || "$scratch/venv/bin/python" "$shared/peers/queries.py" "$scratch/mix1m.ndjson" >"$scratch/queries.tsv"
exec "$scratch/venv/bin/python" benches/service.py --binary "$binary" --scratch "$scratch" --docs "${DOCS:-1000000}" \
    --rate "${RATE:-500}" --seconds "${SECONDS_LONG:-60}" --port "${PORT:-8078}" --searchers "${SEARCHERS:-2}"
