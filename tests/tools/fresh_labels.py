#!/usr/bin/env python3
"""Rebuilds the freshly labelled texts, so that `wanglou eval extraction` can judge the reader on them.

    fresh_labels.py [--shared DIR] [--labels FILE] OUT_DIR

`tests/data/fresh_labels.jsonl` holds labels by reference and no text: the data file below the shared folder, the row in it
(1 is the first line or record, a header included; of the archive of incidents, the name of the member), the length of the text
in characters, the set, and the labels with the places of their words as [first character, one past the last]. This script reads
the texts there and writes one NDJSON file a set, `reviews-look.jsonl`, `open-blind.jsonl` and so on, in the form of the gold set:

    python3 tests/tools/fresh_labels.py /tmp/fresh && wanglou eval extraction /tmp/fresh/open-blind3.jsonl

No text stands in the gold sets (eight that did were taken out). A set named `look` was read while rules were written: judge nothing by it.
A set named `blind` was labelled before the rules that it first judged, and its errors were not read for them; numbered sets were drawn
one after the other, and later rules may have been written with the tables of earlier sets known. `open` are headlines, hot questions and
news without a platform's category, `reviews` are reviews of goods and take-away meals, `cars` car complaints; about half were drawn because
the reader said something or a hazard word stood there, so the share of positives says nothing of the stream. One reader labelled each
text once, by the guide of the gold set.

A row whose text is missing or has another length is named on standard error, left out, and makes the exit code 1. Standard library
and the `zstd` command only. The shared folder is `$WANGLOU_SHARED/data` or `../shared/data`.
"""
import argparse
import csv
import io
import json
import os
import pathlib
import subprocess
import sys
import tarfile

HERE = pathlib.Path(__file__).resolve().parent
QUALITY = {"labelling", "counterfeit", "measure", "malfunction"}
# Per data file: how its rows are told apart, and the column or key of the text and of what the platform knows.
CSV = {
    "waimai_10k/reviews.csv.zst": ("review", {}),
    "online_shopping_10_cats/reviews.csv.zst": ("review", {}),
    "duee_events/sentences.csv": ("text", {}),
    "car_complaints/complaints.csv": ("desc", {"brand": "brand", "series": "series", "date": "date"}),
}


def raw(shared: pathlib.Path, name: str) -> bytes:
    """The bytes of a data file, unpacked."""
    path = shared / name
    if path.suffix != ".zst":
        return path.read_bytes()
    return subprocess.run(["zstd", "-dcq", path], capture_output=True, check=True).stdout


def rows(shared: pathlib.Path, name: str) -> dict:
    """Row to (text, meta) of one data file."""
    data = raw(shared, name)
    if name in CSV:
        column, meta = CSV[name]
        records = csv.DictReader(io.StringIO(data.decode(), newline=""))
        return {n: (r[column], {key: r[of] for key, of in meta.items() if r[of]}) for n, r in enumerate(records, 2)}
    if name.endswith(".tar.zst"):
        members = tarfile.open(fileobj=io.BytesIO(data)).getnames()
        return {m: (pathlib.PurePosixPath(m).stem, {}) for m in members if m.endswith(".xml")}
    lines = data.decode().split("\n")
    if name.startswith("thucnews_titles/"):
        return {n: (line.split("\t")[0], {}) for n, line in enumerate(lines, 1) if line}
    if ".json" in name:
        return {n: (json.loads(line)["sentence"], {}) for n, line in enumerate(lines, 1) if line.strip()}
    pairs = ((n, line.rstrip("\r").split("\t", 1)) for n, line in enumerate(lines, 1) if "\t" in line)
    return {n: (text, {"date": date}) for n, (date, text) in pairs}


def entry(label: dict, text: str, meta: dict) -> dict:
    """One line of the gold set's form."""

    def at(place):
        return None if place is None else text[place[0] : place[1]]

    signals = [
        {
            "product": s["product"],
            "product_text": at(s["product_at"]),
            "hazard": s["hazard"],
            "hazard_text": at(s["hazard_at"]),
            "stance": s["stance"],
            "severity": s["severity"],
        }
        for s in label["signals"]
    ]
    distractors = [
        {"hazard": d["hazard"], "hazard_text": at(d["hazard_at"]), "stance": d["stance"]} for d in label["distractors"]
    ]
    if label["category"]:
        meta = {**meta, "platform_category": label["category"]}
    return {
        "id": label["id"],
        "source": label["source"],
        "meta": meta,
        "text": text,
        "risk": int(bool(signals)),
        "safety": int(any(s["hazard"] not in QUALITY for s in signals)),
        "signals": signals,
        "distractors": distractors,
        "place": None,
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", default=os.environ.get("WANGLOU_SHARED", HERE.parents[2] / "shared"), type=pathlib.Path)
    parser.add_argument("--labels", default=HERE.parent / "data" / "fresh_labels.jsonl", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path)
    given = parser.parse_args()
    labels = [json.loads(line) for line in given.labels.open(encoding="utf-8")]
    files = {name: rows(given.shared / "data", name) for name in sorted({label["file"] for label in labels})}
    sets, lost = {}, 0
    for label in labels:
        text, meta = files[label["file"]].get(label["row"], (None, None))
        if text is None or len(text) != label["chars"]:
            lost += 1
            print(f"{label['id']}: no text of {label['chars']} characters in {label['file']}, row {label['row']}", file=sys.stderr)
            continue
        sets.setdefault(label["set"], []).append(entry(label, text, meta))
    given.out.mkdir(parents=True, exist_ok=True)
    for name, entries in sorted(sets.items()):
        with (given.out / f"{name}.jsonl").open("w", encoding="utf-8") as file:
            file.writelines(json.dumps(e, ensure_ascii=False) + "\n" for e in entries)
        print(f"{name}: {len(entries)} texts, {sum(e['risk'] for e in entries)} with a signal")
    return int(lost > 0)


if __name__ == "__main__":
    sys.exit(main())
