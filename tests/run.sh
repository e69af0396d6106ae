#!/usr/bin/env bash
# All tests: installs what the fuller suites need, then runs everything. Plain `cargo test` runs the same Rust tests alone.
set -euo pipefail
cd "$(dirname "$0")/.."

if ! cargo nextest --version >/dev/null 2>&1; then
  echo "installing cargo-nextest (once)"
  cargo install cargo-nextest --locked --quiet
fi

echo "== Rust tests"
cargo nextest run --locked --no-fail-fast --status-level fail --final-status-level fail
echo "== doc tests"
cargo test --locked --doc --quiet

echo "== rules: their own examples"
cargo run --locked --quiet -- rules check
cargo run --locked --quiet -- rules test

echo "== a short simulated world, whole way"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cargo run --locked --quiet -- demo --exit --days 45 --data "$scratch/demo"

echo "== the raw archive, read by another program (warcio)"
if command -v python3 >/dev/null 2>&1 && python3 -m venv "$scratch/venv" >/dev/null 2>&1; then
  "$scratch/venv/bin/pip" install --quiet --disable-pip-version-check warcio==1.8.1
  for file in "$scratch"/demo/warc/*.warc.gz; do
    "$scratch/venv/bin/warcio" check "$file"
    echo "$(basename "$file"): $("$scratch/venv/bin/warcio" index "$file" | wc -l) records, all digests right"
  done
else
  echo "skipped: no python3 with venv here"
fi
echo "all suites passed"
