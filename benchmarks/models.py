#!/usr/bin/env python3
"""The benchmark models: builds them as ONNX files, makes inputs for them, checks them under onnxruntime.

    models.py --list
    models.py resnet50 bert -o DIR        writes DIR/resnet50.onnx, DIR/bert.onnx
    models.py --check                     runs every model and prints statistics of its outputs

As a module: `build(name)` returns an onnx.ModelProto, `inputs(name)` matching numpy arrays.
"""

import argparse
import hashlib
import pathlib
import shutil
import sys
import time
import zlib

import numpy as np
import onnx

from architectures import convolutional, small, transformers
from architectures.kernels import KERNELS, SUITES

MODELS = {
    "resnet50": convolutional.resnet50,
    "mobilenetv1": convolutional.mobilenetv1,
    "mobilenetv2": convolutional.mobilenetv2,
    "squeezenet": convolutional.squeezenet,
    "unet": convolutional.unet,
    "yolo": convolutional.yolo,
    "bert": transformers.bert,
    "bert-dynamic": lambda seed: transformers.bert(seed, dynamic=True),
    "gpt2": lambda seed: transformers.gpt2(seed, tokens=128, past=0),
    "gpt2-decode": lambda seed: transformers.gpt2(seed, tokens=1, past=512),
    "vit": transformers.vit,
    "mlp-1": lambda seed: small.mlp(seed, batch=1),
    "mlp-128": lambda seed: small.mlp(seed, batch=128),
    "dscnn": small.dscnn,
    "lstm": lambda seed: small.tagger(seed, "LSTM"),
    "gru": lambda seed: small.tagger(seed, "GRU"),
}

# What the symbolic dimensions are bound to when inputs are made.
SYMBOLS = {"batch": 1, "sequence": 128}


def build(name, seed=0):
    """The model or kernel called `name` with weights drawn from `seed`. Raises KeyError for an unknown name."""
    return {**MODELS, **KERNELS}[name](seed)


def inputs(name, seed=1, model=None):
    """Inputs for `name` by input name: unit normals for reals, ids in range for integers."""
    return inputs_for(model if model is not None else build(name), seed)


def inputs_for(model, seed=1):
    """Inputs for any of the models here; `model` may come without its weights."""
    return {value.name: make_input(value, seed) for value in model.graph.input}


def make_input(value, seed):
    # Keyed by name, so that an input does not change when another is added.
    rng = np.random.default_rng([seed, zlib.crc32(value.name.encode())])
    tensor = value.type.tensor_type
    shape = [dim.dim_value or SYMBOLS[dim.dim_param] for dim in tensor.shape.dim]
    if value.name == "attention_mask":
        # The last eighth of the tokens is padding.
        mask = np.ones(shape, np.int64)
        mask[:, shape[1] - shape[1] // 8:] = 0
        return mask
    if value.name == "token_type_ids":
        return (np.arange(shape[1]) >= shape[1] // 2).astype(np.int64) * np.ones(shape, np.int64)
    if value.name == "position_ids":
        past = 512 if shape[1] == 1 else 0
        return np.arange(past, past + shape[1], dtype=np.int64).reshape(shape)
    if value.name == "input_ids":
        return rng.integers(0, 10000, shape, dtype=np.int64)
    return rng.standard_normal(shape, dtype=np.float32)


def save(name, directory, seed=0):
    """Writes the model to DIRECTORY/NAME.onnx and returns the path."""
    directory = pathlib.Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / f"{name}.onnx"
    partial = path.with_suffix(".partial")
    onnx.save(build(name, seed), partial)
    partial.rename(path)
    return path


def cached(name, cache):
    """The path of the saved model in the folder `cache`, built again only when the code that builds it has changed."""
    here = pathlib.Path(__file__).parent
    digest = hashlib.sha256(f"{onnx.__version__} {np.__version__}".encode())
    for source in sorted(here.glob("architectures/*.py")):
        digest.update(source.read_bytes())
    current = pathlib.Path(cache) / digest.hexdigest()[:12]
    if not current.exists():
        # Gigabytes each, and of no use to the present code.
        shutil.rmtree(cache, ignore_errors=True)
    path = current / f"{name}.onnx"
    return path if path.exists() else save(name, current)


def check(name, seed):
    """Runs one model under onnxruntime; returns a line of statistics and whether all of them are sane."""
    import onnxruntime

    started = time.perf_counter()
    model = build(name, seed)
    onnx.checker.check_model(model, full_check=True)
    data = model.SerializeToString()
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    outputs = session.run(names, inputs(name, model=model))
    lines, good = [], True
    shown = 2 if len(names) > 3 else len(names)
    for output, values in zip(names, outputs):
        std, mean = float(values.std()), float(values.mean())
        # Probabilities are small and decoded boxes are pixels; activations lie in between.
        sane = bool(np.isfinite(values).all()) and 1e-6 < std < 200
        good &= sane
        if len(lines) < shown or not sane:
            lines.append(f"{output} {list(values.shape)} mean {mean:.3f} std {std:.3f}{'' if sane else ' NOT SANE'}")
    if len(names) > shown:
        lines.append(f"and {len(names) - shown} more outputs")
    seconds = time.perf_counter() - started
    return f"{name:<17} {len(data) / 1e6:7.1f} MB {len(model.graph.node):5d} nodes {seconds:5.1f} s  " + \
        "; ".join(lines), good


def main():
    parser = argparse.ArgumentParser(description="Builds the benchmark models as ONNX files.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="models or kernels (default with --check: all)")
    parser.add_argument("-o", "--output", metavar="DIR", default=".", help="where to write NAME.onnx")
    parser.add_argument("--list", action="store_true", help="print the names and leave")
    parser.add_argument("--check", action="store_true", help="run under onnxruntime instead of writing files")
    parser.add_argument("--weights", type=int, default=0, metavar="SEED", help="seed of the weights")
    options = parser.parse_args()

    if options.list:
        print("models:         ", *MODELS)
        for suite, kernels in SUITES.items():
            print(f"{suite + ':':<17}", *kernels)
        return 0
    unknown = [name for name in options.names if name not in MODELS and name not in KERNELS]
    if unknown:
        parser.error(f"unknown model '{unknown[0]}'; --list shows the known ones")
    if options.check:
        failed = False
        for name in options.names or MODELS:
            line, good = check(name, options.weights)
            print(line, flush=True)
            failed |= not good
        return 1 if failed else 0
    if not options.names:
        parser.error("no model named; --list shows the known ones")
    for name in options.names:
        path = save(name, options.output, options.weights)
        print(f"{path}  {path.stat().st_size / 1e6:.1f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
