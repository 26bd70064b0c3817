"""Branches and loops against onnxruntime, on both sides of what decides them at run time."""

import numpy as np
import onnx
import onnxruntime
import pytest

import tenon

# The models are as text: graphs inside of graphs read best so.
HEADER = '<ir_version: 8, opset_import: ["" : 18]> '


def check(text, *feeds):
    model = onnx.parser.parse_model(HEADER + text)
    onnx.checker.check_model(model)
    compiled, reference = tenon.compile(model), onnxruntime.InferenceSession(model.SerializeToString())
    for feed in feeds:
        expected = reference.run(None, feed)
        # A few sums and products of small numbers: exact, or rounded a few times.
        for value, wanted in zip(compiled(**feed).values(), expected):
            np.testing.assert_allclose(value, wanted, rtol=1e-6)


def test_if_reads_values_of_the_graph_around():
    x = np.array([1.5, -2], np.float32)
    check("""main (bool c, float[2] x) => (float[2] y, float[2] z) {
      twice = Add(x, x)
      y, z = If(c) <then_branch = t () => (float[2] a, float[2] b) { a = Exp(twice)
                                                                      b = Identity(x) },
                    else_branch = e () => (float[2] a, float[2] b) { a = Identity(twice)
                                                                      b = Neg(a) }>
    }""", {"c": np.array(True), "x": x}, {"c": np.array(False), "x": x})


def test_branch_not_taken_divides_by_zero_and_reads_out_of_range():
    x = np.arange(4, dtype=np.int64)
    text = """main (int64[1] i, int64[4] x) => (int64[1] y) {
      four = Constant <value = int64 {4}> ()
      zero = Constant <value = int64[1] {0}> ()
      low = Less(i, four)
      inside = Squeeze(low)
      y = If(inside) <then_branch = t () => (int64[1] a) { g = Gather(x, i)
                                                          rest = Sub(four, i)
                                                          a = Div(g, rest) },
                      else_branch = e () => (int64[1] b) { b = Identity(zero) }>
    }"""
    check(text, *({"i": np.array([i], np.int64), "x": x} for i in (2, 4, 1 << 40)))


def test_if_in_if():
    check("""main (bool c, bool d, float[3] x) => (float[3] y) {
      y = If(c) <then_branch = t () => (float[3] a) {
                   a = If(d) <then_branch = tt () => (float[3] b) { b = Neg(x) },
                              else_branch = te () => (float[3] b) { b = Abs(x) }> },
                 else_branch = e () => (float[3] a) { a = Mul(x, x) }>
    }""", *({"c": np.array(c), "d": np.array(d), "x": np.array([-1, 2, 3], np.float32)}
            for c in (False, True) for d in (False, True)))


def test_loop_stops_when_its_condition_fails():
    check("""main (float[2] x, float limit) => (float[2] y, int64 n) {
      trips = Constant <value = int64 {8}> ()
      always = Constant <value = bool {1}> ()
      none = Constant <value = int64 {0}> ()
      y, n = Loop(trips, always, x, none) <body = b (int64 i, bool c, float[2] v, int64 k) => (bool go, float[2] w, int64 m) {
        w = Add(v, x)
        one = Constant <value = int64 {1}> ()
        m = Add(k, one)
        sum = ReduceSum <keepdims = 0> (w)
        go = Less(sum, limit)
      }>
    }""", *({"x": np.array([1, 2], np.float32), "limit": np.array(limit, np.float32)} for limit in (-1, 7, 1000)))


def test_loop_that_never_starts():
    check("""main (float[2] x, bool c) => (float[2] y) {
      trips = Constant <value = int64 {3}> ()
      y = Loop(trips, c, x) <body = b (int64 i, bool ci, float[2] v) => (bool go, float[2] w) {
        w = Add(v, v)
        go = Identity(ci)
      }>
    }""", *({"x": np.array([1, 2], np.float32), "c": np.array(c)} for c in (False, True)))


def test_loop_stacks_what_each_iteration_gives():
    check("""main (float[5,3] x) => (float[3] y, float[n,3] all) {
      trips = Constant <value = int64 {5}> ()
      always = Constant <value = bool {1}> ()
      zero = Constant <value = float[3] {0, 0, 0}> ()
      y, all = Loop(trips, always, zero) <body = b (int64 i, bool c, float[3] v) => (bool go, float[3] w, float[3] s) {
        row = Gather(x, i)
        w = Add(v, row)
        s = Identity(w)
        go = Identity(c)
      }>
    }""", {"x": np.arange(15, dtype=np.float32).reshape(5, 3)})


def test_scan_backwards_with_a_matrix_product():
    rng = np.random.default_rng(0)
    check("""main (float[1,4] s, float[6,4] x, float[4,4] m) => (float[1,4] last, float[6,1,4] all) {
      last, all = Scan <num_scan_inputs = 1, scan_input_directions = [1],
                        body = b (float[1,4] h, float[4] e) => (float[1,4] g, float[1,4] out) {
        p = MatMul(h, m)
        q = Add(p, e)
        g = Tanh(q)
        out = Identity(g)
      }> (s, x)
    }""", {"s": rng.standard_normal((1, 4), dtype=np.float32), "x": rng.standard_normal((6, 4), dtype=np.float32),
           "m": rng.standard_normal((4, 4), dtype=np.float32)})


def test_trip_count_of_run_time():
    model = onnx.parser.parse_model(HEADER + """main (float[2] x, int64 n) => (float[2] y) {
      always = Constant <value = bool {1}> ()
      y = Loop(n, always, x) <body = b (int64 i, bool c, float[2] v) => (bool go, float[2] w) {
        w = Add(v, v)
        go = Identity(c)
      }>
    }""")
    with pytest.raises(tenon.CompileError, match="Loop_.*expects a trip count known when compiling"):
        tenon.compile(model)
