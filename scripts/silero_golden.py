#!/usr/bin/env python3
"""Makes the golden speech probabilities again: what onnxruntime computes with the original model.

    pip download --no-deps silero-vad==6.2.3
    pip install numpy scipy onnx==1.23.2 onnxruntime==1.32.0
    python3 scripts/silero_golden.py silero_vad-6.2.3-py3-none-any.whl

Writes audio/silero/testdata/golden.json (16 kHz input, made of clips and
signals that a test can make again to the bit) and
nodes/detect/testdata/silero.json (every clip of testdata/speech, mixed to mono
and resampled by scipy, which a resampler only approximates).
"""
import json
import math
import pathlib
import sys
import wave

import numpy as np
import onnxruntime
from scipy import signal

from silero_weights import read_model

ROOT = pathlib.Path(__file__).resolve().parent.parent
SPEECH = ROOT / "testdata" / "speech"
RATE, FRAME, CONTEXT = 16000, 512, 64

# A signal is a list of parts, one after the other. The gains are powers of two, so that every sample is exact.
CASES = {
    "a reader": [{"wav": "austen-0880-16k.wav", "gain": 1}],
    "another sentence": [{"wav": "austen-0930-16k.wav", "gain": 1}],
    "quiet": [{"wav": "austen-0930-16k.wav", "gain": 1 / 256}],
    "silence": [{"silence": 30 * FRAME}],
    "full scale square": [{"square": 20 * FRAME, "period": 160, "gain": 1}],
    "noise": [{"noise": 40 * FRAME, "gain": 1 / 4}],
    "everything": [
        {"silence": 8000},
        {"wav": "austen-0880-16k.wav", "gain": 1},
        {"noise": 32000, "gain": 1 / 64},
        {"wav": "austen-0930-16k.wav", "gain": 1 / 16},
        {"silence": 40000},
        {"square": 8000, "period": 100, "gain": 1 / 2},
        {"wav": "austen-0930-16k.wav", "gain": 2},
        {"wav": "austen-0880-16k.wav", "gain": 1 / 2},
        {"noise": 16000, "gain": 1},
    ],
}


def read_wav(name):
    """Samples as (frames, channels) and the sample rate."""
    with wave.open(str(SPEECH / name)) as w:
        if w.getsampwidth() != 2:
            sys.exit(f"silero_golden: {name} has samples of {w.getsampwidth()} bytes: expected 2")
        x = np.frombuffer(w.readframes(w.getnframes()), "<i2").reshape(-1, w.getnchannels())
        return x.astype(np.float64) / 32768, w.getframerate()


def noise(n):
    """A linear congruential generator's upper 16 bits."""
    out, s = np.empty(n), 1
    for i in range(n):
        s = (s * 1664525 + 1013904223) % 2**32
        out[i] = ((s >> 16) - 32768) / 32768
    return out


def render(part):
    if "wav" in part:
        x, rate = read_wav(part["wav"])
        assert rate == RATE and x.shape[1] == 1, part
        return x[:, 0] * part["gain"]
    if "silence" in part:
        return np.zeros(part["silence"])
    if "noise" in part:
        return noise(part["noise"]) * part["gain"]
    n = np.arange(part["square"])
    return np.where(n % part["period"] < part["period"] // 2, 1.0, -1.0) * part["gain"]


def probabilities(session, x):
    """One per whole frame; the end is completed with zeros."""
    x = np.concatenate([x, np.zeros(-len(x) % FRAME)]).astype(np.float32)
    state, context = np.zeros((2, 1, 128), np.float32), np.zeros(CONTEXT, np.float32)
    out = []
    for frame in x.reshape(-1, FRAME):
        feed = {"input": np.concatenate([context, frame])[None], "state": state, "sr": np.array(RATE, np.int64)}
        p, state = session.run(None, feed)
        context = frame[-CONTEXT:]
        out.append(float(p[0, 0]))
    return out


def to_16k(name):
    x, rate = read_wav(name)
    x = x.mean(axis=1)
    g = math.gcd(rate, RATE)
    up, down = RATE // g, rate // g
    if up == down:
        return x
    # The network hears the last tenth of the band, so the filter falls off where that of audio/resample's class high
    # does: from 0.90 to 1.02 of the lower Nyquist frequency.
    wide = max(up, down)
    taps = signal.firwin(2 * 80 * wide + 1, 0.96 / wide, window=("kaiser", 14))
    return signal.resample_poly(x, up, down, window=taps)[: (2 * len(x) * up + down) // (2 * down)]


def write(path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("[\n" + ",\n".join(json.dumps(v) for v in value) + "\n]\n")
    print(f"{path.relative_to(ROOT)}: {len(value)} cases")


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(read_model(sys.argv[1]).SerializeToString(), options,
                                           providers=["CPUExecutionProvider"])
    write(ROOT / "audio/silero/testdata/golden.json", [
        {"name": name, "parts": parts,
         "probabilities": [float("%.9g" % p) for p in probabilities(session, np.concatenate([render(p) for p in parts]))]}
        for name, parts in CASES.items()])
    write(ROOT / "nodes/detect/testdata/silero.json", [
        {"wav": path.name, "probabilities": [float("%.6g" % p) for p in probabilities(session, to_16k(path.name))]}
        for path in sorted(SPEECH.glob("*.wav"))])


if __name__ == "__main__":
    main()
