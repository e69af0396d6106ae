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

echo "== the web face, asked by other programs (schemathesis, feedparser, the CAP schema, jsonschema, python-docx, pypdf)"
if [ -x "$scratch/venv/bin/pip" ]; then
  "$scratch/venv/bin/pip" install --quiet --disable-pip-version-check schemathesis==4.32.5 feedparser==6.0.14 xmlschema==4.3.2 \
    jsonschema==4.26.0 python-docx==1.2.0 pypdf==7.1.0
  schema=${WANGLOU_SHARED:-../shared}/data/cap_schema/CAP-v1.2.xsd
  program=${CARGO_TARGET_DIR:-target}/debug/wanglou
  "$scratch/venv/bin/python" tests/tools/web_face.py "$program" "$scratch/demo" $([ -f "$schema" ] && echo "$schema")
else
  echo "skipped: no python3 with venv here"
fi

echo "== deliveries, verified by other programs (standardwebhooks, aiosmtpd)"
if [ -x "$scratch/venv/bin/pip" ]; then
  "$scratch/venv/bin/pip" install --quiet --disable-pip-version-check standardwebhooks==1.1.0 aiosmtpd==1.4.6 trustme==1.2.1
  "$scratch/venv/bin/python" tests/tools/deliveries.py "${CARGO_TARGET_DIR:-target}/debug/wanglou" "$scratch/demo"
else
  echo "skipped: no python3 with venv here"
fi
echo "== signing in by a provider of others (oidc-provider-mock)"
if [ -x "$scratch/venv/bin/pip" ]; then
  "$scratch/venv/bin/pip" install --quiet --disable-pip-version-check oidc-provider-mock==0.3.4 requests==2.34.2
  "$scratch/venv/bin/python" tests/tools/signin.py "${CARGO_TARGET_DIR:-target}/debug/wanglou"
else
  echo "skipped: no python3 with venv here"
fi
echo "all suites passed"
