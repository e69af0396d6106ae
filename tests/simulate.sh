#!/usr/bin/env bash
# Runs the whole service in worlds that fail by plan, one for each seed, and tells what failed how often; see tests/simulation/mod.rs.
#
# usage: tests/simulate.sh [SEEDS [FIRST]]        10,000 seeds from 1 on; about two in a second on two quiet cores
#
# Ends at the first broken promise with the seed, the last operations on the disk and the last steps. `tests/simulate.sh 1 SEED` replays it.
set -euo pipefail
cd "$(dirname "$0")/.."
export WANGLOU_SEEDS=${1:-10000} WANGLOU_SEED=${2:-1}
exec cargo test --release --locked --test it -- --exact simulation::whatever_fails_by_plan_no_promise_is_broken --nocapture
