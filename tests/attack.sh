#!/usr/bin/env bash
# The long attacks: the tests of tests/attack with the counts of hours instead of minutes.
#
# usage: tests/attack.sh [NAME]        only tests whose name holds NAME, e.g. kills, connections
#
# A hostile client (5,000 half-sent requests, 300 unfinished bodies, 1,200 clients that never read), a hostile party, and 1,000 kill -9 with a
# client's ledger. Each test ends by asking whether the watch goes on. What they measured is printed behind each test; the kills print one
# line: how many hit the start, work, backups, promotions and compaction, seconds for each, what was acknowledged, and how many answers the
# client lost. A test that fails prints its seed: WANGLOU_SEED=N makes the same choices again.
#
# environment: WANGLOU_KILLS (1000), WANGLOU_SEED (1), PROFILE (dev, or release), WANGLOU_ATTACK (long)
set -euo pipefail
cd "$(dirname "$0")/.."
export WANGLOU_ATTACK=${WANGLOU_ATTACK:-long}
profile=${PROFILE:-dev}
if cargo nextest --version >/dev/null 2>&1; then
    # Long is what these are meant to be: no test is ended for its time.
    exec cargo nextest run --locked --cargo-profile "$profile" --no-fail-fast --test-threads 1 --success-output immediate \
        --test it -E "test(/^attack::.*${1:-}/)"
fi
exec cargo test --locked --profile "$profile" --test it "attack::${1:-}" -- --test-threads 1 --nocapture
