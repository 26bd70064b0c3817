"""tenon.compile and tenon.load: models made here, against onnxruntime, and what is said of mistakes."""

import gc
import inspect
import os
import pathlib
import re
import subprocess
import threading

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper

import tenon


def make_model(nodes, inputs, outputs, initializers=(), opset=21):
    """A model of nodes; inputs and outputs as (name, type, shape)."""
    graph = helper.make_graph(nodes, "test", [helper.make_tensor_value_info(*value) for value in inputs],
                              [helper.make_tensor_value_info(*value) for value in outputs],
                              [onnx.numpy_helper.from_array(array, name) for name, array in initializers])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=10)


def dense(batch=3):
    """relu(x W + b), x of 3x5."""
    rng = np.random.default_rng(0)
    weights = rng.standard_normal((5, 7), dtype=np.float32)
    bias = rng.standard_normal(7, dtype=np.float32)
    nodes = [helper.make_node("Gemm", ["x", "w", "b"], ["h"]), helper.make_node("Relu", ["h"], ["y"])]
    return make_model(nodes, [("x", TensorProto.FLOAT, [batch, 5])], [("y", TensorProto.FLOAT, [batch, 7])],
                      [("w", weights), ("b", bias)])


def add(shape=(2, 3), dtype=TensorProto.FLOAT):
    return make_model([helper.make_node("Add", ["a", "b"], ["c"])], [("a", dtype, shape), ("b", dtype, shape)],
                      [("c", dtype, shape)])


def onnxruntime_outputs(model, inputs):
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, inputs)))


def random(shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape, dtype=np.float32)


def test_gives_what_onnxruntime_gives():
    model, x = dense(), random((3, 5))
    # One rounding an element and summand; sums of five.
    np.testing.assert_allclose(tenon.compile(model)(x)["y"], onnxruntime_outputs(model, {"x": x})["y"], rtol=1e-5,
                               atol=1e-6)


def test_takes_a_path_bytes_and_a_proto(tmp_path):
    model = add()
    path = tmp_path / "add.onnx"
    onnx.save(model, path)
    a = random((2, 3))
    for source in (path, str(path), model.SerializeToString(), model):
        np.testing.assert_array_equal(tenon.compile(source)(a, a)["c"], a + a)


def test_keeps_the_output_and_loads_it(tmp_path):
    path = tmp_path / "add.so"
    tenon.compile(add(), output=path)
    a = random((2, 3))
    np.testing.assert_array_equal(tenon.load(path)(a=a, b=a)["c"], a + a)
    assert [entry.name for entry in tmp_path.iterdir()] == ["add.so"]


def test_machine_code_is_cached_unless_told_otherwise(tmp_path, monkeypatch):
    monkeypatch.setenv("TENON_CACHE_DIR", str(tmp_path / "cache"))
    tenon.compile(add(), cache=False)
    assert not (tmp_path / "cache").exists()
    a = random((2, 3))
    for _ in range(2):
        np.testing.assert_array_equal(tenon.compile(add())(a, a)["c"], a + a)
    # A kernel's schedule, its code, and the program that calls it.
    assert len(list((tmp_path / "cache").glob("llvmcache-*"))) == 3


def test_arguments_by_position_name_and_dictionary():
    model = tenon.compile(add())
    a, b = random((2, 3)), random((2, 3), 1)
    for outputs in (model(a, b), model(a, b=b), model(a=a, b=b), model({"a": a, "b": b})):
        np.testing.assert_array_equal(outputs["c"], a + b)


def test_names_that_are_no_identifiers():
    model = make_model([helper.make_node("Neg", ["a.b:0"], ["c/d"])], [("a.b:0", TensorProto.FLOAT, [2])],
                       [("c/d", TensorProto.FLOAT, [2])])
    a = random((2,))
    np.testing.assert_array_equal(tenon.compile(model)({"a.b:0": a})["c/d"], -a)


