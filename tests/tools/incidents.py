#!/usr/bin/env python3
"""Which known incidents did a rerun alert, and when?

    incidents.py REPLAY_DIR EVENTS_CSV

An incident counts as alerted on the day of the first `opened` or `raised` line of alerts.ndjson that lists evidence whose
text matches the incident's `signal_regex` and was published within 200 days of its first signal. Standard library only.
`wanglou eval backtest` will replace this.
"""
import csv
import datetime
import json
import pathlib
import re
import sys

WINDOW_DAYS = 200


def main(replay: str, events: str) -> None:
    lines = [json.loads(line) for line in (pathlib.Path(replay) / "alerts.ndjson").open(encoding="utf-8")]
    told = [line for line in lines if line["event"] in ("opened", "raised")]
    rows = list(csv.DictReader(open(events, encoding="utf-8")))
    in_time = found = 0
    for row in rows:
        pattern = re.compile(row["signal_regex"])
        signal = datetime.date.fromisoformat(row["first_signal"])

        def about(line: dict) -> bool:
            return any(
                pattern.search(evidence["text"])
                and abs((datetime.date.fromisoformat(evidence["published_at"][:10]) - signal).days) <= WINDOW_DAYS
                for evidence in line["evidence"]
            )

        first = min((line for line in told if about(line)), key=lambda line: line["as_of"], default=None)
        verdict = "not alerted"
        if first:
            found += 1
            early = first["as_of"] <= row["first_action"]
            in_time += early
            verdict = f"{first['as_of']} {'in time' if early else 'late'}: {first['category']} {first['hazard']} {first['brand'] or '-'}"
        print(f"{row['event']} signal {row['first_signal']} action {row['first_action']}: {verdict}")
    opened = sum(line["event"] == "opened" for line in lines)
    print(f"{in_time} of {len(rows)} on or before the first action, {found} at all; {opened} alerts opened")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
