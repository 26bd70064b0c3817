"""What compiling takes in memory: the weights twice, as they are and as kernels read them, and not once more."""

import os
import pathlib
import subprocess
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

ROOT = pathlib.Path(__file__).resolve().parents[2]

COMPILE = """
import re, sys
from tenon.compiler import compile_to_file
compile_to_file(sys.argv[1], sys.argv[2])
# Not getrusage, whose peak a process takes over from the one that started it.
print(re.search(r"VmHWM:\\s+([0-9]+) kB", open("/proc/self/status").read())[1])
"""


def test_weights_are_held_twice_at_most(tmp_path):
    size, layers = 4096, 3
    weight = np.random.default_rng(0).standard_normal((size, size), dtype=np.float32)
    nodes, weights = [], []
    for layer in range(layers):
        weights.append(numpy_helper.from_array(weight, f"weight{layer}"))
        nodes.append(helper.make_node("MatMul", [f"x{layer}", f"weight{layer}"], [f"x{layer + 1}"]))
    shape = [1, size]
    graph = helper.make_graph(nodes, "layers", [helper.make_tensor_value_info("x0", TensorProto.FLOAT, shape)],
                              [helper.make_tensor_value_info(f"x{layers}", TensorProto.FLOAT, shape)], weights)
    path = tmp_path / "layers.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]), path)

    environment = dict(os.environ, PYTHONPATH=str(ROOT / "python"))
    for artefact in ("layers.so", "layers.o"):
        output = subprocess.run([sys.executable, "-c", COMPILE, str(path), str(tmp_path / artefact)], check=True,
                                capture_output=True, text=True, env=environment).stdout
        # 300 MB for Python, LLVM and the linker.
        assert int(output) * 1024 < 2 * layers * weight.nbytes + 300e6
        (tmp_path / artefact).unlink()
