#!/usr/bin/env python3
"""Writes golden.json: what numpy and scipy compute where this package has its own formulas.

    python3 golden.py        (needs numpy and scipy)
"""
import json
import math
import pathlib

import numpy as np
from scipy import signal

RATE = 48000
SHAPES = ["LowPass", "HighPass", "BandPass", "Notch", "AllPass", "Peaking", "LowShelf", "HighShelf"]
DESIGNS = [(48000, 1000, math.sqrt(0.5), 6), (44100, 60, 4, -12), (16000, 7000, 0.5, 3), (192000, 20, 10, -24)]


def prototype(shape, q, gain_db):
    """The analog filter of frequency 1, numerator and denominator in falling powers of s."""
    root = 10 ** (gain_db / 40)
    mid = math.sqrt(root) / q
    den = [1, 1 / q, 1]
    return {
        "LowPass": ([1], den),
        "HighPass": ([1, 0, 0], den),
        "BandPass": ([1 / q, 0], den),
        "Notch": ([1, 0, 1], den),
        "AllPass": ([1, -1 / q, 1], den),
        "Peaking": ([1, root / q, 1], [1, 1 / (root * q), 1]),
        "LowShelf": ([root, root * mid, root * root], [root, mid, 1]),
        "HighShelf": ([root * root, root * mid, root], [1, mid, root]),
    }[shape]


def biquads():
    for shape in SHAPES:
        for rate, frequency, q, gain in DESIGNS:
            b, a = prototype(shape, q, gain)
            b, a = signal.bilinear(b, a, fs=0.5 / math.tan(math.pi * frequency / rate))
            yield {"shape": SHAPES.index(shape), "rate": rate, "frequency": frequency, "q": q, "gain": gain,
                   "b": list(b), "a": list(a)}


def noise(n):
    """A linear congruential generator's upper 16 bits."""
    out, s = np.empty(n), 1
    for i in range(n):
        s = (s * 1664525 + 1013904223) % 2**32
        out[i] = ((s >> 16) - 32768) / 32768
    return out


def filtered():
    sos = np.vstack([signal.butter(2, 3000, fs=RATE, output="sos"), signal.butter(2, 100, "highpass", fs=RATE, output="sos")])
    x = noise(700)
    return {"sections": [list(s) for s in sos], "out": list(signal.sosfilt(sos, x))}


def windows():
    names = [("boxcar", 0), ("hann", 1), ("hamming", 2), ("blackman", 3), ("blackmanharris", 4)]
    for name, window in names:
        for n in (1, 2, 15, 16):
            yield {"window": window, "periodic": list(signal.get_window(name, n)),
                   "symmetric": list(signal.get_window(name, n, fftbins=False))}


def spectra():
    for n in (1, 2, 3, 16, 97, 480):
        spectrum = np.fft.rfft(noise(n))
        yield {"n": n, "re": list(spectrum.real), "im": list(spectrum.imag)}


def true_peak():
    """Noise without its highest fifth, and the largest magnitude of it drawn 64 times as finely."""
    x = signal.sosfiltfilt(signal.butter(8, 0.6, output="sos"), noise(400) * signal.get_window("hann", 400))
    x = x.astype(np.float32)
    fine = signal.resample(np.pad(x.astype(np.float64), 400), 64 * 1200)
    return {"samples": [float(v) for v in x], "peak": float(np.abs(fine).max()), "sample_peak": float(np.abs(x).max())}


def main():
    golden = {
        "biquads": list(biquads()), "filtered": filtered(), "windows": list(windows()),
        "kaiser": list(np.kaiser(21, 8.5)), "spectra": list(spectra()), "true_peak": true_peak(),
    }
    out = pathlib.Path(__file__).resolve().parent / "golden.json"
    lines = [f"{json.dumps(k)}: {json.dumps(v)}" for k, v in golden.items()]
    out.write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
