#!/usr/bin/env python3
"""Writes golden.json: band-limited pulses resampled by scipy.signal.resample_poly.

The pulses end well inside the vectors, so that any good resampler agrees
within its passband ripple.

    python3 golden.py        (needs scipy)
"""
import json
import math
import pathlib

import numpy as np
from scipy import signal

PAIRS = [(44100, 16000), (48000, 16000), (16000, 48000), (44100, 48000),
         (48000, 44100), (8000, 16000), (22050, 16000), (44101, 16000)]


def pulse(rate, n, nyquist):
    t = (np.arange(n) - n / 2) / rate
    width = n / rate / 12
    envelope = np.exp(-0.5 * (t / width) ** 2)
    tones = sum(a * np.cos(2 * np.pi * f * nyquist * t + p)
                for a, f, p in [(0.4, 0.11, 0.3), (0.3, 0.37, 1.1), (0.2, 0.71, 2.0)])
    return (envelope * tones).astype(np.float32).astype(np.float64)


def convert(x, src, dst):
    g = math.gcd(src, dst)
    up, down = dst // g, src // g
    wide = max(up, down)
    taps = signal.firwin(2 * 160 * wide + 1, 1 / wide, window=("kaiser", 14))
    y = signal.resample_poly(x, up, down, window=taps)
    return y[:(len(x) * up + down // 2) // down]


def main():
    cases = []
    for src, dst in PAIRS:
        n = src * 20 // 1000
        x = pulse(src, n, min(src, dst) / 2)
        y = convert(x, src, dst)
        cases.append({"src": src, "dst": dst,
                      "in": [float("%.9g" % v) for v in x], "out": [float("%.9g" % v) for v in y]})
    out = pathlib.Path(__file__).resolve().parent / "golden.json"
    out.write_text("[\n" + ",\n".join(json.dumps(c) for c in cases) + "\n]\n")


if __name__ == "__main__":
    main()
