#!/usr/bin/env bash
# Runs everything that is checked, step by step, each with its duration, and stops at the first failure.
#   scripts/test.sh              all steps
#   scripts/test.sh format vet   only these
# A package may take four minutes: a test that hangs is told with its stacks before anyone loses patience.
# Installs what the steps need inside this folder: .venv and build/python-* for Python, node_modules beside each package.json.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

steps=(format build vet tests platforms windows arm64 faults race proto python python-client typescript typescript-client conformance commands deployment loadtools docs)

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

# Links the program for platforms other than this one, and once more in another folder, which has to give the same file.
platforms() {
  scripts/release.sh linux/arm64 darwin/arm64 windows/amd64
  scripts/release.sh again windows/amd64
}

# The tests of the Windows build and the Windows program, in Wine.
windows() { scripts/wine.sh; }

# Tests for arm64, in an emulator of that processor where this one is another. Of the packages that have kernels in assembly only what
# compares these with their portable twins and the golden files: the rest is arithmetic that takes an emulator many minutes. Then what
# reads, writes, converts, plans and runs. Left out:
#   nodes, nodes/detect Silero                           the network, once for each case: minutes
#   client, internal/cli, internal/app, internal/server  the service as a whole, whose parts are here: minutes
#   cmd, deploy, docs, archtest, conformance, examples, bench, load   run go, git or programs of this machine, or measure
arm64() {
  local package
  local -a parts=(
    . ./audio ./audio/codec/... ./engine ./fault ./graph ./manifest ./media ./mem ./node/... ./nodes/data ./nodes/flow ./nodes/inject
    ./nodes/internal/... ./nodes/detect ./nodes/transform ./version ./internal/admission ./internal/auth ./internal/config
    ./internal/filewatch ./internal/metrics ./internal/server/conn ./internal/server/stream ./internal/tlsreload ./internal/wire
  )
  emulator || return 0
  for package in $(git ls-files --cached --others --exclude-standard '*_arm64.s' | xargs -n 1 dirname | sort -u); do
    GOARCH=arm64 CGO_ENABLED=0 go test -exec qemu-aarch64 -short -timeout=4m -count=1 \
      -run 'Kernel|Agree|Golden|Reference|Layouts|AllocatesNothing|Allocations' "./$package"
  done
  GOARCH=arm64 CGO_ENABLED=0 go test -exec qemu-aarch64 -short -timeout=4m -count=1 -skip 'Silero' "${parts[@]}"
}

# Finds the emulator, or installs Debian's where that is allowed; says why if it can't.
emulator() {
  if [[ $(go env GOHOSTARCH) == arm64 ]]; then
    echo "SKIPPED: this processor is one, the step tests runs the same"
    return 1
  fi
  if command -v qemu-aarch64 >/dev/null; then
    return 0
  fi
  if ((EUID != 0)) || ! command -v apt-get >/dev/null; then
    echo "SKIPPED: qemu-aarch64 isn't there; Debian has it in the package qemu-user"
    return 1
  fi
  echo "installing qemu-user"
  if ! { apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install --no-install-recommends qemu-user; } >/dev/null; then
    echo "SKIPPED: qemu-aarch64 isn't there, and apt-get can't install qemu-user"
    return 1
  fi
}

# Packages whose tests change with the nodes that fail on purpose.
faults() { go test -tags faultnodes -timeout=4m -shuffle=on -count=1 ./nodes/... ./internal/server/... ./internal/app/...; }

# Packages of pure arithmetic, without a goroutine, take most of the time under the race detector and can't race; the documentation
# runs the program, which has its own tests here, and so do bench/accept and bench/profiling.
race() {
  local compiler
  compiler=$(go env CC)
  if ! command -v "${compiler%% *}" >/dev/null; then
    echo "SKIPPED: the race detector needs a C compiler, and $compiler isn't there"
    return 0
  fi
  # shellcheck disable=SC2046 # a list of packages
  CGO_ENABLED=1 go test -race -timeout=4m -shuffle=on -count=1 $(go list ./... | grep -v -e /docs$ -e /bench/accept$ -e /bench/profiling$ -e /audio/resample$ -e /audio/silero$ -e /internal/plot$ -e /conformance/)
}

proto() {
  local what
  for what in check lint breaking; do
    scripts/proto.sh "$what"
  done
}

# environment FOLDER FILE makes a Python environment with the packages of a requirements file, unless it is there.
environment() {
  local folder=$1 wanted=$2
  if ! cmp -s "$wanted" "$folder/installed.txt"; then
    python3 -m venv "$folder" || {
      echo "python3 -m venv doesn't work here; Debian has it in the package python3-venv" >&2
      return 1
    }
    "$folder/bin/python" -m pip install --quiet --disable-pip-version-check -r "$wanted" && cp "$wanted" "$folder/installed.txt"
  fi
}

