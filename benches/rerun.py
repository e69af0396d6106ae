"""Takes turns between `wanglou rerun` and the peer, then replays archives of growing size. Called by rerun.sh, which makes what it needs."""
import argparse, json, os, random, shutil, statistics, subprocess, sys, time
from pathlib import Path

FIRST, LAST = "2020-12-15", "2024-12-31"
PAGE_BYTES = 60_000   # of a page of the growing archives: text, and the rest of a page around it


def run(command):
    """Wall seconds, peak MiB of the largest process, and what was said on standard output."""
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    said, told = process.communicate()
    wall = time.perf_counter() - started
    if process.returncode:
        sys.exit(f"{' '.join(map(str, command))} failed:\n{told.decode(errors='replace')}")
    return wall, said.decode(), told.decode(errors="replace")


def with_peak(command):
    """As `run`, with the peak of the one process that it is."""
    wall, said, told = run(["/usr/bin/time", "-f", "peak %M", *map(str, command)])
    return wall, float(told.rsplit("peak ", 1)[1].split()[0]) / 1024, said


def ours(binary, archive, out, every="1d", last=LAST):
    shutil.rmtree(out, ignore_errors=True)
    wall, peak, said = with_peak([binary, "rerun", "--archive", archive, "--from", FIRST, "--to", last, "--every", every, "--out", out])
    summary = json.loads(said)
    return wall, peak, sum(source["collected"] for source in summary["sources"].values()), summary


def sides(args):
    print(f"2 threads, median of {args.rounds} rounds in turn, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the start\n")
    print("| corpus | program | documents/s of reading | whole replay s | read s | judge s | peak MiB | wanglou reads |")
    print("|---|---|---|---|---|---|---|---|")
    for corpus in args.corpora:
        archive, rows = args.scratch / corpus, {"wanglou": [], "glue, rjieba": []}
        for _ in range(args.rounds):
            wall, peak, documents, summary = ours(args.binary, archive, args.scratch / "out-wanglou")
            times = summary["timings"]
            rows["wanglou"].append((wall, times["read_s"], times["judge_s"], peak))
            wall, said, told = run([sys.executable, args.peer, "--archive", archive, "--from", FIRST, "--to", LAST,
                                    "--out", args.scratch / "out-glue", "--threads", "2", "--segmenter", "rjieba"])
            found = json.loads(next(line for line in said.splitlines() if line.startswith("{")))
            words = told.split()
            peak = next((float(words[at + 1]) for at, word in enumerate(words) if word == "peak"), float("nan"))
            rows["glue, rjieba"].append((wall, found["extract_s"], found["score_s"], peak))
        middle = {name: [statistics.median(column) for column in zip(*runs)] for name, runs in rows.items()}
        for name, (wall, read, judge, peak) in middle.items():
            times = "" if name == "wanglou" else f"{read / middle['wanglou'][1]:.2f} times as fast"
            print(f"| {corpus} ({documents:,}) | {name} | {documents / read:,.0f} | {wall:.1f} | {read:.1f} | {judge:.1f} | {peak:.0f} | {times} |", flush=True)


def pages(path, texts, gigabytes):
    """A WARC file of so many gigabytes: pages of their own address around texts, with menus and scripts as pages have them."""
    rng = random.Random(7)
    menu = "".join(f'<li class="item-{n}"><a href="/list/{n}.html">栏目{n}</a></li>' for n in range(200))
    script = "<script>var a=[" + ",".join(str(rng.randrange(10**6)) for _ in range(2_000)) + "];</script>"
    head, count, size = f"<ul>{menu}</ul>{script}", 0, 0
    filler = "<div class=\"side\">" + "今日要闻与服务信息" * 20 + "</div>"
    fill = (filler * (PAGE_BYTES // len(filler.encode()) + 1)).encode()
    with open(path, "wb") as out:
        while size < gigabytes * 10**9:
            text, day = texts[count % len(texts)]
            url = f"https://news{count % 50}.example/{day}/{count}.html"
            top = (f"<html><head><meta charset=utf-8><title>{text[:30]}</title></head><body>{head}<article><h1>{text[:30]}</h1>"
                   f'<time datetime="{day}T08:00:00+08:00">{day}</time><div class="body"><p>{text}，编号{count}</p></div></article>').encode()
            body = top + fill[: max(0, PAGE_BYTES - len(top))].decode(errors="ignore").encode() + b"</body></html>"
            http = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: %d\r\n\r\n" % len(body) + body
            record = (f"WARC/1.1\r\nWARC-Type: response\r\nWARC-Record-ID: <urn:uuid:{count:08x}-0000-4000-8000-{count:012x}>\r\n"
                      f"WARC-Date: {day}T08:00:00Z\r\nWARC-Target-URI: {url}\r\nContent-Type: application/http;msgtype=response\r\n"
                      f"Content-Length: {len(http)}\r\n\r\n").encode() + http + b"\r\n\r\n"
            size += out.write(record)
            count += 1
    return count, size


def growing(args):
    with open(args.scratch / "mix1m.ndjson", "rb") as lines:
        documents = (json.loads(line) for line, _ in zip(lines, range(400_000)))
        texts = [(document["text"], document["published_at"][:10]) for document in documents]
    print("\n| raw pages | pages | replay s | MB/s | peak MiB |")
    print("|---|---|---|---|---|")
    seen = []
    for gigabytes in args.grow:
        path = args.scratch / "growing.warc"
        count, size = pages(path, texts, gigabytes)
        wall, peak, documents, _ = ours(args.binary, path, args.scratch / "out-growing", every="366d")
        path.unlink()
        if documents != count:
            sys.exit(f"{count} pages were written and {documents} read")
        seen.append((size / 1e9, wall))
        print(f"| {size / 1e9:.1f} GB | {count:,} | {wall:.1f} | {size / 1e6 / wall:.1f} | {peak:.0f} |", flush=True)
    if len(seen) > 2:
        xs, ys = zip(*seen)
        fit = statistics.correlation(xs, ys) ** 2
        print(f"\ntime over size: R² = {fit:.4f} of a straight line")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", required=True)
    parser.add_argument("--peer", required=True)
    parser.add_argument("--scratch", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--corpora", nargs="*", default=[])
    parser.add_argument("--grow", nargs="*", type=float, default=[])
    args = parser.parse_args()
    if args.corpora:
        sides(args)
    if args.grow:
        growing(args)


if __name__ == "__main__":
    main()
