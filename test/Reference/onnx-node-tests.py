"""Runs ONNX's own node tests through the reference evaluator.

usage: onnx-node-tests.py TENON_TRANSLATE TENON_OPT [--filter=REGEX] [--list]

Each test's inputs become constants of its model, which is imported and evaluated; what comes out is compared with what the
ONNX project says should. Prints how many tests agree, and the name and difference of each that does not. A model the
importer refuses is not counted against the evaluator. Exit status 1 if a test disagrees.
"""

import argparse
import collections
import re
import subprocess
import sys
import tempfile
import warnings
from multiprocessing.pool import ThreadPool
from pathlib import Path

import ml_dtypes
import numpy as np
import onnx
from onnx import numpy_helper
from onnx.backend.test.case.node import collect_testcases

DTYPES = {"f16": np.float16, "bf16": ml_dtypes.bfloat16, "f32": np.float32, "f64": np.float64, "i1": np.bool_}
for bits in (8, 16, 32, 64):
    DTYPES[f"i{bits}"] = np.dtype(f"int{bits}")
    DTYPES[f"ui{bits}"] = np.dtype(f"uint{bits}")

CONSTANT = re.compile(r"(%\S+) = tenon\.constant (dense|dense_resource)<(.*)> : tensor<([^>]*)>")
RESOURCE = re.compile(r'^\s+(\w+): "0x([0-9A-Fa-f]+)"', re.M)
RETURN = re.compile(r"return (.*) : ")


def is_tensor(value):
    return isinstance(value, (np.ndarray, onnx.TensorProto)) or np.isscalar(value)


def to_array(value):
    return numpy_helper.to_array(value) if isinstance(value, onnx.TensorProto) else np.asarray(value)


def bake(case, inputs):
    """The test's model with its inputs as initializers."""
    model = onnx.ModelProto()
    model.CopyFrom(case.model)
    for value, tensor in zip(model.graph.input, inputs):
        initializer = model.graph.initializer.add()
        initializer.CopyFrom(tensor if isinstance(tensor, onnx.TensorProto) else numpy_helper.from_array(to_array(tensor)))
        initializer.name = value.name
    del model.graph.input[:]
    return model


def parse_scalar(text, dtype):
    """One element as MLIR prints it."""
    if text in ("true", "false"):
        return np.bool_(text == "true")
    if text.startswith("0x"):
        size = np.dtype(dtype).itemsize
        return np.frombuffer(int(text, 16).to_bytes(size, "little"), dtype)[0]
    if np.dtype(dtype).kind in "iu":
        return np.array([int(text)]).astype(dtype)[0]
    return np.array([float(text)]).astype(dtype)[0]


def parse_constant(kind, text, type_text, resources):
    """The array of a printed constant."""
    *dims, element = type_text.split("x")
    shape, dtype = tuple(int(d) for d in dims), DTYPES[element]
    if kind == "dense_resource":
        return np.frombuffer(bytes.fromhex(resources[text])[4:], dtype).reshape(shape)
    if text == "":
        return np.zeros(shape, dtype)
    if text.startswith('"0x'):
        raw = bytes.fromhex(text[3:-1])
        if dtype == np.bool_:
            bits = np.unpackbits(np.frombuffer(raw, np.uint8), bitorder="little")
            return bits[: int(np.prod(shape))].astype(bool).reshape(shape)
        return np.frombuffer(raw, dtype).reshape(shape)
    scalars = [parse_scalar(t, dtype) for t in re.findall(r"[^\[\],\s]+", text)]
    array = np.array(scalars, dtype)
    return array.reshape(shape) if array.size == np.prod(shape) else np.broadcast_to(array, shape)


def parse_outputs(chunk):
    """The arrays that the one function in the module returns."""
    resources = dict(RESOURCE.findall(chunk))
    values = {m[1]: parse_constant(m[2], m[3], m[4], resources) for m in CONSTANT.finditer(chunk)}
    return [values[name] for name in RETURN.search(chunk)[1].split(", ")]