def test_run_writes_into_given_arrays():
    model = tenon.compile(add())
    inputs = {"a": random((2, 3)), "b": random((2, 3), 1)}
    outputs = {"c": np.zeros((2, 3), np.float32)}
    c = outputs["c"]
    model.run(inputs, outputs)
    np.testing.assert_array_equal(c, inputs["a"] + inputs["b"])
    # The same arrays with other contents, then other arrays.
    inputs["a"][:] = 5
    model.run(inputs, outputs)
    np.testing.assert_array_equal(c, 5 + inputs["b"])
    inputs["a"] = random((2, 3), 2)
    model.run(inputs, outputs)
    np.testing.assert_array_equal(c, inputs["a"] + inputs["b"])


def test_run_sees_a_changed_shape():
    model = tenon.compile(add())
    inputs = {"a": random((2, 3)), "b": random((2, 3))}
    outputs = {"c": np.zeros((2, 3), np.float32)}
    model.run(inputs, outputs)
    inputs["a"] = inputs["a"].reshape(3, 2)
    with pytest.raises(tenon.Error, match="'a' expects size 2 in dimension 0, but got 3"):
        model.run(inputs, outputs)


def test_bound_arrays_are_run_on_as_they_are():
    model = tenon.compile(add())
    inputs = {"a": random((2, 3)), "b": random((2, 3), 1)}
    c = np.zeros((2, 3), np.float32)
    bound = model.bind(inputs, {"c": c})
    assert not c.any()
    bound()
    np.testing.assert_array_equal(c, inputs["a"] + inputs["b"])
    a = inputs.pop("a")
    a[:] = 5
    # A call in between has a workspace of its own, and the arrays live on.
    model(a, a)
    bound()
    np.testing.assert_array_equal(c, 5 + inputs["b"])
    del bound
    np.testing.assert_array_equal(model(a, a)["c"], a + a)


def test_bound_arrays_are_checked():
    model = tenon.compile(add())
    a, c = random((2, 3)), np.zeros((2, 3), np.float32)
    with pytest.raises(tenon.Error, match="expected inputs a, b, but 'b' is missing"):
        model.bind({"a": a}, {"c": c})
    with pytest.raises(tenon.Error, match="input 'b' expects a contiguous array"):
        model.bind({"a": a, "b": random((3, 2)).T}, {"c": c})
    bound = model.bind({"a": a, "b": random((3, 2))}, {"c": c})
    with pytest.raises(tenon.Error, match="'b' expects size 2 in dimension 0, but got 3"):
        bound()


def test_passes_contiguous_inputs_and_copies_others():
    model = tenon.compile(add())
    a = random((3, 2)).T
    assert not a.flags.c_contiguous
    np.testing.assert_array_equal(model(a, a)["c"], a + a)


class Exported:
    """An array that shows itself through DLPack alone."""

    def __init__(self, array):
        self.array = array

    def __dlpack__(self, **arguments):
        return self.array.__dlpack__(**arguments)

    def __dlpack_device__(self):
        return self.array.__dlpack_device__()


def test_takes_dlpack_objects_and_lists():
    model = tenon.compile(add())
    a = random((2, 3))
    np.testing.assert_array_equal(model(Exported(a), a.tolist())["c"], a + a)


def test_contiguous_inputs_are_read_where_they_are():
    info, = [info for info in tenon.compile(add()).inputs if info.name == "a"]
    a = random((2, 3))
    for given in (a, Exported(a)):
        assert np.shares_memory(tenon.Model._to_input(info, given), a)
    assert not np.shares_memory(tenon.Model._to_input(info, a[:, ::-1]), a)


def test_signature():
    model = tenon.compile(dense())
    assert [(info.name, info.dtype, info.shape) for info in model.inputs] == [("x", np.dtype("float32"), (3, 5))]
    assert [(info.name, info.dtype, info.shape) for info in model.outputs] == [("y", np.dtype("float32"), (3, 7))]
    assert "x: float32[3, 5]" in repr(model)
    assert model.manifest["kernels"]


def test_open_sizes():
    model = tenon.compile(dense(batch="batch"))
    assert model.inputs[0].shape == ("batch", 5)
    assert model.symbols == ["batch"]
    for batch in (1, 4, 33):
        x = random((batch, 5))
        np.testing.assert_allclose(model(x)["y"], onnxruntime_outputs(dense("batch"), {"x": x})["y"], rtol=1e-5,
                                   atol=1e-6)


