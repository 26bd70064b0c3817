"""Runs a model under Tenon and onnxruntime and measures how far they are apart.

usage: comparison.py NAME     prints the largest error of any output, and the arena over what is alive at once, as JSON

It's a process of its own for each model: a crash costs one test, and memory starts clean.
"""

import json
import pathlib
import sys

import numpy as np
import onnx

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parents[2] / folder) for folder in ("python", "benchmarks")]

import models
from architectures import convolutional, small, transformers

LIGHT = pathlib.Path(onnx.__file__).parent / "backend" / "test" / "data" / "light"

# The benchmark models with fewer layers and smaller images where that changes nothing but the time.
REDUCED = {
    **models.MODELS,
    "yolo": lambda seed: convolutional.yolo(seed, size=96),
    "bert": lambda seed: transformers.bert(seed, layers=2, width=192, heads=3, vocabulary=10000),
    "bert-dynamic": lambda seed: transformers.bert(seed, dynamic=True, layers=2, width=192, heads=3, vocabulary=10000),
    "gpt2": lambda seed: transformers.gpt2(seed, tokens=32, past=0, layers=2, width=192, heads=3, vocabulary=10000),
    "gpt2-decode": lambda seed: transformers.gpt2(seed, tokens=1, past=512, layers=2, width=192, heads=3,
                                                  vocabulary=10000),
    "vit": lambda seed: transformers.vit(seed, layers=2, width=192, heads=3),
    "lstm": lambda seed: small.tagger(seed, "LSTM", sequence=16),
    "gru": lambda seed: small.tagger(seed, "GRU", sequence=16),
}
NAMES = [*REDUCED, *sorted(path.stem for path in LIGHT.glob("*.onnx"))]


def load(name):
    """The model and inputs for it."""
    if name in REDUCED:
        model = REDUCED[name](0)
        return model, models.inputs_for(model)
    model = onnx.load(LIGHT / f"{name}.onnx")
    initializers = {initializer.name for initializer in model.graph.initializer}
    rng = np.random.default_rng(0)
    inputs = {value.name: rng.random([dim.dim_value or 1 for dim in value.type.tensor_type.shape.dim], np.float32)
              for value in model.graph.input if value.name not in initializers}
    return model, inputs


def relative_error(got, expected):
    """max |got - expected| / (1e-3 + max |expected|)."""
    assert got.shape == expected.shape and got.dtype == expected.dtype, \
        f"expected {expected.dtype}{list(expected.shape)}, but got {got.dtype}{list(got.shape)}"
    if not expected.size:
        return 0.0
    got, expected = got.astype(np.float64), expected.astype(np.float64)
    return float(np.abs(got - expected).max() / (1e-3 + np.abs(expected).max()))


def main(name):
    import onnxruntime

    import tenon

    model, inputs = load(name)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    expected = dict(zip(names, session.run(names, inputs)))
    compiled = tenon.compile(model)
    outputs = compiled(inputs)
    assert list(outputs) == names, f"expected the outputs {names}, but got {list(outputs)}"
    # max() would lose a nan that isn't first.
    error = float(np.max([relative_error(outputs[name], expected[name]) for name in names]))
    print(json.dumps({"error": error, "arena": compiled.manifest["workspace_ratio"]}))


if __name__ == "__main__":
    main(sys.argv[1])
