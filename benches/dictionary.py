#!/usr/bin/env python3
"""Whether reading costs the same however many words the dictionaries hold.

usage: benches/dictionary.py [--binary target/release/wanglou] [--rounds 5] DOCUMENTS.ndjson

Makes two lexicons from the shipped one in a temporary folder: brands, places and products thinned out to about 5,000 surfaces, and
brands made up (from characters of the real ones, so that texts come near them) to about 100,000. Takes turns with one thread each and
prints documents per second of processor time, without the loading (measured on an empty input). Less than 30 % apart is the aim.
"""
import argparse, os, random, shutil, statistics, subprocess, tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def lexicon(folder, entries):
    """A copy of the shipped lexicon with about so many surfaces."""
    for part in ("rules", "dictionaries"):
        shutil.copytree(ROOT / part, folder / part)
    names = folder / "dictionaries"
    brands = names / "brands.tsv"
    large = [brands, names / "regions.tsv", *sorted((names / "products").glob("*.tsv"))]
    rows = sum(not line.startswith("#") for table in large for line in table.read_text("utf-8").splitlines())
    if entries < rows:
        for table in large:
            lines = table.read_text("utf-8").splitlines()
            head = [line for line in lines if line.startswith("#")]
            body = [line for line in lines if line and not line.startswith("#")]
            table.write_text("\n".join(head + body[:: max(1, rows // max(1, entries // 10))]) + "\n", "utf-8")
    else:
        characters = [c for c in brands.read_text("utf-8") if "\u4e00" <= c <= "\u9fff"]
        drawn, made = random.Random(7), set()
        while len(made) < entries - rows:
            made.add("".join(drawn.choice(characters) for _ in range(drawn.randrange(3, 6))))
        with open(brands, "a", encoding="utf-8") as table:
            table.writelines(f"{word}\t{word}\ttoy\t\n" for word in sorted(made))
    return folder


def seconds(binary, folder, path):
    """Processor seconds of one run."""
    with open(path, "rb") as stdin:
        process = subprocess.Popen([binary, "extract", "--threads", "1", "--lexicon", folder], stdin=stdin, stdout=subprocess.DEVNULL)
        _, status, use = os.wait4(process.pid, 0)
    process.returncode = status
    if status:
        raise SystemExit(f"{binary} failed with {folder}")
    return use.ru_utime + use.ru_stime


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--binary", default=ROOT / "target/release/wanglou")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("documents")
    args = parser.parse_args()
    with open(args.documents, "rb") as lines:
        docs = sum(1 for _ in lines)
    with tempfile.TemporaryDirectory() as scratch:
        folders = {entries: lexicon(Path(scratch) / str(entries), entries) for entries in (5_000, 100_000)}
        rates = {entries: [] for entries in folders}
        for _ in range(args.rounds):
            for entries, folder in folders.items():
                loading = seconds(args.binary, folder, os.devnull)
                rates[entries].append(docs / (seconds(args.binary, folder, args.documents) - loading))
    small, large = (statistics.median(rates[entries]) for entries in folders)
    for entries, measured in rates.items():
        print(f"about {entries:,} surfaces: {statistics.median(measured):,.0f} docs/cpu-s ({min(measured):,.0f} to {max(measured):,.0f})")
    print(f"the large one reads at {large / small:.2f} times the rate of the small one")


if __name__ == "__main__":
    main()
