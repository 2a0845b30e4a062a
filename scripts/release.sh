#!/usr/bin/env bash
# Builds the program for the platforms that it is released for: build/dist/remotemedia_<version>_<os>_<arch>[.exe] and SHA256SUMS.
#   scripts/release.sh                             all platforms
#   scripts/release.sh linux/arm64 windows/amd64   only these
#   scripts/release.sh again linux/amd64           builds one of those once more in another folder, and fails unless it is the
#                                                  same, byte for byte. What was compiled is taken from Go's cache, which
#                                                  doesn't know folders under -trimpath; GOFLAGS=-a compiles all of it again.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

platforms=(linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64 windows/arm64)
dist=$PWD/build/dist
version=$(sed -n 's/^\tRuntime = "\(.*\)"$/\1/p' version/version.go)

file() {
  local suffix=
  if [[ $1 == windows/* ]]; then suffix=.exe; fi
  echo "remotemedia_${version}_${1/\//_}$suffix"
}

# compile PLATFORM FILE: by the Makefile's rule, so that what is released is built as what was tested. The program tells its
# commit, where there is one.
compile() {
  GOOS=${1%/*} GOARCH=${1#*/} GOFLAGS="${GOFLAGS:-} -buildvcs=auto" make --no-print-directory -s build PROGRAM="$2"
}

# again copies the sources with what Git says of them.
again() {
  local platform=$1 scratch=$PWD/build/dist-again
  rm -rf "$scratch"
  mkdir -p "$scratch/sources"
  git ls-files -z --cached --others --exclude-standard | while IFS= read -r -d '' path; do
    if [[ -e $path ]]; then printf '%s\0' "$path"; fi # a file may have been removed without Git's knowing
  done | xargs -0 cp -P --parents -t "$scratch/sources"
  cp -R .git "$scratch/sources/.git"
  (cd "$scratch/sources" && compile "$platform" "$scratch/$(file "$platform")")
  cmp "$dist/$(file "$platform")" "$scratch/$(file "$platform")"
  rm -rf "$scratch"
  echo "$(file "$platform"): the same when built again"
}

if [[ ${1:-} == again ]]; then
  again "$2"
  exit
fi
if (($# > 0)); then platforms=("$@"); fi
rm -rf "$dist"
mkdir -p "$dist"
for platform in "${platforms[@]}"; do
  compile "$platform" "$dist/$(file "$platform")"
done
(cd "$dist" && sha256sum remotemedia_* | tee SHA256SUMS)
