#!/usr/bin/env bash
# Works on the protos with the pinned buf, which is installed inside tools/buf on first use.
#   scripts/proto.sh generate   write the Go messages to api/
#   scripts/proto.sh lint       style and comments; exceptions are in buf.yaml
#   scripts/proto.sh breaking   compare with the contract that clients in the field have (testdata/contract-003.binpb)
#   scripts/proto.sh check      fail when api/ isn't what generate would write
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

tool=tools/buf
baseline=testdata/contract-003.binpb
export BUF_CACHE_DIR="$PWD/$tool/.cache"

install_buf() {
  local stamp=$tool/node_modules/.package-lock.json
  if [[ ! -x $tool/node_modules/.bin/buf || $tool/package-lock.json -nt $stamp ]]; then
    npm ci --prefix "$tool" --no-audit --no-fund --loglevel=error
    touch "$stamp"
  fi
}

buf() { "$tool/node_modules/.bin/buf" "$@"; }

# generate DIR writes the generated tree to DIR/api, which is emptied first ("clean" in buf.gen.yaml).
generate() { buf generate --output "$1"; }

lint() { buf lint; }

breaking() { buf breaking --against "$baseline"; }

check() {
  local fresh
  fresh=$(mktemp -d)
  trap 'rm -rf "$fresh"' RETURN
  generate "$fresh"
  if ! diff -ru "$fresh/api" api; then
    echo "proto.sh: api/ differs from what the protos give; run scripts/proto.sh generate and commit" >&2
    return 1
  fi
}

case "${1:-}" in
  generate) install_buf && generate . ;;
  lint | breaking | check) install_buf && "$1" ;;
  *)
    echo "usage: scripts/proto.sh generate|lint|breaking|check" >&2
    exit 2
    ;;
esac
