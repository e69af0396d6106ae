#!/usr/bin/env bash
# Published detectors beside the R package they are known by, on one long series with the same settings, in one run.
#
# usage: benches/methods.sh [WEEKS]        (default 1,000)
#
# Makes a weekly series with a season and bursts (seeded), runs EARS C1, flexible Farrington and the Poisson GLR by `wanglou method` and
# by R's `surveillance`, and prints monitored points, seconds and how many alarms differ. Wanglou's time is that of the whole process, R's of
# the call alone. Wants R with `surveillance` (Debian: r-cran-surveillance); says so and ends well without.
#
# environment: MACHINE (keeps the output, see benches/runs/README.md), WANGLOU (binary; else target/release/wanglou), PYTHON (python3)
set -euo pipefail
cd "$(dirname "$0")/.."
source benches/record.sh
binary=${WANGLOU:-${CARGO_TARGET_DIR:-target}/release/wanglou}
python=${PYTHON:-python3}
weeks=${1:-1000}
if [[ ! -x $binary ]]; then
    echo "methods: $binary is absent: run \`cargo build --release\` first, or set WANGLOU" >&2
    exit 2
fi
if ! command -v Rscript >/dev/null || ! Rscript -e 'library(surveillance)' >/dev/null 2>&1; then
    echo "methods: no R with the package surveillance: nothing to compare with, skipped"
    exit 0
fi
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
first=(8 400 300)
"$python" - "$weeks" "$scratch" "${first[@]}" <<'PY'
import json, math, random, sys

weeks, scratch, firsts = int(sys.argv[1]), sys.argv[2], [int(first) for first in sys.argv[3:]]
draw = random.Random(980)

def poisson(mean):
    limit, product, count = math.exp(-mean), draw.random(), 0
    while product > limit:
        product *= draw.random()
        count += 1
    return count

with open(f"{scratch}/series.csv", "w") as out:
    out.write('"index","date","count","mu0"\n')
    for week in range(1, weeks + 1):
        mean = 6 + 4 * math.sin(2 * math.pi * week / 52)
        burst = 8 if week % 97 < 3 else 0
        out.write(f"{week},,{poisson(mean + burst)},{mean}\n")
farrington = dict(freq=52, start=[1980, 1], b=4, w=3, reweight=True, weightsThreshold=2.58, alpha=0.01, trend=True, pThresholdTrend=1,
                  limit54=[0, 4], powertrans="2/3", noPeriods=10, pastWeeksNotIncluded=26, thresholdMethod="nbPlugin")
glr = {"f": "glrpois", "c.ARL": 5, "Mtilde": 1, "M": 200, "change": "intercept", "dir": "inc"}
ears = dict(method="C1", baseline=7, minSigma=0, alpha=0.001)
for name, config, first in zip(["ears", "farrington_flexible", "glr_cusum"], [ears, farrington, glr], firsts):
    with open(f"{scratch}/{name}.json", "w") as out:
        json.dump({"range": [first, weeks], "configs": {"one": config}}, out)
PY
Rscript benches/methods.R "$scratch/series.csv" "${first[@]}" "$scratch" >"$scratch/r.txt"
printf '%-20s %8s %10s %10s %8s %14s\n' method points "wanglou s" "R s" times "alarms differ"
while read -r name points seconds; do
    "$python" - "$binary" "$scratch" "$name" "$points" "$seconds" <<'PY'
import csv, subprocess, sys, time

binary, scratch, name, points, theirs = sys.argv[1:]
call = [binary, "method", name, "--config", f"{scratch}/{name}.json", "--input", f"{scratch}/series.csv"]
begin = time.perf_counter()
said = subprocess.run(call, check=True, capture_output=True, text=True).stdout
ours = time.perf_counter() - begin
found = {int(row["index"]): row["alarm"] for row in csv.DictReader(said.splitlines())}
with open(f"{scratch}/{name}.r.csv") as file:
    differ = sum(found.get(int(row["index"])) not in (row["alarm"], {"1": "true", "0": "false"}[row["alarm"]]) for row in csv.DictReader(file))
print(f"{name:<20} {points:>8} {ours:>10.3f} {float(theirs):>10.3f} {float(theirs) / ours:>7.1f}x {differ:>14}")
PY
done <"$scratch/r.txt"
