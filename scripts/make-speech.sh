#!/bin/sh
# Makes the speech in testdata/speech again and compares it with the checked-in sums. See testdata/README.md for origins.
#
#   apt-get install espeak-ng sox pocketsphinx-testdata    (Debian 12)
#   scripts/make-speech.sh [FOLDER]
#
# FOLDER is relative to the project. Without it the files go to a new temporary one, so nothing that is checked in changes
# by accident. espeak-ng 1.51 and sox 14.4.2 give the same bytes every time; other versions may not.
set -eu
cd "$(dirname "$0")/.."
sums=$PWD/testdata/speech/SHA256SUMS
out=${1:-$(mktemp -d)}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$out"

for tool in espeak-ng sox; do
	command -v "$tool" >/dev/null || { echo "make-speech: $tool is missing: apt-get install $tool" >&2; exit 1; }
done
librivox=/usr/share/pocketsphinx/test/data/librivox
[ -d "$librivox" ] || { echo "make-speech: $librivox is missing: apt-get install pocketsphinx-testdata" >&2; exit 1; }

# -D: no dither, -R: the same random numbers every time.
SOX="sox -D -R"

# Human speech, 16 kHz mono, as it is but for the names.
cp "$librivox/sense_and_sensibility_01_austen_64kb-0880.wav" "$out/austen-0880-16k.wav"
cp "$librivox/sense_and_sensibility_01_austen_64kb-0930.wav" "$out/austen-0930-16k.wav"

# Synthetic speech, 44.1 kHz mono: two sentences with a pause, over the faint noise of a room, which fills the whole band
# and so shows what a resampler removes.
espeak-ng -v en-us -s 175 -p 45 -w "$work/first.wav" "This is speech, sampled at forty four kilohertz."
espeak-ng -v en-us -s 165 -p 45 -w "$work/second.wav" "She sells sea shells."
$SOX "$work/first.wav" "$work/a.wav" rate -v 44100 norm -3 pad 0.3 0.7
$SOX "$work/second.wav" "$work/b.wav" rate -v 44100 norm -6 pad 0 0.3
$SOX "$work/a.wav" "$work/b.wav" "$work/voice.wav"
$SOX -n -r 44100 -c 1 -b 16 "$work/noise.wav" synth "$(soxi -D "$work/voice.wav")" whitenoise vol -50dB
$SOX -m -v 1 "$work/voice.wav" -v 1 "$work/noise.wav" -b 16 "$out/two-sentences-44k1.wav"

# Two synthetic speakers, one per channel, 22.05 kHz stereo: the second answers the first.
espeak-ng -v en-gb -s 180 -p 30 -w "$work/left.wav" "Is anybody there?"
espeak-ng -v en-us+f3 -s 180 -p 70 -w "$work/right.wav" "Yes, I am."
gap=$(soxi -D "$work/left.wav")
$SOX "$work/left.wav" "$work/l.wav" norm -6 pad 0.1 1.2
$SOX "$work/right.wav" "$work/r.wav" norm -6 pad "$gap" 0
$SOX -M "$work/l.wav" "$work/r.wav" -b 16 "$out/dialogue-stereo-22k.wav"

echo "made in $out"
if [ -f "$sums" ]; then
	(cd "$out" && sha256sum -c "$sums")
fi