@pytest.mark.parametrize("fixed", [{"shapes": {"x": [4, None]}}, {"symbols": {"batch": 4}}])
def test_sizes_fixed_by_hand(fixed):
    model = tenon.compile(dense(batch="batch"), **fixed)
    assert model.inputs[0].shape == (4, 5)


@pytest.mark.parametrize("name", ["int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "float64",
                                  "float16"])
def test_element_types(name):
    dtype = np.dtype(name)
    a = np.array([[1, 2, 3], [100, 5, 7]], dtype)
    model = tenon.compile(add(dtype=helper.np_dtype_to_tensor_dtype(dtype)))
    outputs = model(a, a)
    assert outputs["c"].dtype == dtype
    np.testing.assert_array_equal(outputs["c"], a + a)


def test_weights_left_out_are_given_to_load(tmp_path):
    path = tmp_path / "dense.onnx"
    onnx.save(dense(), path)
    x = random((3, 5))
    whole = tenon.compile(path)
    manifest = tenon.compile_to_file(path, tmp_path / "dense.so", embed_weights=False, threads=1)
    weights = whole.weights
    assert weights.nbytes >= 4 * 6 * 7 and not weights.flags.writeable
    assert f'"weights_bytes":{weights.nbytes}' in manifest
    expected = whole(x)["y"]
    del whole
    gc.collect()
    bare = tenon.load(tmp_path / "dense.so", weights=weights)
    np.testing.assert_array_equal(bare(x)["y"], expected)
    assert bare.weights is None
    with pytest.raises(tenon.Error, match="model 'dense' has no weights: set them"):
        tenon.load(tmp_path / "dense.so")(x)


@pytest.mark.parametrize("threads", [1, 2])
def test_kernels_are_timed_if_asked_for(threads):
    """On two threads, a launch has more events than one."""
    length = 3
    nodes = [helper.make_node("Softmax", [f"x{i}"], [f"x{i + 1}"], name=f"step{i}") for i in range(length)]
    model = tenon.compile(make_model(nodes, [("x0", TensorProto.FLOAT, [256, 512])],
                                     [(f"x{length}", TensorProto.FLOAT, [256, 512])]), profile=True, threads=threads)
    x = random((256, 512))
    times = model.profile(x)
    assert [time.source for time in times] == [f"step{i}" for i in range(length)]
    assert {time.kernel for time in times} <= {kernel["name"] for kernel in model.manifest["kernels"]}
    assert all(0 < time.seconds < 10 for time in times)
    # Nobody watches any more.
    assert set(model(x)) == {f"x{length}"}


def test_a_model_without_profiling_refuses_to_be_timed():
    a = random((2, 3))
    with pytest.raises(tenon.Error, match="model 'model' was compiled without profiling"):
        tenon.compile(add()).profile(a, a)


def test_several_files_of_one_compilation(tmp_path):
    path = tmp_path / "add.onnx"
    onnx.save(add(), path)
    tenon.compile_to_file(path, [tmp_path / "add.o", str(tmp_path / "add.h")], target="aarch64", cpu="cortex-a76",
                          features="-dotprod")
    assert (tmp_path / "add.o").read_bytes()[:4] == b"\x7fELF"
    assert "int add_infer(" in (tmp_path / "add.h").read_text()


def test_stops_after_a_phase(tmp_path):
    path = tmp_path / "add.onnx"
    onnx.save(add(), path)
    assert tenon.compile_to_file(path, tmp_path / "add.mlir", stop_after="graph") == ""
    assert "tenon.kernel" in (tmp_path / "add.mlir").read_text()
    with pytest.raises(tenon.CompileError, match="writing '.*add.so' needs the phase package, but stop-after is graph"):
        tenon.compile_to_file(path, tmp_path / "add.so", stop_after="graph")
    with pytest.raises(tenon.CompileError, match="option 'stop-after': expected a phase .*, but got 'lunch'"):
        tenon.compile_to_file(path, tmp_path / "add.mlir", stop_after="lunch")


# What each flag of `tenon compile` is called in Python. Those of None print, where Python returns.
ARGUMENTS = {"output": "output", "emit": "format", "stop-after": "stop_after", "target": "target", "cpu": "cpu",
             "features": "features", "shape": "shapes", "symbol": "symbols", "threads": "threads", "no-cache": "cache",
             "no-embed-weights": "embed_weights", "profile": "profile",
             "accuracy": "accuracy", "timings": None, "json": None, "help": None}


