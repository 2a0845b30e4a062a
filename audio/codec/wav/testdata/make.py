"""Writes the WAV files of this folder with libsndfile, an implementation independent of the Go code, and beside each what
libsndfile reads from it as float32 (little-endian, interleaved).

    pip install numpy==1.26.4 soundfile==0.12.1 && python make.py
"""

import numpy as np
import soundfile as sf

RATE, FRAMES = 22050, 50
rng = np.random.default_rng(20)
CASES = [
    ("u8", "WAV", "PCM_U8", 1),
    ("i16", "WAV", "PCM_16", 2),
    ("i24", "WAV", "PCM_24", 1),
    ("i32", "WAV", "PCM_32", 2),
    ("f32", "WAV", "FLOAT", 1),
    ("f64", "WAV", "DOUBLE", 2),
    ("extensible-i24", "WAVEX", "PCM_24", 3),
    ("extensible-f32", "WAVEX", "FLOAT", 6),
    ("rf64-i16", "RF64", "PCM_16", 2),
]
for name, container, subtype, channels in CASES:
    samples = rng.uniform(-1, 1, (FRAMES, channels))
    samples[0], samples[1] = -1, 0
    sf.write(name + ".wav", samples, RATE, format=container, subtype=subtype)
    back, _ = sf.read(name + ".wav", dtype="float32", always_2d=True)
    back.astype("<f4").tofile(name + ".f32")