python() {
  environment .venv conformance/stubs/python/requirements.txt
  REMOTEMEDIA_BIN="$PWD/bin/remotemedia" .venv/bin/python -m pytest -q conformance/stubs/python
}

# Not a check: writes what the step below compares.
python-generate() {
  environment build/python-protos clients/python/tools/requirements.txt
  build/python-protos/bin/python clients/python/tools/gen_protos.py
  python3 scripts/gen-builders.py
}

# The Python client is tested as it is installed, not as it lies here. Its messages are generated in an environment of their own.
python-client() {
  local client=clients/python tools=build/python-client/bin
  environment build/python-client $client/requirements-dev.txt
  environment build/python-protos $client/tools/requirements.txt
  build/python-protos/bin/python $client/tools/gen_protos.py --check
  python3 scripts/gen-builders.py --check
  local also="../../examples/python ../../conformance/runners/python ../../conformance/golden"
  # shellcheck disable=SC2086 # a list of folders
  (cd $client && ../../$tools/ruff check -q . $also && ../../$tools/ruff format -q --check . $also && ../../$tools/mypy)
  $tools/python -m pip install --quiet --disable-pip-version-check --force-reinstall --no-deps --no-build-isolation ./$client
  REMOTEMEDIA_BIN="$PWD/bin/remotemedia-test" $tools/python -m pytest -c $client/pyproject.toml $client/tests
}

# Every client against every case of conformance/, and one table. A language that can't be installed here is skipped with its reason.
conformance() {
  go build -o build/conformance/drive ./conformance/drive
  build/conformance/drive
}

# What the runner of the Python client needs; 77 says that it can't be had here, and the last line why.
conformance-python() {
  local tools=build/python-client/bin
  environment build/python-client clients/python/requirements-dev.txt || {
    echo "the packages of clients/python/requirements-dev.txt can't be installed"
    exit 77
  }
  $tools/python -m pip install --quiet --disable-pip-version-check --force-reinstall --no-deps --no-build-isolation ./clients/python
  $tools/python conformance/golden/golden.py --check
}

# packages FOLDER installs what a package-lock.json names, unless it is there.
packages() {
  local stamp=$1/node_modules/.package-lock.json
  if [[ ! -f $stamp || $1/package-lock.json -nt $stamp ]]; then
    npm ci --prefix "$1" --no-audit --no-fund --loglevel=error
    touch "$stamp"
  fi
}

# node20 says why there is nothing to do where Node.js is missing or older than what the packages want.
node20() {
  if ! command -v npm >/dev/null || ! node -e 'process.exit(Number(process.versions.node.split(".")[0]) < 20 ? 1 : 0)'; then
    echo "SKIPPED: Node.js 20 or later with npm isn't there"
    return 1
  fi
}

# What the runner of the TypeScript client needs; 77 says that it can't be had here, and the last line why.
conformance-typescript() {
  node20 || exit 77
  packages clients/typescript || {
    echo "the packages of clients/typescript/package-lock.json can't be installed"
    exit 77
  }
  npm run --silent --prefix clients/typescript conformance
}

# Plain stubs of two makers call the service. They are made anew each time.
typescript() {
  local stubs=conformance/stubs/typescript
  node20 || return 0
  packages $stubs
  scripts/proto.sh typescript-stubs
  REMOTEMEDIA_BIN="$PWD/bin/remotemedia" npm run --silent --prefix $stubs test
}

# Not a check: writes what the step below compares.
typescript-generate() {
  packages clients/typescript
  scripts/proto.sh typescript
  python3 scripts/gen-builders.py
}

typescript-client() {
  local client=clients/typescript
  node20 || return 0
  packages $client
  scripts/proto.sh typescript-check
  python3 scripts/gen-builders.py --check
  npm run --silent --prefix $client build
  npm run --silent --prefix $client lint
  REMOTEMEDIA_BIN="$PWD/bin/remotemedia-test" npm run --silent --prefix $client test
}

# The lines for grpcurl and grpc-health-probe of docs/operate, run as they stand. The two are built to build/tools once.
commands() { REMOTEMEDIA_TOOLS=install go test -timeout 10m -count=1 -run QS2 ./deploy; }

# The quickstart and the guide to migration, followed to the letter in a copy of this folder: they build, install and start things.
docs() { REMOTEMEDIA_DOCS=1 go test -timeout 10m -count=1 -v -run SC007 ./docs; }

# A few seconds of load by a stock tool: as many right answers as there were calls. Its thresholds of time are for make bench-ghz.
loadtools() { bench/ghz.sh --counts; }

# The files of deploy by the parsers and types of Envoy, Kubernetes and BuildKit, in a module of its own: theirs are many packages.
deployment() { go test -C deploy/check -timeout 2m -count=1 ./...; }

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
