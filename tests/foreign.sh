#!/usr/bin/env bash
# Wanglou asked by programs of others: its archive, its pages, its deliveries, its sign-in. Installs them from PyPI into a folder of its own.
#
# usage: tests/foreign.sh WANGLOU DATA_FOLDER
#
# DATA_FOLDER: of a demo that has ended. What cannot run is told, and appended to the file that WANGLOU_SKIPS names; what runs
# and finds a fault ends this with status 1.
set -euo pipefail
cd "$(dirname "$0")/.."
program=$1
data=$2
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
python=$scratch/venv/bin/python

skip() {
  echo "skipped: $1: $2"
  if [ -n "${WANGLOU_SKIPS:-}" ]; then echo "tests/foreign.sh: $1: $2" >>"$WANGLOU_SKIPS"; fi
}

# Installs packages; ends badly where that is impossible.
install() {
  [ -x "$python" ] && "$python" -m pip install --quiet --disable-pip-version-check "$@"
}

if ! python3 -m venv "$scratch/venv" >/dev/null 2>&1; then
  rm -rf "$scratch/venv"
  echo "there is no python3 with venv here"
fi

echo "== the raw archive, read by another program (warcio)"
if install warcio==1.8.1; then
  for file in "$data"/warc/*.warc.gz; do
    "$scratch/venv/bin/warcio" check "$file"
    echo "$(basename "$file"): $("$scratch/venv/bin/warcio" index "$file" | wc -l) records, all digests right"
  done
else
  skip "raw archive" "warcio cannot be installed"
fi

echo "== the web face, asked by other programs (schemathesis, feedparser, the CAP schema, jsonschema, python-docx, pypdf)"
if install schemathesis==4.32.5 feedparser==6.0.14 xmlschema==4.3.2 jsonschema==4.26.0 python-docx==1.2.0 pypdf==7.1.0; then
  schema=${WANGLOU_SHARED:-../shared}/data/cap_schema/CAP-v1.2.xsd
  [ -f "$schema" ] || { skip "CAP schema" "shared data absent: data/cap_schema"; schema=; }
  "$python" tests/tools/web_face.py "$program" "$data" ${schema:+"$schema"}
else
  skip "web face" "schemathesis and the others cannot be installed"
fi

echo "== deliveries, verified by other programs (standardwebhooks, aiosmtpd)"
if install standardwebhooks==1.1.0 aiosmtpd==1.4.6 trustme==1.2.1; then
  "$python" tests/tools/deliveries.py "$program" "$data"
else
  skip "deliveries" "standardwebhooks and aiosmtpd cannot be installed"
fi

echo "== signing in by a provider of others (oidc-provider-mock)"
if install oidc-provider-mock==0.3.4 requests==2.34.2; then
  "$python" tests/tools/signin.py "$program"
else
  skip "sign-in" "oidc-provider-mock cannot be installed"
fi
