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
ghz=$PWD/build/tools/ghz
mkdir -p "$out"

timed=1 part=1
if [[ ${1:-} == --counts ]]; then
  timed=0 part=10
elif (($# > 0)); then
  echo "usage: bench/ghz.sh [--counts]" >&2
  exit 2
fi

if [[ ! -x $ghz ]]; then
  # Outside of this module, whose dependencies aren't its. Nothing but the service is to be had here: without the tool there is no test.
  if ! (cd "$out" && GOBIN=$PWD/../tools GOFLAGS='' GOWORK=off go install "github.com/bojand/ghz/cmd/ghz@$version") 2>"$out/install.log"; then
    echo "SKIPPED: ghz $version can't be built: $(tail -1 "$out/install.log")"
    exit 0
  fi
fi

service=
stop() {
  if [[ -n $service ]]; then
    kill "$service" 2>/dev/null || true
    wait "$service" || true
  fi
}
trap stop EXIT

# The line of the log by which the service says where it serves.
told() { sed -n "s/.*\"message\":\"serving\".*\"$1\":\"\\([^\"]*\\)\".*/\\1/p" "$out/service.log"; }

if [[ -z ${ADDRESS:-} ]]; then
  bin/remotemedia serve --listen 127.0.0.1:0 --admin 127.0.0.1:0 >"$out/service.log" 2>&1 &
  service=$!
  for _ in $(seq 100); do
    ADDRESS=$(told address) METRICS=$(told admin)
    [[ -n $ADDRESS ]] && break
    sleep 0.1
  done
  if [[ -z $ADDRESS ]]; then
    echo "ghz.sh: the service doesn't start:" >&2
    cat "$out/service.log" >&2
    exit 1
  fi
fi
: "${METRICS:?the address of the HTTP port, as the service counts what ghz can not}"

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

right() { curl -fsS "http://$METRICS/metrics" | sed -n 's/^remotemedia_grpc_call_outcomes_total{method="ExecutePipeline",outcome="ok"} //p'; }

# load NAME CALLS CONCURRENCY P95_MS PER_SECOND: both thresholds are of a machine with two cores, which ghz has to share.
load() {
  local name=$1 calls=$(($2 / part)) concurrency=$3 p95=$4 rate=$5 before after
  before=$(right)
  "$ghz" --insecure --proto remotemedia/v1/execution.proto -i proto --call remotemedia.v1.PipelineExecutionService.ExecutePipeline \
    -D "$out/$name.json" -n "$calls" -c "$concurrency" --connections "$(((concurrency + 99) / 100))" -O json -o "$out/$name.report.json" "$ADDRESS"
  after=$(right)
  python3 - "$name" "$out/$name.report.json" "$calls" "$((${after%.*} - ${before%.*}))" "$p95" "$rate" "$timed" <<'PY'
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
