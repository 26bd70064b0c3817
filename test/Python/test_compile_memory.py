"""What compiling takes in memory: the weights twice, as they are and as kernels read them, and not once more."""

import os
import pathlib
import subprocess
import sys

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

ROOT = pathlib.Path(__file__).resolve().parents[2]

COMPILE = """
import re, sys
from tenon.compiler import compile_to_file
compile_to_file(sys.argv[1], sys.argv[2])
# Not getrusage, whose peak a process takes over from the one that started it.
print(re.search(r"VmHWM:\\s+([0-9]+) kB", open("/proc/self/status").read())[1])
"""


def peak_bytes(model, artefact):
    environment = dict(os.environ, PYTHONPATH=str(ROOT / "python"))
    output = subprocess.run([sys.executable, "-c", COMPILE, str(model), str(artefact)], check=True,
                            capture_output=True, text=True, env=environment).stdout
    artefact.unlink()
    return int(output) * 1024


def save(path, nodes, x, y, weights, external=False):
    """A model of one input and one output, given as name, type and shape."""
    graph = helper.make_graph(nodes, "model", [helper.make_tensor_value_info(*x)],
                              [helper.make_tensor_value_info(*y)], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    onnx.save(model, path, save_as_external_data=external, location=path.name + ".data")


@pytest.mark.parametrize("external", [False, True])
def test_weights_are_held_twice_at_most(tmp_path, external):
    size, layers = 4096, 3
    weight = np.random.default_rng(0).standard_normal((size, size), dtype=np.float32)
    nodes, weights = [], []
    for layer in range(layers):
        weights.append(numpy_helper.from_array(weight, f"weight{layer}"))
        nodes.append(helper.make_node("MatMul", [f"x{layer}", f"weight{layer}"], [f"x{layer + 1}"]))
    path = tmp_path / "layers.onnx"
    save(path, nodes, ("x0", TensorProto.FLOAT, [1, size]), (f"x{layers}", TensorProto.FLOAT, [1, size]), weights,
         external)
    for artefact in ("layers.so",) if external else ("layers.so", "layers.o"):
        # 300 MB for Python, LLVM and the linker.
        assert peak_bytes(path, tmp_path / artefact) < 2 * layers * weight.nbytes + 300e6


def test_weights_that_stay_as_they_are_are_not_copied(tmp_path):
    """Wherever they stand: a table is written from the model's file, though its elements are not aligned there."""
    table = np.random.default_rng(0).standard_normal((25000, 1024), dtype=np.float32)
    path = tmp_path / "table.onnx"
    for name in ("a", "aa"):
        node = helper.make_node("Gather", ["table", "x"], ["y"], name=name)
        save(path, [node], ("x", TensorProto.INT64, [2]), ("y", TensorProto.FLOAT, [2, 1024]),
             [numpy_helper.from_array(table, "table")])
        if path.read_bytes()[:1000].index(table.tobytes()[:16]) % 4:
            break
    else:
        pytest.fail("one of two neighbours is not aligned")
    # 160 MB without a model, twice the table with a copy of it.
    assert peak_bytes(path, tmp_path / "table.so") < table.nbytes + 200e6
