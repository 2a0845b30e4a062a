#!/usr/bin/env bash
# Load with ghz, a stock tool: small calls, and one second of audio resampled, against thresholds.
#   bench/ghz.sh                                     starts bin/remotemedia and ends it
#   ADDRESS=host:port METRICS=host:port bench/ghz.sh loads a service that runs; METRICS is its HTTP port
#   bench/ghz.sh --counts                            a tenth of the calls, and no threshold of time: what make test runs
# Every call has to be answered with status OK, and the service has to have counted each as right: an error within an answer is
# none for ghz. ghz is built to build/tools once. Its client is the larger part of the latencies that it tells.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

version=v0.121.0
out=$PWD/build/ghz
mkdir -p "$out"

timed=1 part=1
if [[ ${1:-} == --counts ]]; then
  timed=0 part=10
elif (($# > 0)); then
  echo "usage: bench/ghz.sh [--counts]" >&2
  exit 2
fi

# shellcheck source=bench/stock.sh
source bench/stock.sh

tool ghz "github.com/bojand/ghz/cmd/ghz@$version" || exit 0
start_service

# The request of a node: its id is "n".
data() { # NODE PARAMS INPUTS
  python3 -c '
import json, sys
node, params, inputs = sys.argv[1:]
request = {"manifest": {"version": "v1", "nodes": [{"id": "n", "node_type": node, "params": params}]}, "client_version": "v1"}
if inputs == "audio":
    import base64, math, struct
    samples = b"".join(struct.pack("<f", 0.5 * math.sin(i * 440 * 2 * math.pi / 44100)) for i in range(44100))
    request["audio_inputs"] = {"n": {"samples": base64.b64encode(samples).decode(), "sample_rate": 44100, "channels": 1,
                                     "format": "AUDIO_FORMAT_F32", "num_samples": 44100}}
else:
    request["data_inputs"] = {"n": inputs}
print(json.dumps(request))' "$@"
}

# load NAME CALLS CONCURRENCY P95_MS PER_SECOND: both thresholds are of a machine with two cores, which ghz has to share.
load() {
  local name=$1 calls=$(($2 / part)) concurrency=$3 p95=$4 rate=$5 before after
  before=$(right)
  build/tools/ghz --insecure --proto remotemedia/v1/execution.proto -i proto --call remotemedia.v1.PipelineExecutionService.ExecutePipeline \
    -D "$out/$name.json" -n "$calls" -c "$concurrency" --connections "$(((concurrency + 99) / 100))" -O json -o "$out/$name.report.json" "$ADDRESS"
  after=$(right)
  python3 - "$name" "$out/$name.report.json" "$calls" "$((after - before))" "$p95" "$rate" "$timed" <<'PY'
import json, sys

name, path, calls, right, p95, rate, timed = sys.argv[1:]
with open(path) as f:
    report = json.load(f)
answered = report.get("statusCodeDistribution", {}).get("OK", 0)
quantile = {d["percentage"]: d["latency"] / 1e6 for d in report["latencyDistribution"]}
print(f"{name}: {report['count']} calls, {answered} answered, {right} right; {report['rps']:.0f} a second, "
      f"p50 {quantile[50]:.2f} ms, p95 {quantile[95]:.2f} ms")
wrong = []
if not report["count"] == answered == int(right) == int(calls):
    wrong.append(f"{calls} calls were to be made, answered and right; errors: {report.get('errorDistribution')}")
if timed == "1" and quantile[95] >= float(p95):
    wrong.append(f"p95 has to be below {p95} ms")
if timed == "1" and report["rps"] < float(rate):
    wrong.append(f"{rate} calls a second are asked for")
for what in wrong:
    print(f"FAILED: {name}: {what}")
sys.exit(bool(wrong))
PY
}

data CalculatorNode '{"operation": "add", "value": 5.0}' '{"value": 10.0}' >"$out/calculator.json"
data AudioResample '{"target_sample_rate": 16000}' audio >"$out/resample.json"
data PassThrough '{}' audio >"$out/pass.json"
load calculator 20000 20 20 2000
load resample 2000 1 10 100
load pass 2000 10 40 300
