#!/usr/bin/env bash
# wanglou rerun beside what one would glue together in Python and DuckDB, in one run on one machine; then its memory and time on archives
# of growing size.
#
# usage: benches/rerun.sh [SCRATCH] [ROUNDS]        (defaults: a folder below the system's temporary one, 1 round)
#
# Makes the peer's venv and corpora in SCRATCH (kept for the next run), takes turns on mix1m.ndjson and pages.warc.gz, and shows how the
# time splits: the peer reads and computes two EARS statistics a day and cell; wanglou reads, builds stories and events, and assesses every
# day in full. Then archives of GROW gigabytes of raw pages are made one by one, replayed (days far apart: it is reading that grows) and
# deleted again.
#
# environment: MACHINE (keeps the output, see benches/runs/README.md), WANGLOU (binary; else target/release/wanglou), WANGLOU_SHARED (shared data; else ../shared),
#              CORPORA (default "mix1m.ndjson pages.warc.gz"), GROW (gigabytes, default "1 2 5"; "" for none), PYTHON (python3.11)
set -euo pipefail
cd "$(dirname "$0")/.."
source benches/record.sh
shared=${WANGLOU_SHARED:-../shared}
if [[ ! -f $shared/peers/glue_rerun.py ]]; then
    echo "rerun: $shared/peers is absent: nothing to compare with, skipped"
    exit 0
fi
binary=${WANGLOU:-${CARGO_TARGET_DIR:-target}/release/wanglou}
if [[ ! -x $binary ]]; then
    echo "rerun: $binary is absent: run \`cargo build --release\` first, or set WANGLOU" >&2
    exit 2
fi
scratch=${1:-${TMPDIR:-/tmp}/wanglou-peers}
mkdir -p "$scratch"
if [[ ! -x $scratch/venv/bin/python ]]; then
    "${PYTHON:-python3.11}" -m venv "$scratch/venv" || python3 -m venv "$scratch/venv"
fi
"$scratch/venv/bin/pip" install --quiet jieba==0.42.1 rjieba==0.2.2 pyahocorasick==2.3.1 orjson==3.13.0 backports.zstd==1.8.0 \
    duckdb fastwarc selectolax
for corpus in mix1m pages; do
    file=$scratch/$corpus.ndjson
    [[ $corpus == pages ]] && file=$scratch/pages.warc.gz
    [[ -s $file ]] || "$scratch/venv/bin/python" "$shared/peers/make_corpus.py" --out "$scratch" "$corpus"
done
read -ra corpora <<<"${CORPORA-mix1m.ndjson pages.warc.gz}"
read -ra grow <<<"${GROW-1 2 5}"
exec "$scratch/venv/bin/python" benches/rerun.py --binary "$binary" --peer "$shared/peers/glue_rerun.py" \
    --scratch "$scratch" --rounds "${2:-1}" --corpora "${corpora[@]}" --grow "${grow[@]}"