def test_python_has_what_the_command_has():
    build = pathlib.Path(os.environ.get("TENON_BUILD_DIR") or pathlib.Path(__file__).resolve().parents[2] / "build")
    text = subprocess.run([build / "bin/tenon", "compile", "--help"], check=True, capture_output=True, text=True).stdout
    flags = set(re.findall(r"^ +(?:-\w,)?--([\w-]+)", text, re.MULTILINE))
    assert flags == set(ARGUMENTS)
    to_file = inspect.signature(tenon.compile_to_file).parameters
    assert {name for name in ARGUMENTS.values() if name} == set(to_file) - {"model"}
    # A model to be run here has its weights, is whole, and is a shared library.
    assert set(to_file) - set(inspect.signature(tenon.compile).parameters) == {"format", "embed_weights", "stop_after"}
    for function in (tenon.compile, tenon.compile_to_file):
        for name in inspect.signature(function).parameters:
            assert name in tenon.compile.__doc__ + tenon.compile_to_file.__doc__


def test_threads_of_the_caller_share_a_model():
    model = tenon.compile(dense(batch=64), threads=2)
    inputs = [random((64, 5), seed) for seed in range(4)]
    expected = [model(x)["y"] for x in inputs]
    wrong = []

    def run(i):
        for _ in range(200):
            if not np.array_equal(model(inputs[i])["y"], expected[i]):
                wrong.append(i)

    threads = [threading.Thread(target=run, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_compiles_in_several_threads_at_once():
    errors = []

    def run():
        try:
            a = random((2, 3))
            np.testing.assert_array_equal(tenon.compile(add())(a, a)["c"], a + a)
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors


# -- Mistakes ---------------------------------------------------------------------------------------------------------


def test_no_such_file():
    with pytest.raises(tenon.CompileError, match="error: missing.onnx: No such file"):
        tenon.compile("missing.onnx")


def test_no_model(tmp_path):
    path = tmp_path / "text.onnx"
    path.write_text("not a model")
    with pytest.raises(tenon.CompileError, match="error: .*text.onnx"):
        tenon.compile(path)


def test_unknown_op_is_named():
    model = make_model([helper.make_node("Frobnicate", ["a"], ["c"], name="frob")], [("a", TensorProto.FLOAT, [2])],
                       [("c", TensorProto.FLOAT, [2])])
    with pytest.raises(tenon.CompileError, match="(?s)frob.*Frobnicate"):
        tenon.compile(model)


def test_unknown_target():
    with pytest.raises(tenon.CompileError, match="abacus"):
        tenon.compile(add(), target="abacus")


def test_nothing_is_left_of_a_failed_output(tmp_path):
    path = tmp_path / "model.so"
    with pytest.raises(tenon.CompileError):
        tenon.compile(b"not a model", output=path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("arguments, message", [
    ({"a": np.zeros((2, 3), np.float32)}, "expected inputs a, b, but 'b' is missing"),
    ({"a": np.zeros((2, 3), np.float32), "z": 1}, "expected inputs a, b, but"),
    ({"a": np.zeros((2, 3), np.float32), "b": np.zeros((2, 3))}, "input 'b' expects float32, but got float64"),
    ({"a": np.zeros((2, 3), np.float32), "b": np.zeros((2, 4), np.float32)},
     "input 'b' expects size 3 in dimension 1, but got 4"),
    ({"a": np.zeros((2, 3), np.float32), "b": np.zeros(3, np.float32)}, "input 'b' expects rank 2, but got 1"),
])
def test_wrong_arguments(arguments, message):
    with pytest.raises(tenon.Error, match=message):
        tenon.compile(add())(**arguments)


def test_load_refuses_other_files(tmp_path):
    path = tmp_path / "model.so"
    path.write_bytes(b"not a library")
    with pytest.raises(tenon.Error, match="not a shared library"):
        tenon.load(path)
    with pytest.raises(tenon.Error, match="missing.so"):
        tenon.load(tmp_path / "missing.so")


def test_targets_start_with_the_host():
    assert tenon.targets()[0] == "host"
