#!/usr/bin/env bash
# wanglou extract beside what one would glue together in Python, in one run on one machine.
#
# usage: benches/peers.sh [SCRATCH] [ROUNDS]        (defaults: a folder below the system's temporary one, 3 rounds)
#
# Makes the peers' venv and corpora in SCRATCH (about 1.5 GB, kept for the next run), then takes turns: each round runs
# wanglou and glue_extract.py (none, rjieba, jieba), all with two threads, on each corpus. Shown are medians over the
# rounds: documents per second of wall time and of processor time, MB/s, peak memory, and how many times as fast as
# the peer wanglou is. Wall times include loading: of the lexicon here, of jieba's dictionary there (the peer's own
# figure, without the start of Python).
# The peer does less: one list of 338 terms, no places, no masking.
#
# environment: MACHINE (keeps the output, see benches/runs/README.md), WANGLOU (binary; else target/release/wanglou), WANGLOU_SHARED (shared data; else ../shared),
#              CORPORA (default "mix1m titles reviews"), SEGMENTERS (default "none rjieba jieba"), PYTHON (python3.11)
set -euo pipefail
cd "$(dirname "$0")/.."
source benches/record.sh
shared=${WANGLOU_SHARED:-../shared}
if [[ ! -f $shared/peers/glue_extract.py ]]; then
    echo "peers: $shared/peers is absent: nothing to compare with, skipped"
    exit 0
fi
binary=${WANGLOU:-${CARGO_TARGET_DIR:-target}/release/wanglou}
if [[ ! -x $binary ]]; then
    echo "peers: $binary is absent: run \`cargo build --release\` first, or set WANGLOU" >&2
    exit 2
fi
scratch=${1:-${TMPDIR:-/tmp}/wanglou-peers}
rounds=${2:-3}
read -ra corpora <<<"${CORPORA:-mix1m titles reviews}"
read -ra segmenters <<<"${SEGMENTERS:-none rjieba jieba}"
mkdir -p "$scratch"
if [[ ! -x $scratch/venv/bin/python ]]; then
    "${PYTHON:-python3.11}" -m venv "$scratch/venv" || python3 -m venv "$scratch/venv"
    "$scratch/venv/bin/pip" install --quiet jieba==0.42.1 rjieba==0.2.2 pyahocorasick==2.3.1 orjson==3.13.0 backports.zstd==1.8.0
fi
for corpus in "${corpora[@]}"; do
    [[ -s $scratch/$corpus.ndjson ]] || "$scratch/venv/bin/python" "$shared/peers/make_corpus.py" --out "$scratch" "$corpus"
done
exec "$scratch/venv/bin/python" benches/peers.py --binary "$binary" --peer "$shared/peers/glue_extract.py" \
    --scratch "$scratch" --rounds "$rounds" --corpora "${corpora[@]}" --segmenters "${segmenters[@]}"
