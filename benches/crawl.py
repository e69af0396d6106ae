"""The measuring half of crawl.sh: serves the site, takes turns, checks that nothing is missing, prints medians."""

import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

PER_LIST = 50
RECIPE = """\
id = "bench"
name = "示例商城 反馈"
channel = "complaint"
kind = "html"
start = ["http://127.0.0.1:{port}/list/{{page}}"]
pages = {{ from = 0, to = {last} }}
allow_loopback = true
schedule.every = "1d"
# Nobody is hurt by haste on a site of one's own; any other host is asked at its pace.
rate.unpaced = ["127.0.0.1"]
rate.at_once = {at_once}
bounds.list_pages_max = 1000
bounds.details_per_round_max = 100000
[list]
item = "li"
link = "a.item"
[detail.fields]
title = "article.content h1"
text = "article.content .body"
published_at = {{ selector = "article.content time", attr = "datetime" }}
brand = "article.content .brand"
platform_category = "article.content .platform_category"
"""


def peer(name, args):
    """Runs a peer; pages/s, pages per processor second, MiB."""
    script = {"aiohttp": "crawl_aiohttp.py", "scrapy": "crawl_scrapy.py"}[name]
    command = [sys.executable, str(args.peers_dir / script), "--url", f"http://127.0.0.1:{args.port}/"]
    out = args.scratch / f"{name}.jsonl"
    done = subprocess.run([*command, "--out", str(out)], capture_output=True, text=True, timeout=300, check=True)
    found = re.search(r"(\d+) responses, (\d+) items, .* wall (\d+) pages/s (\d+) pages/cpu-s peak (\d+)", done.stdout)
    if not found or int(found[2]) != args.pages:
        sys.exit(f"crawl: {name} did not bring all {args.pages} pages: {done.stdout}{done.stderr}")
    return [int(found[n]) for n in (3, 4, 5)]


def wanglou(args):
    """Runs the collector on a fresh folder; the same three numbers, from its own report."""
    data, recipes = args.scratch / "data", args.scratch / "recipes"
    shutil.rmtree(data, ignore_errors=True)
    recipes.mkdir(exist_ok=True)
    last = -(-args.pages // PER_LIST) - 1
    (recipes / "bench.toml").write_text(RECIPE.format(port=args.port, last=last, at_once=args.at_once), "utf-8")
    command = [args.binary, "source", "--sources", str(recipes), "--data", str(data), "collect", "bench"]
    with open(args.scratch / "wanglou.err", "wb") as errors:
        running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors)
        told = running.stdout.read().decode()
        _, status, use = os.wait4(running.pid, 0)
    report = json.loads(told.splitlines()[-1]) if status == 0 and told else {}
    if report.get("kept") != args.pages or report.get("collected") != args.pages:
        said = (args.scratch / "wanglou.err").read_text("utf-8")
        sys.exit(f"crawl: wanglou did not bring all {args.pages} pages: {told}{said}")
    requests = report["requests"]
    return [requests / report["seconds"], requests / (use.ru_utime + use.ru_stime), use.ru_maxrss / 1024]


def archive_is_sound(args):
    """`warcio check` finds no error, and every exchange is there."""
    files = sorted((args.scratch / "data" / "warc").glob("*.warc.gz"))
    check = subprocess.run([Path(sys.executable).parent / "warcio", "check", *files], capture_output=True, text=True)
    if check.returncode != 0:
        sys.exit(f"crawl: warcio check: {check.stdout}{check.stderr}")
    size = sum(file.stat().st_size for file in files)
    print(f"archive: {len(files)} files, {size / 1e6:.1f} MB, warcio check finds no error")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", required=True)
    parser.add_argument("--peers-dir", type=Path, required=True)
    parser.add_argument("--scratch", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--pages", type=int, default=10_000)
    parser.add_argument("--at-once", type=int, default=32)
    parser.add_argument("--port", type=int, default=8099)
    parser.add_argument("--peers", nargs="*", default=["aiohttp", "scrapy"])
    args = parser.parse_args()
    serve = [sys.executable, str(args.peers_dir / "crawl_site.py"), "--port", str(args.port), "--pages", str(args.pages)]
    site = subprocess.Popen([*serve, "--seconds", "1800"], stderr=subprocess.DEVNULL)
    try:
        for _ in range(200):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{args.port}/robots.txt", timeout=1).read()
                break
            except OSError:
                time.sleep(0.1)
        runs = {name: [] for name in [*args.peers, "wanglou"]}
        for number in range(args.rounds):
            for name in runs:
                runs[name].append(wanglou(args) if name == "wanglou" else peer(name, args))
                print(f"round {number + 1}: {name:8} {runs[name][-1][0]:6.0f} pages/s", file=sys.stderr)
    finally:
        site.terminate()
        site.wait()
    print(f"{args.pages} pages of 4 kB and their lists on loopback, medians of {args.rounds} rounds")
    middle = {name: [statistics.median(column) for column in zip(*rows)] for name, rows in runs.items()}
    ours = middle["wanglou"][0]
    for name, (wall, cpu, peak) in middle.items():
        times = "" if name == "wanglou" else f"   wanglou is {ours / wall:.2f} times as fast"
        print(f"{name:8} {wall:6.0f} pages/s {cpu:6.0f} pages/cpu-s {peak:5.0f} MiB{times}")
    archive_is_sound(args)


if __name__ == "__main__":
    main()
