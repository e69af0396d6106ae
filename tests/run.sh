#!/usr/bin/env bash
# All tests: first those that need no network beyond loopback, then, with tests/foreign.sh, those that ask programs of others.
#
# usage: tests/run.sh [--offline]        --offline leaves tests/foreign.sh out
#
# At the end it lists what was left out and why. With CI=true anything left out is a failure, but for tests on shared data where there is no
# folder of shared data at all (../shared, or WANGLOU_SHARED).
set -euo pipefail
cd "$(dirname "$0")/.."

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
# Tests and tests/foreign.sh append here what they leave out: nextest hides what passing tests print.
export WANGLOU_SKIPS=$scratch/skips
: >"$WANGLOU_SKIPS"
# insta appends here which snapshots were compared.
export INSTA_SNAPSHOT_REFERENCES_FILE=$scratch/snapshots
: >"$INSTA_SNAPSHOT_REFERENCES_FILE"

echo "== Rust tests"
if cargo nextest --version >/dev/null 2>&1; then
  cargo nextest run --locked --no-fail-fast --status-level fail --final-status-level fail
  echo "== doc tests"
  cargo test --locked --doc --quiet
else
  echo "(one after the other; \`cargo install cargo-nextest --locked\` makes this quicker)"
  cargo test --locked --quiet --no-fail-fast
fi

echo "== snapshots that no test compares"
unset INSTA_SNAPSHOT_REFERENCES_FILE
git ls-files '*.snap' | while read -r file; do realpath "$file"; done | sort >"$scratch/kept"
xargs -r -d '\n' realpath <"$scratch/snapshots" | sort -u >"$scratch/compared"
if comm -23 "$scratch/kept" "$scratch/compared" | grep .; then
  echo "delete these files, or have a test compare them" >&2
  exit 1
fi

echo "== rules: their own examples"
cargo run --locked --quiet -- rules check
cargo run --locked --quiet -- rules test

echo "== a short simulated world, whole way"
cargo run --locked --quiet -- demo --exit --days 45 --data "$scratch/demo"

if [ "${1:-}" = --offline ]; then
  echo "tests/foreign.sh: left out by --offline" >>"$WANGLOU_SKIPS"
else
  tests/foreign.sh "${CARGO_TARGET_DIR:-target}/debug/wanglou" "$scratch/demo"
fi

if [ ! -s "$WANGLOU_SKIPS" ]; then
  echo "all suites passed, nothing was left out"
  exit 0
fi
echo "== left out"
sort -u "$WANGLOU_SKIPS"
excused='^$'
[ -d "${WANGLOU_SHARED:-../shared}" ] || excused='shared data absent'
if [ "${CI:-}" = true ] && grep -vq "$excused" "$WANGLOU_SKIPS"; then
  echo "CI leaves nothing out: install what is missing" >&2
  exit 1
fi
echo "all other suites passed"
