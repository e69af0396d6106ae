#!/usr/bin/env bash
# wanglou's collector beside crawlers that one would write by hand, on one site, in one run on one machine.
#
# usage: benches/crawl.sh [SCRATCH] [ROUNDS]        (defaults: a folder below the system's temporary one, 3 rounds)
#
# Serves a site of PAGES pages of 4 kB on loopback, then takes turns: each round runs the aiohttp crawler, the tuned Scrapy
# spider and `wanglou source collect`, which also archives every exchange as WARC, masks, and puts every document into the
# durable log. Every crawler must bring all pages, or the run fails. Shown are medians over the rounds: pages per second of
# wall time and of processor time, peak memory, and how many times as fast as the peer wanglou is. Times are the crawlers'
# own, without the start of a process. The peers do less: they neither archive, nor mask, nor survive a kill.
#
# environment: MACHINE (keeps the output, see benches/runs/README.md), WANGLOU (binary; else target/release/wanglou), WANGLOU_SHARED (shared data; else ../shared), PAGES (10000),
#              AT_ONCE (32), PEERS (default "aiohttp scrapy"), PYTHON (python3.11), PORT (8099)
set -euo pipefail
cd "$(dirname "$0")/.."
source benches/record.sh
shared=${WANGLOU_SHARED:-../shared}
if [[ ! -f $shared/peers/crawl_site.py ]]; then
    echo "crawl: $shared/peers is absent: nothing to crawl or to compare with, skipped"
    exit 0
fi
binary=${WANGLOU:-${CARGO_TARGET_DIR:-target}/release/wanglou}
if [[ ! -x $binary ]]; then
    echo "crawl: $binary is absent: run \`cargo build --release\` first, or set WANGLOU" >&2
    exit 2
fi
scratch=${1:-${TMPDIR:-/tmp}/wanglou-crawl}
rounds=${2:-3}
read -ra peers <<<"${PEERS-aiohttp scrapy}"
mkdir -p "$scratch"
if [[ ! -x $scratch/venv/bin/python ]]; then
    "${PYTHON:-python3.11}" -m venv "$scratch/venv" || python3 -m venv "$scratch/venv"
    "$scratch/venv/bin/pip" install --quiet selectolax==1.0.2 aiohttp==3.14.5 uvloop==0.23.0 orjson==3.13.0 \
        Scrapy==2.19.0 warcio==1.8.1
fi
exec "$scratch/venv/bin/python" benches/crawl.py --binary "$binary" --peers-dir "$shared/peers" --scratch "$scratch" \
    --rounds "$rounds" --pages "${PAGES:-10000}" --at-once "${AT_ONCE:-32}" --port "${PORT:-8099}" --peers "${peers[@]}"
