#!/usr/bin/env bash
# Works on the protos with the pinned buf, which is installed inside tools/buf on first use.
#   scripts/proto.sh generate   write the Go messages to api/
#   scripts/proto.sh lint       style and comments; exceptions are in buf.yaml
#   scripts/proto.sh breaking   compare with the contract that clients in the field have (testdata/contract-003.binpb)
#   scripts/proto.sh check      fail when api/ isn't what generate would write
#   scripts/proto.sh typescript, typescript-check
#                               the same for the messages of the TypeScript client, whose packages have to be installed
#   scripts/proto.sh typescript-stubs
#                               write plain stubs from the contract that clients in the field have, for conformance/stubs/typescript
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

# typescript_to DIR writes the TypeScript client's messages to DIR/clients/typescript/src/gen, which is emptied first.
typescript_to() {
  buf generate --template clients/typescript/buf.gen.yaml --path proto/remotemedia/v1 --path proto/remotemedia/ext/v1/catalog.proto --output "$1"
}

lint() { buf lint; }

breaking() { buf breaking --against "$baseline"; }

# compare GENERATOR FOLDER COMMAND fails when a folder isn't what a generator writes.
compare() (
  fresh=$(mktemp -d)
  trap 'rm -rf "$fresh"' EXIT
  "$1" "$fresh"
  if ! diff -ru "$fresh/$2" "$2"; then
    echo "proto.sh: $2 differs from what the protos give; run scripts/proto.sh $3 and commit" >&2
    return 1
  fi
)

check() { compare generate api generate; }

case "${1:-}" in
  generate) install_buf && generate . ;;
  typescript) install_buf && typescript_to . ;;
  typescript-stubs) install_buf && buf generate "$baseline" --template conformance/stubs/typescript/buf.gen.yaml ;;
  typescript-check) install_buf && compare typescript_to clients/typescript/src/gen typescript ;;
  lint | breaking | check) install_buf && "$1" ;;
  *)
    echo "usage: scripts/proto.sh generate|lint|breaking|check|typescript|typescript-check|typescript-stubs" >&2
    exit 2
    ;;
esac