def compare(case, expected, actual):
    """What is wrong with the outputs, or None."""
    if len(expected) != len(actual):
        return f"{len(actual)} outputs instead of {len(expected)}"
    for want, got in zip(expected, actual):
        want = to_array(want)
        if want.dtype != got.dtype:
            return f"element type {got.dtype} instead of {want.dtype}"
        if want.shape != got.shape:
            return f"shape {got.shape} instead of {want.shape}"
        if want.dtype.kind in "iub":
            if not np.array_equal(want, got):
                return f"{got.ravel()} instead of {want.ravel()}"[:300]
            continue
        # Some tests round every step of a half precision computation: allow two units in the last place.
        eps = float(ml_dtypes.finfo(want.dtype).eps)
        rtol = max(case.rtol, 2 * eps)
        want, got = want.astype(np.float64), got.astype(np.float64)
        atol = case.atol
        if "dft" in case.name:
            # Every element is a sum of all the others: one near zero is off by the rounding of the largest terms.
            atol = max(atol, 8 * eps * float(np.abs(want).max()))
        if not np.allclose(want, got, rtol=rtol, atol=atol, equal_nan=True):
            return f"off by up to {np.max(np.abs(want - got))}"
    return None


def import_case(options, case):
    """The module of one test, or the reason that the importer gives for refusing it."""
    inputs, outputs = case.data_sets[0]
    if not all(map(is_tensor, list(inputs) + list(outputs))):
        return None, "an input or output is no tensor"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{case.name}.onnx"  # The module is named after its file.
        path.write_bytes(bake(case, inputs).SerializeToString())
        run = subprocess.run([options.translate, "--import-onnx", path], capture_output=True, text=True)
    if run.returncode < 0:
        raise RuntimeError(f"{case.name}: the importer crashed: {run.stderr}")
    return (run.stdout, None) if run.returncode == 0 else (None, run.stderr.strip()[:300])


def evaluate(options, modules):
    """The modules with their functions evaluated, by name; one that could not be is missing. Then what was reported."""
    command = [options.opt, "--tenon-test-evaluate", "--mlir-print-elementsattrs-with-hex-if-larger=0",
               "--split-input-file", "-"]
    run = subprocess.run(command, input="\n// -----\n".join(modules), capture_output=True, text=True)
    chunks = run.stdout.split("// -----")
    return {m[1]: chunk for chunk in chunks if (m := re.search(r'tenon.model = "(\w+)"', chunk))}, run.stderr


def judge(options, cases):
    """A verdict for each test: agrees, disagrees or is refused, and the reason."""
    imported = [import_case(options, case) for case in cases]
    results, _ = evaluate(options, [module for module, _ in imported if module])
    verdicts = []
    for case, (module, reason) in zip(cases, imported):
        if module is None:
            verdicts.append(("refused", reason))
        elif case.name not in results:
            verdicts.append(("disagrees", evaluate(options, [module])[1].strip()[:300]))
        else:
            wrong = compare(case, case.data_sets[0][1], parse_outputs(results[case.name]))
            verdicts.append(("disagrees", wrong) if wrong else ("agrees", None))
    return verdicts


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("translate")
    parser.add_argument("opt")
    parser.add_argument("--filter", default="")
    parser.add_argument("--list", action="store_true", help="also name the tests that are refused, and why")
    options = parser.parse_args()

    warnings.simplefilter("ignore")  # The tests compute their own nan and infinities.
    cases = {case.name: case for case in collect_testcases(None) if case.model and re.search(options.filter, case.name)}
    cases = list(cases.values())
    batches = [cases[i : i + 50] for i in range(0, len(cases), 50)]
    with ThreadPool() as pool:
        verdicts = sum(pool.map(lambda batch: judge(options, batch), batches), [])
    counts = collections.Counter(kind for kind, _ in verdicts)
    for case, (kind, reason) in zip(cases, verdicts):
        if kind == "disagrees" or (kind == "refused" and options.list):
            print(f"{case.name}: {kind}: {reason}")
    print(f"{counts['agrees']} tests agree, {counts['disagrees']} disagree, {counts['refused']} are not imported")
    return 1 if counts["disagrees"] else 0


if __name__ == "__main__":
    sys.exit(main())
