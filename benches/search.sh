#!/usr/bin/env bash
# The search index beside SQLite FTS5 and Lucene, in one run on one machine.
#
# usage: benches/search.sh [SCRATCH]        (default: a folder below the system's temporary one)
#
# Makes the peers' venv, the corpus and the 500 queries in SCRATCH (kept for the next run), then runs, one after the other:
# `cargo bench --bench search` (both text fields, all facets, stories), FTS5 with words, and Lucene's cjk and smartcn
# analysers where Java and the jars are. FTS5 and Lucene index text and day only, and count no facets.
#
# environment: MACHINE (keeps the output, see benches/runs/README.md), WANGLOU_SHARED (shared data; else ../shared), CORPUS (default reviews; titles, mix1m), PYTHON (python3.11),
#              LUCENE (folder with lucene-core, -analyzers-common and -analyzers-smartcn 8 jars; else Lucene is left out),
#              BENCH (a built bench binary; else cargo builds it)
set -euo pipefail
cd "$(dirname "$0")/.."
source benches/record.sh
shared=${WANGLOU_SHARED:-../shared}
if [[ ! -f $shared/peers/index_fts5.py ]]; then
    echo "search: $shared/peers is absent: nothing to compare with, skipped"
    exit 0
fi
scratch=${1:-${TMPDIR:-/tmp}/wanglou-search}
corpus=${CORPUS:-reviews}
mkdir -p "$scratch"
if [[ ! -x $scratch/venv/bin/python ]]; then
    "${PYTHON:-python3.11}" -m venv "$scratch/venv" || python3 -m venv "$scratch/venv"
    "$scratch/venv/bin/pip" install --quiet rjieba==0.2.2 orjson==3.13.0 pyahocorasick==2.3.1 jieba==0.42.1 backports.zstd==1.8.0
fi
python=$scratch/venv/bin/python
docs=$scratch/$corpus.ndjson
[[ -s $docs ]] || "$python" "$shared/peers/make_corpus.py" --data "$shared/data" --out "$scratch" "$corpus"
[[ -s $scratch/$corpus.tsv ]] || "$python" "$shared/peers/queries.py" "$docs" >"$scratch/$corpus.tsv"
echo "# load before: $(cut -d' ' -f1-3 /proc/loadavg)"
if [[ -n ${BENCH:-} ]]; then
    "$BENCH" "$docs" "$scratch/$corpus.tsv"
else
    cargo bench --bench search -- "$docs" "$scratch/$corpus.tsv"
fi
PYTHONPATH=$shared/peers "$python" "$shared/peers/index_fts5.py" words --threads 2 --db "$scratch/fts.db" \
    --queries "$scratch/$corpus.tsv" "$docs"
if [[ -n ${LUCENE:-} ]] && command -v javac >/dev/null; then
    path=$(printf '%s:' "$LUCENE"/lucene-{core,analyzers-common,analyzers-smartcn}-8*.jar)
    mkdir -p "$scratch/classes"
    javac -cp "$path" -d "$scratch/classes" "$shared/peers/LuceneBench.java"
    for analyser in cjk smartcn; do
        java -cp "$path$scratch/classes" LuceneBench "$docs" "$scratch/lucene" "$analyser" 2 "$scratch/$corpus.tsv"
    done
else
    echo "# Lucene left out: set LUCENE to a folder with its jars, and have a JDK"
fi
echo "# load after: $(cut -d' ' -f1-3 /proc/loadavg)"
