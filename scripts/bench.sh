#!/usr/bin/env bash
# Measures the service beside its peers in one interleaved run; writes bench/RESULTS.md and bench/results.json.
#   scripts/bench.sh                  everything, about twenty minutes; an interrupted run goes on where it was
#   BENCH_QUICK=1 scripts/bench.sh    about three minutes, written to build/bench
#   scripts/bench.sh -only resample   options go to bench/harness, which explains them with run -h
#   scripts/bench.sh accept           checks the figures of the specification; fails where one isn't met
#   scripts/bench.sh profile          profiles of the service under load, to build/profile and bench/RESULTS.md
#   scripts/bench.sh build [go]       only builds what is measured; go: without Python and Rust
# The service and the echoes are built here, the Python server gets an environment and the Rust server is built with cargo, all in
# build/bench; a peer that can't be had is left out with a message.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

out=build/bench
mkdir -p "$out"

skip() { echo "SKIPPED: $1: $2" >&2; }

go_programs() {
  CGO_ENABLED=0 go build -trimpath -ldflags="-s -w" -o "$out/remotemedia" ./cmd/remotemedia
  CGO_ENABLED=0 go build -trimpath -o "$out/" ./bench/peers/goecho ./bench/harness
}

python_server() {
  local wanted=bench/peers/python/requirements.txt
  cmp -s "$wanted" "$out/python/installed.txt" && return
  rm -rf "$out/python"
  if ! python3 -m venv "$out/python" >"$out/python.log" 2>&1; then
    skip Python "python3 -m venv doesn't work (Debian: python3-venv)"
    rm -rf "$out/python"
  elif ! "$out/python/bin/python" -m pip install --quiet --disable-pip-version-check -r "$wanted" >>"$out/python.log" 2>&1; then
    skip Python "$(tail -1 "$out/python.log")"
    rm -rf "$out/python"
  else
    cp "$wanted" "$out/python/installed.txt"
  fi
}

rust_server() {
  if ! command -v cargo >/dev/null; then
    skip Rust "no cargo"
  elif CARGO_TARGET_DIR=$PWD/$out/cargo cargo build --release --locked --quiet --manifest-path bench/peers/rust/Cargo.toml 2>"$out/rust.log"; then
    cp "$out/cargo/release/rust-peer" "$out/rust-peer"
  else
    skip Rust "cargo couldn't build it: $(tail -1 "$out/rust.log")"
    rm -f "$out/rust-peer"
  fi
}

command=run
case ${1:-} in
  accept | profile | build)
    command=$1
    shift
    ;;
esac

go_programs
if [[ $command != profile && ${1:-} != go ]]; then
  python_server
  rust_server
fi
if [[ $command == build ]]; then
  exit
fi

# Thousands of connections need as many open files.
ulimit -n "$(ulimit -Hn)" 2>/dev/null || true

commit=$(git describe --always --dirty --abbrev=10 2>/dev/null || echo unknown)
if [[ $command == run && -n ${BENCH_QUICK:-} ]]; then
  [[ -f $out/QUICK.md ]] || echo '# A quick run' >"$out/QUICK.md"
  exec "$out/harness" run -scale quick -results "$out/QUICK.md" -data "$out/quick.json" -commit "$commit" "$@"
fi
exec "$out/harness" "$command" -commit "$commit" "$@"
