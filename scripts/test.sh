#!/usr/bin/env bash
# Runs everything that is checked, step by step, each with its duration, and stops at the first failure.
#   scripts/test.sh              all steps
#   scripts/test.sh format vet   only these
# A package may take four minutes: a test that hangs is told with its stacks before anyone loses patience.
# Installs what the steps need inside this folder: .venv for Python, tools/buf/node_modules for buf.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

steps=(format build vet tests faults race proto python)

sources() { git ls-files -z --cached --others --exclude-standard '*.go'; }

format() {
  local wrong
  wrong=$(sources | xargs -0 gofmt -l)
  if [[ -n $wrong ]]; then
    printf 'gofmt -w has to be run on:\n%s\n' "$wrong" >&2
    return 1
  fi
}

build() { make --no-print-directory build build-test; }

# The platforms are those that are released; what isn't compiled here is at least type-checked.
vet() {
  local platform
  go vet ./...
  go vet -tags faultnodes ./...
  for platform in windows/amd64 darwin/arm64; do
    echo "vet $platform"
    CGO_ENABLED=0 GOOS=${platform%/*} GOARCH=${platform#*/} go vet ./...
  done
}

tests() { go test -timeout=4m -shuffle=on -count=1 ./...; }

# Packages whose tests change with the nodes that fail on purpose.
faults() { go test -tags faultnodes -timeout=4m -shuffle=on -count=1 ./nodes/... ./internal/server/... ./internal/app/...; }

# Packages of pure arithmetic, without a goroutine, take most of the time under the race detector and can't race.
race() {
  local compiler
  compiler=$(go env CC)
  if ! command -v "${compiler%% *}" >/dev/null; then
    echo "SKIPPED: the race detector needs a C compiler, and $compiler isn't there"
    return 0
  fi
  # shellcheck disable=SC2046 # a list of packages
  CGO_ENABLED=1 go test -race -timeout=4m -shuffle=on -count=1 $(go list ./... | grep -v -e /audio/resample$ -e /audio/silero$ -e /internal/plot$ -e /conformance/)
}

proto() {
  local what
  for what in check lint breaking; do
    scripts/proto.sh "$what"
  done
}

python() {
  local wanted=conformance/stubs/python/requirements.txt
  if ! cmp -s "$wanted" .venv/installed.txt; then
    python3 -m venv .venv || {
      echo "python: python3 -m venv doesn't work here; Debian has it in the package python3-venv" >&2
      return 1
    }
    .venv/bin/python -m pip install --quiet --disable-pip-version-check -r "$wanted"
    cp "$wanted" .venv/installed.txt
  fi
  REMOTEMEDIA_BIN="$PWD/bin/remotemedia" .venv/bin/python -m pytest -q conformance/stubs/python
}

announce() {
  local name=$1 began=$SECONDS
  echo "==> $name"
  # In a subshell of its own, so that set -e holds within the step.
  (set -e; "$name")
  echo "==> $name: passed in $((SECONDS - began)) s"
}

if (($# > 0)); then
  steps=("$@")
fi
for step in "${steps[@]}"; do
  if ! declare -F "$step" >/dev/null; then
    echo "test.sh: unknown step $step" >&2
    exit 2
  fi
  announce "$step"
done
echo "==> all passed in $SECONDS s"
