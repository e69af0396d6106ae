# Sourced by the benches: with MACHINE=WORD (cores and memory, e.g. 2cores-24GiB) what a bench prints is also kept, in
# benches/runs/DATE-WORD/BENCH.txt.
if [[ -n ${MACHINE:-} ]]; then
    record=benches/runs/$(date -u +%F)-$MACHINE
    mkdir -p "$record"
    record=$record/$(basename "$0" .sh).txt
    {
        echo "# $(date -u +%FT%TZ) commit $(git rev-parse --short HEAD)$(git diff --quiet HEAD || echo +)"
        echo "# $(grep -m1 'model name' /proc/cpuinfo | cut -d: -f2 | xargs), $(nproc) cores, $(awk '/MemTotal/ { printf "%.0f", $2 / 1048576 }' /proc/meminfo) GiB, load $(cut -d' ' -f1-3 /proc/loadavg)"
        for setting in ROUNDS CORPORA CORPUS SEGMENTERS PAGES AT_ONCE PEERS GROW DOCS RATE SECONDS_LONG SEARCHERS; do
            [[ -z ${!setting+set} ]] || echo "# $setting=${!setting}"
        done
    } >"$record"
    exec > >(tee -a "$record") 2>&1
fi
