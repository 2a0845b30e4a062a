#!/usr/bin/env bash
# The service on real speech, end to end: starts bin/remotemedia on a free port, sends a clip through the example pipeline
# over gRPC, and draws what came back beside what went in. Writes to build/demo.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

program=bin/remotemedia
clip=testdata/speech/two-sentences-44k1.wav
out=build/demo
mkdir -p "$out"

"$program" serve --listen 127.0.0.1:0 --admin none >"$out/serve.log" 2>&1 &
server=$!
stop() {
  kill "$server" 2>/dev/null || true
  wait "$server" 2>/dev/null || true
}
trap stop EXIT

# The service logs its address when it serves.
address() { sed -n 's/.*"message":"serving","address":"\([^"]*\)".*/\1/p' "$out/serve.log" | head -n 1; }
for _ in $(seq 200); do
  [[ -n $(address) ]] && break
  if ! kill -0 "$server" 2>/dev/null; then
    cat "$out/serve.log" >&2
    exit 1
  fi
  sleep 0.05
done
at=$(address)
if [[ -z $at ]]; then
  echo "demo: the service didn't say within 10 s that it serves; its log is $out/serve.log" >&2
  exit 1
fi
echo "the service listens on $at"
echo

"$program" run examples/manifests/speech.yaml -i "$clip" -o "$out/speech-16k.wav" --server "$at"
"$program" plot "$clip" "$out/speech-16k.wav" -o "$out/speech.png" --vad \
  --title "speech.yaml: before and after" >/dev/null
echo
echo "picture: $out/speech.png"
