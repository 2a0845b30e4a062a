#!/usr/bin/env python3
"""Makes audio/silero/weights/silero_vad_16k.f32 again from the wheel of silero-vad.

    pip download --no-deps silero-vad==6.2.3
    pip install onnx==1.23.2 numpy
    python3 scripts/silero_weights.py silero_vad-6.2.3-py3-none-any.whl [OUT]

The file is the initialisers of the 16 kHz model in the order of TENSORS, each
as little-endian float32 in row-major order, with nothing between them. The
wheel, the model, every shape and the transform's basis are checked first.
"""
import hashlib
import io
import pathlib
import sys
import zipfile

import numpy as np
import onnx
from onnx import numpy_helper

WHEEL_SHA256 = "7b7f5436cfcb02fae583a05b512ea96467fd449fe54cb49a5e4f06c51a1e43b8"
MODEL = "silero_vad/data/silero_vad_16k_op15.onnx"
MODEL_SHA256 = "7ed98ddbad84ccac4cd0aeb3099049280713df825c610a8ed34543318f1b2c49"
TENSORS = [
    ("model.stft.forward_basis_buffer", (258, 1, 256)),
    ("model.encoder.0.reparam_conv.weight", (128, 129, 3)),
    ("model.encoder.0.reparam_conv.bias", (128,)),
    ("model.encoder.1.reparam_conv.weight", (64, 128, 3)),
    ("model.encoder.1.reparam_conv.bias", (64,)),
    ("model.encoder.2.reparam_conv.weight", (64, 64, 3)),
    ("model.encoder.2.reparam_conv.bias", (64,)),
    ("model.encoder.3.reparam_conv.weight", (128, 64, 3)),
    ("model.encoder.3.reparam_conv.bias", (128,)),
    ("model.decoder.rnn.weight_ih", (512, 128)),
    ("model.decoder.rnn.weight_hh", (512, 128)),
    ("model.decoder.rnn.bias_ih", (512,)),
    ("model.decoder.rnn.bias_hh", (512,)),
    ("model.decoder.decoder.2.weight", (1, 128, 1)),
    ("model.decoder.decoder.2.bias", (1,)),
]


def expect(what, got, want):
    if got != want:
        sys.exit(f"silero_weights: {what} is {got}: expected {want}")


def read_model(wheel):
    raw = pathlib.Path(wheel).read_bytes()
    expect("the wheel's SHA-256", hashlib.sha256(raw).hexdigest(), WHEEL_SHA256)
    model = zipfile.ZipFile(io.BytesIO(raw)).read(MODEL)
    expect("the model's SHA-256", hashlib.sha256(model).hexdigest(), MODEL_SHA256)
    return onnx.load_from_string(model)


def check_basis(basis):
    """The package computes the transform with the symmetries of a Hann-windowed DFT."""
    n, k = np.arange(256), np.arange(129)[:, None]
    window = 0.5 - 0.5 * np.cos(2 * np.pi * n / 256)
    dft = window * np.concatenate([np.cos(2 * np.pi * k * n / 256), -np.sin(2 * np.pi * k * n / 256)])
    apart = np.abs(basis[:, 0] - dft).max()
    if apart > 1e-7:
        sys.exit(f"silero_weights: the transform's basis is {apart} from a windowed DFT: expected at most 1e-7")


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    here = pathlib.Path(__file__).resolve().parent.parent
    out = pathlib.Path(sys.argv[2]) if len(sys.argv) == 3 else here / "audio/silero/weights/silero_vad_16k.f32"
    tensors = {t.name: numpy_helper.to_array(t) for t in read_model(sys.argv[1]).graph.initializer}
    expect("the set of initialisers", sorted(tensors), sorted(name for name, _ in TENSORS))
    for name, shape in TENSORS:
        expect(f"the shape of {name}", tensors[name].shape, shape)
    check_basis(tensors[TENSORS[0][0]].astype(np.float64))
    data = b"".join(tensors[name].astype("<f4").tobytes() for name, _ in TENSORS)
    out.write_bytes(data)
    print(f"{out.name}: {len(data) // 4} weights, SHA-256 {hashlib.sha256(data).hexdigest()}")


if __name__ == "__main__":
    main()
