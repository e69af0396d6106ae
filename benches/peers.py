"""Takes turns between wanglou and the peers on the corpora, and prints a table. Called by peers.sh, which makes both."""
import argparse, os, statistics, subprocess, sys, time
from pathlib import Path


def run(command, path):
    """Wall seconds, processor seconds and peak MiB (of the largest process) of one run with a file as its input."""
    with open(path, "rb") as stdin:
        started = time.perf_counter()
        process = subprocess.Popen(command, stdin=stdin, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        said = process.stderr.read()
        _, status, use = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
    process.returncode = status
    if status != 0:
        sys.exit(f"{' '.join(map(str, command))} on {path} failed:\n{said.decode(errors='replace')}")
    peak = use.ru_maxrss
    words = said.split()
    for at, word in enumerate(words):
        if word == b"peak":                         # the peer's own count knows the largest of its processes
            peak = max(peak, float(words[at + 1]) * 1024)
        elif word == b"wall" and at >= 2:           # and leaves out the start of Python
            wall = float(words[at - 2])
    return wall, use.ru_utime + use.ru_stime, peak / 1024


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", required=True)
    parser.add_argument("--peer", required=True)
    parser.add_argument("--scratch", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", default="2")
    parser.add_argument("--corpora", nargs="+", required=True)
    parser.add_argument("--segmenters", nargs="*", required=True)
    args = parser.parse_args()
    rows = {"wanglou": [args.binary, "extract", "--threads", args.threads]}
    for segmenter in args.segmenters:
        rows[f"glue, {segmenter}"] = [sys.executable, args.peer, "--threads", args.threads, "--segmenter", segmenter]
    print(f"{args.threads} threads, median of {args.rounds} rounds in turn, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the start\n")
    print("| corpus | program | docs/s (least to most) | docs/cpu-s | MB/s | peak MiB | wanglou is |")
    print("|---|---|---|---|---|---|---|")
    for corpus in args.corpora:
        path = args.scratch / f"{corpus}.ndjson"
        with open(path, "rb") as lines:
            docs = sum(1 for _ in lines)
        size = path.stat().st_size
        runs = {name: [] for name in rows}
        for _ in range(args.rounds):
            for name, command in rows.items():
                runs[name].append(run(command, path))
        ours = statistics.median(wall for wall, _, _ in runs["wanglou"])
        for name, measured in runs.items():
            walls = [wall for wall, _, _ in measured]
            wall = statistics.median(walls)
            cpu = statistics.median(cpu for _, cpu, _ in measured)
            peak = max(peak for _, _, peak in measured)
            times = "" if name == "wanglou" else f"{wall / ours:.2f} times as fast"
            print(f"| {corpus} ({docs:,}, {size / 1e6:.0f} MB) | {name} | {docs / wall:,.0f} ({docs / max(walls):,.0f} to {docs / min(walls):,.0f}) "
                  f"| {docs / cpu:,.0f} | {size / 1e6 / wall:.1f} | {peak:.0f} | {times} |", flush=True)


if __name__ == "__main__":
    main()
