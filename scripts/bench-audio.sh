#!/usr/bin/env bash
# Speed and quality of audio/resample beside other resamplers, in one interleaved run; writes bench/AUDIO.md.
#   scripts/bench-audio.sh              everything, about three minutes
#   scripts/bench-audio.sh --rounds 9   options go to bench/audio/bench.py, which explains them with --help
# The peers' programs are built in build/bench-audio from Debian's libsoxr-dev, libsamplerate0-dev, libspeexdsp-dev and
# libswresample-dev, and with cargo; root installs what is missing. A peer that can't be built is left out with a message.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

out=$PWD/build/bench-audio
source=bench/audio
mkdir -p "$out/bin"

skip() { echo "SKIPPED: $1: $2" >&2; }

# peer NAME PKG-CONFIG-NAMES DEBIAN-PACKAGE
peer() {
  local name=$1 modules=$2 package=$3 version
  rm -f "$out/bin/$name"
  if ! command -v cc >/dev/null; then
    skip "$name" "no C compiler (Debian: build-essential)"
    return
  fi
  # shellcheck disable=SC2086 # a list of names
  if ! pkg-config --exists $modules 2>/dev/null && ((EUID == 0)) && command -v apt-get >/dev/null; then
    echo "installing $package"
    apt-get install -y -q pkg-config "$package" >"$out/apt.log" 2>&1 || true
  fi
  if ! version=$(pkg-config --modversion "${modules%% *}" 2>/dev/null); then
    skip "$name" "$package isn't installed"
    return
  fi
  # shellcheck disable=SC2046,SC2086 # lists
  cc -std=c11 -O2 -Wall -Wextra -DPEER_VERSION="\"$version\"" -o "$out/bin/$name" \
    "$source/peers/main.c" "$source/peers/$name.c" $(pkg-config --cflags --libs $modules) ||
    skip "$name" "it doesn't build"
}

peer soxr soxr libsoxr-dev
peer samplerate samplerate libsamplerate0-dev
peer speexdsp speexdsp libspeexdsp-dev
peer swresample 'libswresample libavutil' libswresample-dev

rm -f "$out/bin/rubato" "$out/bin/peak"
if ! command -v cargo >/dev/null; then
  skip rubato "no cargo"
elif CARGO_TARGET_DIR=$out/cargo cargo build --release --locked --quiet --manifest-path "$source/rubato/Cargo.toml"; then
  cp "$out/cargo/release/rubato-peer" "$out/bin/rubato"
else
  skip rubato "cargo couldn't build it"
fi

if [[ $(uname -m) != x86_64 ]]; then
  skip peak "the limit is measured on amd64 only"
elif command -v cc >/dev/null; then
  cc -std=c11 -O2 -Wall -Wextra -o "$out/bin/peak" "$source/peers/peak.c"
fi

CGO_ENABLED=0 go build -trimpath -o "$out/bin/ours" "./$source/ours"

if ! .venv/bin/python -c 'import numpy' 2>/dev/null; then
  python3 -m venv .venv
  .venv/bin/python -m pip install --quiet --disable-pip-version-check -r "$source/requirements.txt"
fi
exec .venv/bin/python "$source/bench.py" "$@"
