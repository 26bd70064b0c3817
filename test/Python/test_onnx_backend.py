"""ONNX's backend tests: what has passed once must not fail again.

onnx_backend_passing.txt is the list of those; onnx_backend_report.py writes it, and what passes besides it is reported
here. TENON_BACKEND_CASES=add,conv runs only cases with such a word in their names.
"""

import os
import pathlib

import numpy as np
import pytest
from onnx import TensorProto, helper

import backend_suite
import tenon
import tenon.onnx_backend as backend

PASSING = pathlib.Path(__file__).parent / "onnx_backend_passing.txt"

WORDS = [word for word in os.environ.get("TENON_BACKEND_CASES", "").split(",") if word]


@pytest.fixture(scope="module")
def outcomes():
    return backend_suite.run_in_process(WORDS)


def test_no_case_fails_that_passed(outcomes, record_property):
    passing = [name for name in PASSING.read_text().split() if not WORDS or any(word in name for word in WORDS)]
    failed = [outcomes[name] for name in passing if name in outcomes and not outcomes[name].passed]
    missing = [name for name in passing if name not in outcomes]
    new = sorted(set(name for name, outcome in outcomes.items() if outcome.passed) - set(passing))
    record_property("passed", sum(outcome.passed for outcome in outcomes.values()))
    if new:
        print(f"{len(new)} cases pass that are not in {PASSING.name}; run onnx_backend_report.py: {' '.join(new)}")
    assert not missing, f"no such cases: {' '.join(missing)}"
    assert not failed, "\n".join(f"{outcome.name}: {outcome.reason}" for outcome in failed)


def test_no_case_crashes(outcomes):
    crashed = [outcome for outcome in outcomes.values() if outcome.reason.startswith(("crash", "time limit"))]
    assert not crashed, "\n".join(f"{outcome.name}: {outcome.reason}" for outcome in crashed)


# -- The interface ----------------------------------------------------------------------------------------------------


def neg():
    graph = helper.make_graph([helper.make_node("Neg", ["x"], ["y"])], "neg",
                              [helper.make_tensor_value_info("x", TensorProto.FLOAT, [3])],
                              [helper.make_tensor_value_info("y", TensorProto.FLOAT, [3])])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)


def test_prepare_and_run_model():
    x = np.array([1, -2, 3], np.float32)
    np.testing.assert_array_equal(backend.prepare(neg()).run([x])[0], -x)
    np.testing.assert_array_equal(backend.run_model(neg(), {"x": x}).y, -x)


def test_run_node():
    node = helper.make_node("Sub", ["a", "b"], ["c"])
    a, b = np.array([5, 7], np.float32), np.array([1, 2], np.float32)
    np.testing.assert_array_equal(backend.run_node(node, [a, b])[0], a - b)


def test_devices():
    assert backend.supports_device("CPU") and not backend.supports_device("CUDA")
    with pytest.raises(tenon.Error, match="expected the device CPU, but got CUDA"):
        backend.prepare(neg(), "CUDA")


def test_is_compatible():
    assert backend.is_compatible(neg())
    model = neg()
    model.graph.node[0].op_type = "Frobnicate"
    assert not backend.is_compatible(model)
