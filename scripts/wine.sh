#!/usr/bin/env bash
# Runs the tests of the Windows build on Linux, in Wine, and the Windows program as a service that a Linux client calls.
#   scripts/wine.sh [PACKAGE...]   all packages that are worth it, or only these
# Says why where it can't: nothing is skipped without a line "SKIPPED". Wine keeps its files in build/wine.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

out=$PWD/build/wine
export WINEPREFIX=$out/prefix WINEDEBUG=-all

# These are left out:
#   archtest, deploy, conformance   run go, git, HAProxy or Python, which aren't there inside Wine, on files that are the same everywhere
#   api, bench, examples, load      programs and generated code, or measuring that isn't part of the service
#   audio/dsp, audio/resample       arithmetic, minutes of it, by the same instructions as on Linux
#   internal/server                 takes Wine minutes; what it has of the system is conn, stream and app, which are run
left_out='/(internal/archtest|internal/reference|docs|deploy|conformance|api|bench|examples|internal/load|audio/dsp|audio/resample)(/|$)|/internal/server$'

packages() {
  go list ./... | grep -vE "$left_out"
}

available() {
  local reason=
  if [[ $(go env GOHOSTOS)/$(go env GOHOSTARCH) != linux/amd64 ]]; then
    reason="Wine runs programs for amd64 on linux/amd64 only"
  elif command -v wine >/dev/null; then
    return 0
  elif ((EUID != 0)) || ! command -v apt-get >/dev/null; then
    reason="wine isn't there; Debian has it in the packages wine and wine64"
  else
    echo "installing wine"
    if { apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install --no-install-recommends wine wine64; } >/dev/null 2>&1; then
      return 0
    fi
    reason="wine isn't there, and apt-get can't install wine and wine64"
  fi
  echo "SKIPPED: $reason"
  return 1
}

# prepare makes the folder of Wine's Windows. Its server is started here and now, so that none of the tests below starts it and then is
# waited for as long as it lives.
prepare() {
  mkdir -p "$WINEPREFIX"
  wineserver -w # for one of an earlier run that is about to end
  wineserver -p
  if ! wine wineboot -u >"$out/boot.log" 2>&1; then
    echo "wine.sh: wineboot failed:" >&2
    cat "$out/boot.log" >&2
    return 1
  fi
  flags=(-short -count=1 -timeout=4m -exec wine)
  if [[ ! -e $WINEPREFIX/drive_c/windows/system32/bcryptprimitives.dll || -e $out/overlay.json ]]; then
    old_wine
    flags+=(-overlay "$out/overlay.json")
  fi
}

# old_wine gives Wine before release 9 what Go needs of a Windows of today. Without bcryptprimitives.dll nothing starts. And it answers
# "not implemented" instead of "not supported" when a file is to be deleted in the way of Windows 10, which Go's os.RemoveAll, and
# with it every test with a temporary folder, takes for a failure: the tests are built with the older way, for which Go has a switch.
old_wine() {
  local at=src/internal/syscall/windows/at_windows.go
  go run scripts/wine-prng.go "$WINEPREFIX/drive_c/windows/system32"
  sed 's/^var TestDeleteatFallback bool$/var TestDeleteatFallback = true/' "$(go env GOROOT)/$at" >"$out/at_windows.go"
  if cmp -s "$(go env GOROOT)/$at" "$out/at_windows.go"; then
    echo "wine.sh: Go has no TestDeleteatFallback any more: find what takes its place in $at" >&2
    return 1
  fi
  printf '{"Replace": {"%s": "%s"}}\n' "$(go env GOROOT)/$at" "$out/at_windows.go" >"$out/overlay.json"
}

# service runs the program as a service in Wine: a client outside must get what the same call gives without a service, to the byte.
service() {
  local program=$out/remotemedia.exe client=bin/remotemedia clip=testdata/speech/two-sentences-44k1.wav address admin server
  make --no-print-directory -s build
  GOOS=windows GOARCH=amd64 make --no-print-directory -s build PROGRAM="$program"
  wine "$program" serve --listen 127.0.0.1:0 --admin 127.0.0.1:0 >"$out/serve.log" 2>&1 &
  server=$!
  # shellcheck disable=SC2064 # this process, not a later one
  trap "kill $server 2>/dev/null || true" EXIT
  for _ in $(seq 600); do
    grep -q '"message":"serving"' "$out/serve.log" && break
    if ! kill -0 "$server" 2>/dev/null; then break; fi
    sleep 0.1
  done
  address=$(sed -n 's/.*"message":"serving","address":"\([^"]*\)".*/\1/p' "$out/serve.log")
  admin=$(sed -n 's/.*"message":"serving".*"admin":"\([^"]*\)".*/\1/p' "$out/serve.log")
  if [[ -z $address || -z $admin ]]; then
    cat "$out/serve.log" >&2
    return 1
  fi
  "$client" version --server "$address"
  "$client" run examples/manifests/speech.yaml -i "$clip" -o "$out/there.wav" --server "$address" >/dev/null
  "$client" run examples/manifests/speech.yaml -i "$clip" -o "$out/here.wav" >/dev/null
  cmp "$out/here.wav" "$out/there.wav"
  "$client" stream examples/manifests/speech.yaml -i "$clip" -o "$out/streamed-there.wav" --server "$address" >/dev/null
  "$client" stream examples/manifests/speech.yaml -i "$clip" -o "$out/streamed-here.wav" >/dev/null
  cmp "$out/streamed-here.wav" "$out/streamed-there.wav"
  # An interrupt can't be sent into Wine; the operators' port stops the service in the same order.
  python3 -c 'import sys, urllib.request as u; u.urlopen(u.Request(sys.argv[1], method="POST"), timeout=30)' "http://$admin/drain"
  wait "$server"
  grep -q '"message":"stopped"' "$out/serve.log"
  echo "remotemedia.exe served, gave the same bytes, and stopped in order"
}

available || exit 0
prepare
trap 'wineserver -k' EXIT
if (($# == 0)); then
  (service)
  # shellcheck disable=SC2046 # a list of packages
  set -- $(packages)
fi
GOOS=windows GOARCH=amd64 CGO_ENABLED=0 go test "${flags[@]}" "$@" | grep -v 'no test files'
