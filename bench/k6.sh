#!/usr/bin/env bash
# Load with k6 (bench/k6.js) on a service that is started for it.
#   bench/k6.sh                  starts bin/remotemedia and ends it
#   DURATION=30s bench/k6.sh     each of the three scenarios lasts so long, in place of 10 s
# k6 is built to build/tools once, which takes minutes.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

version=v1.8.1
out=$PWD/build/k6
mkdir -p "$out"
# shellcheck source=bench/stock.sh
source bench/stock.sh

tool k6 "go.k6.io/k6@$version" || exit 0
start_service
ADDRESS=$ADDRESS DURATION=${DURATION:-10s} build/tools/k6 run --no-usage-report --summary-export "$out/summary.json" bench/k6.js
