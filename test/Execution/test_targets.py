"""Small models compiled for every target, run here or under an emulator, against onnxruntime.

The pipeline is the same for all: `--target`, which names a machine description, is the only difference. Targets whose
compiler, emulator or instruction set is missing here are skipped.
"""

import functools
import os
import pathlib
import platform
import re
import shutil
import subprocess
from typing import List, NamedTuple

import numpy as np
import onnx
import pytest

import models

ROOT = pathlib.Path(__file__).resolve().parents[2]
TENON = pathlib.Path(os.environ.get("TENON_BUILD_DIR", ROOT / "build")) / "bin" / "tenon"
INPUTS = pathlib.Path(__file__).parent / "Inputs"
# max |a - b| / max |b|: thousands of sums in float32 in another order, and products that round before they are added.
TOLERANCE = 1e-5
SECONDS = 60


class Runner(NamedTuple):
    """How to build programs for a target, and what runs them: `needs` are programs, or `cpu:` and what /proc/cpuinfo
    calls a feature; a program is run by each of the `emulators`."""

    target: str
    needs: List[str]
    compiler: List[str] = []
    emulators: List[List[str]] = [[]]


def qemu(architecture, target, *cpus):
    compiler, emulator = f"{architecture}-linux-gnu-gcc", f"qemu-{architecture}"
    emulators = [[emulator, "-cpu", cpu] for cpu in cpus] or [[emulator]]
    return Runner(target, [compiler, emulator], [compiler, "-static"], emulators)


def native(target, *features):
    return Runner(target, ["clang-22", "cpu:sse4_2", *(f"cpu:{feature}" for feature in features)], ["clang-22"])


# The features are those of the psABI levels, as far as vector code uses them.
RUNNERS = {
    "x86-64-v2": native("x86-64-v2"),
    "x86-64-v3": native("x86-64-v3", "avx2", "fma", "f16c"),
    "x86-64-v4": native("x86-64-v4", "avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"),
    "aarch64": qemu("aarch64", "aarch64"),
    # Vectors are as long as the processor has them: the same program, on three processors.
    "aarch64-sve": qemu("aarch64", "aarch64-sve", *(f"max,sve-max-vq={bits // 128}" for bits in (128, 256, 512))),
    "riscv64": qemu("riscv64", "riscv64", *(f"rv64,v=true,vlen={bits},vext_spec=v1.0" for bits in (128, 256, 512))),
    "wasm32": Runner("wasm32", ["node"]),
}


@functools.lru_cache(maxsize=None)
def processor_features():
    cpuinfo = pathlib.Path("/proc/cpuinfo")
    flags = re.search(r"^flags\s*:(.*)$", cpuinfo.read_text() if cpuinfo.exists() else "", re.MULTILINE)
    return set(flags.group(1).split()) if flags and platform.machine() == "x86_64" else set()


def is_available(need):
    feature = need[len("cpu:"):]
    return feature in processor_features() if need.startswith("cpu:") else bool(shutil.which(need))


# Besides the target; the accuracy lets convolutions be computed by Winograd's algorithm.
OPTIONS = {"conv3x3": ["--accuracy=moderate"]}


def make_convolution():
    """A 3x3 convolution with more results than whole tiles, and channels that fill no vector."""
    rng = np.random.default_rng(0)
    weights = onnx.numpy_helper.from_array(rng.standard_normal((70, 66, 3, 3)).astype(np.float32), "w")
    sizes = [onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [1, channels, 26, 22])
             for name, channels in (("x", 66), ("y", 70))]
    node = onnx.helper.make_node("Conv", ["x", "w"], ["y"], pads=[1, 1, 1, 1])
    graph = onnx.helper.make_graph([node], "conv3x3", sizes[:1], sizes[1:], [weights])
    return onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8)


@functools.lru_cache(maxsize=None)
def expected_output(name):
    """The model, its input and onnxruntime's output: made once, for all targets."""
    import onnxruntime

    made = {"digits": lambda: onnx.load(ROOT / "examples" / "digits" / "digits.onnx"), "conv3x3": make_convolution}
    model = made[name]() if name in made else models.build(name)
    inputs = models.inputs_for(model)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    outputs = session.run(None, inputs)
    assert len(inputs) == len(outputs) == 1
    return model, next(iter(inputs.values())), outputs[0]


def run(command, **options):
    done = subprocess.run(command, capture_output=True, timeout=SECONDS, **options)
    text = done.stderr.decode(errors="replace").strip()[-2000:]
    assert done.returncode == 0, f"{' '.join(map(str, command))}: exit code {done.returncode}: {text}"
    return done.stdout


def make_commands(runner, name, model, folder):
    """Compiles the model, links it into a program, and returns the commands that run it."""
    source = folder / f"{name}.onnx"
    onnx.save(model, source)
    artefact = source.with_suffix(".a" if runner.compiler else ".wasm")
    run([TENON, "compile", source, f"--target={runner.target}", *OPTIONS.get(name, []), "-o", artefact])
    symbol = re.sub(r"\W", "_", name)
    if not runner.compiler:
        return [["node", INPUTS / "run_model.mjs", artefact, symbol]]
    program = folder / "run"
    run([*runner.compiler, f"-DMODEL={symbol}_model", "-I", ROOT / "include", INPUTS / "run_model.c", artefact, "-lm",
         "-o", program])
    return [[*emulator, program] for emulator in runner.emulators]


@pytest.mark.parametrize("name", ["digits", "mlp-1", "dscnn", "conv3x3"])
@pytest.mark.parametrize("target", RUNNERS)
def test_agrees_with_onnxruntime(target, name, tmp_path):
    runner = RUNNERS[target]
    missing = [need for need in runner.needs if not is_available(need)]
    if missing:
        pytest.skip(f"needs {', '.join(missing)}")
    model, value, expected = expected_output(name)
    for command in make_commands(runner, name, model, tmp_path):
        written = run(command, input=value.tobytes())
        output = np.frombuffer(written, np.float32).reshape(expected.shape)
        error = float(np.abs(output - expected).max() / np.abs(expected).max())
        # Written so that a nan fails.
        assert error <= TOLERANCE, f"{command}: largest error {error:.1e}, more than {TOLERANCE:.0e}"
