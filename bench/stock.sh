# shellcheck shell=bash
# Shared by the scripts for stock load tools: sourced, from the root of the repository, with out being a folder for outputs.
: "${out:?}"

# tool NAME PACKAGE@VERSION builds a tool to build/tools, unless it is there. It is built outside of this module, whose dependencies
# aren't its own.
tool() {
  local name=$1 source=$2 log=$PWD/build/tools/$1.log
  [[ -x build/tools/$name ]] && return
  mkdir -p build/tools
  echo "building $source" >&2
  if ! (cd build/tools && GOBIN=$PWD GOFLAGS='' GOWORK=off timeout 900 go install "$source") 2>"$log"; then
    echo "SKIPPED: $source can't be built: $(tail -1 "$log")"
    return 1
  fi
}

service=
stop_service() {
  if [[ -n $service ]]; then
    kill "$service" 2>/dev/null || true
    wait "$service" || true
  fi
}

# told KEY prints a value of the line of the log by which the service says where it serves.
told() { sed -n "s/.*\"message\":\"serving\".*\"$1\":\"\\([^\"]*\\)\".*/\\1/p" "$out/service.log"; }

# start_service sets ADDRESS and METRICS: those of a service that runs, or of one that is started here and ends with the script.
start_service() {
  if [[ -z ${ADDRESS:-} ]]; then
    bin/remotemedia serve --listen 127.0.0.1:0 --admin 127.0.0.1:0 >"$out/service.log" 2>&1 &
    service=$!
    trap stop_service EXIT
    for _ in $(seq 300); do
      ADDRESS=$(told address) METRICS=$(told admin)
      [[ -n $ADDRESS ]] && break
      sleep 0.1
    done
    if [[ -z $ADDRESS ]]; then
      echo "the service doesn't start:" >&2
      cat "$out/service.log" >&2
      exit 1
    fi
  fi
  : "${METRICS:?the address of the HTTP port, as the service counts what the tool can not}"
}

# right prints how many calls the service has counted as right; an error within an answer isn't one, which stock tools don't see.
right() { curl -fsS "http://$METRICS/metrics" | sed -n 's/^remotemedia_grpc_call_outcomes_total{method="ExecutePipeline",outcome="ok"} \([0-9]*\).*/\1/p'; }
