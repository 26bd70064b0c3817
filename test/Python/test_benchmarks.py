"""The benchmark harness: what it counts, how it times, what it keeps. No number here depends on the machine's speed."""

import json
import os
import pathlib
import subprocess
import sys
import xml.etree.ElementTree

import numpy as np
import onnx
import pytest
from onnx import helper
from onnx.reference import ReferenceEvaluator

import bounds
import case
import flops
import memory
import models
import results
import timing
from architectures.kernels import CHAINS, LAYERS, LAYOUTS, SUITES
from peers import PEERS, iree
from peers.onnx_graph import Graph
from peers.peer import Unsuited
from peers.shape_ops import SHAPE_OPS

ROOT = pathlib.Path(__file__).resolve().parents[2]
BENCH = [sys.executable, ROOT / "benchmarks" / "bench.py"]
MACHINE = {"processor": "a processor", "cores": 2}


def test_kernels_of_resnet50_and_ragged_products_are_there():
    assert len(SUITES["ragged"]) == 60
    assert len(SUITES["conv"]) == 1 + 7 and len(SUITES["pointwise"]) == 15
    assert len(models.MODELS) >= 16


def operations(name):
    model = models.build(name)
    onnx.checker.check_model(model, full_check=True)
    return flops.count(model, {key: values.shape for key, values in models.inputs_for(model).items()})


def test_a_chain_is_so_many_times_its_layer():
    for chain, single in [("conv3x3-128-28-chain", "conv3x3-128-128-28"),
                          ("conv1x1-64-256-56-chain", "conv1x1-64-256-56"),
                          ("depthwise-240-14-5x5-chain", "depthwise-14x5")]:
        assert operations(chain) == LAYERS[chain] * operations(single)
    # Whoever reads the numbers is told what the ends of the images are.
    assert set(CHAINS) <= LAYOUTS.keys() <= SUITES.keys()


def test_times_of_a_chain_are_those_of_a_layer(monkeypatch):
    rounds = timing.Rounds({"tenon": [4.0, 8.0, 4.0], "tenon again": [4.0, 8.0, 4.0]}, [], 0, 3)
    monkeypatch.setattr(timing, "interleave", lambda *arguments: rounds)
    result = {"layers": 4, "flops": 3e9, "bytes": 1, "peers": {"tenon": {}}}
    case.measure({"tenon": None}, case.Settings(("tenon",), 1, 3, 0.0, False, {}), result)
    assert result["peers"]["tenon"]["samples"] == [1.0, 2.0, 1.0]
    assert result["peers"]["tenon"]["gflops"] == 3.0


def test_fused_kernels_count_every_product():
    assert operations("mlp-32x512x2048x512") == 2 * 32 * (512 * 2048 + 2048 * 512)
    # Pooling and activations count nothing; what is computed and pooled away does.
    assert operations("conv3x3-64-64-56-max2") == 2 * 56 * 56 * 64 * 64 * 9
    assert operations("stem-224-max3") == 2 * 112 * 112 * 64 * 3 * 49
    # The stride is that of the depthwise convolution.
    assert operations("inverted-16-96-24-112s2") == 2 * (112 * 112 * 16 * 96 + 56 * 56 * (96 * 9 + 96 * 24))
    assert operations("inverted-160-960-160-7") == 2 * 49 * (2 * 160 * 960 + 960 * 9)


def test_bytes_are_counted_once_and_of_tables_only_the_rows_read():
    gemm = models.build("gemm-5x250x500")
    assert flops.count_bytes(gemm, {"a": (5, 500)}) == 4 * (5 * 500 + 500 * 250 + 5 * 250)
    table = onnx.parser.parse_model("""<ir_version: 10, opset_import: ["" : 17]>
        g (int64[3] ids) => (float[3, 8] y) <float[2, 8] table = {0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3, 4, 5, 6, 7}> {
            y = Gather(table, ids) }""")
    # Three rows would be read of a table that has only two.
    assert flops.count_bytes(table, {"ids": (3,)}) == 3 * 8 + 2 * 8 * 4 + 3 * 8 * 4
    assert flops.count_bytes(table, {"ids": (1,)}) == 1 * 8 + 1 * 8 * 4 + 1 * 8 * 4


def test_rounds_are_interleaved_and_bracketed(monkeypatch):
    monkeypatch.setattr(timing, "settle", lambda call, seconds: None)
    monkeypatch.setattr(timing.Disturbance, "happened", lambda self: False)
    calls = []
    probes = iter(range(10, 20, 2))

    def probe():
        calls.append("probe")
        return {"f32": next(probes)}

    systems = {"a": lambda: calls.append("a"), "b": lambda: calls.append("b")}
    # Three calls of each estimate, then one is long enough for a sample.
    rounds = timing.interleave(systems, 2, 0.0, probe)
    calls = "".join(call[0] for call in calls)
    assert calls == "aaabbb" + "p" + "abbap" * 2
    assert rounds.brackets == [{"f32": 11}, {"f32": 13}]
    assert rounds.dropped == 0 and len(rounds.seconds["a"]) == 2


def test_rounds_that_lost_time_are_dropped(monkeypatch):
    monkeypatch.setattr(timing, "settle", lambda call, seconds: None)
    monkeypatch.setattr(timing, "waited_seconds", lambda: {})
    # The first round loses two ticks.
    ticks = iter([0, 2] + [2] * 20)
    monkeypatch.setattr(timing, "stolen_ticks", lambda cores: next(ticks))
    rounds = timing.interleave({"a": lambda: None}, 3, 0.0)
    assert rounds.dropped == 1 and rounds.clean == 3 and len(rounds.seconds["a"]) == 3 and rounds.brackets == []


def test_a_probe_that_fails_once_leaves_no_brackets(monkeypatch):
    monkeypatch.setattr(timing.Disturbance, "happened", lambda self: False)
    answers = iter([{"f32": 1}, {"f32": 1}, {}, {"f32": 1}])
    rounds = timing.interleave({"a": lambda: None}, 3, 0.0, lambda: next(answers))
    assert rounds.brackets == [] and len(rounds.seconds["a"]) == 3


def test_waiting_for_a_core_is_a_disturbance(monkeypatch):
    monkeypatch.setattr(timing, "stolen_ticks", lambda cores: 0)
    clock, waited = [100.0], [{"1": 5.0, "2": 0.0}]
    monkeypatch.setattr(timing.time, "perf_counter", lambda: clock[0])
    monkeypatch.setattr(timing, "waited_seconds", lambda: waited[0])
    disturbance = timing.Disturbance([0])
    clock[0] = 101.0
    # What a thread waited that has come since belongs to no round, and one that has gone is not missed.
    waited[0] = {"1": 5.009, "3": 7.0}
    assert not disturbance.happened()
    waited[0] = {"1": 5.011, "3": 7.0}
    assert disturbance.happened()


def test_ratios_are_paired():
    # The machine slows down threefold; the ratio of the pairs does not.
    assert timing.median_ratio([2.0, 4.0, 6.0], [1.0, 2.0, 3.0]) == (2.0, 2.0, 2.0)
    mean, low, high = timing.geometric_mean([[2.0, 2.0], [0.5, 0.5]])
    assert mean == pytest.approx(1.0) and low == pytest.approx(0.5) and high == pytest.approx(2.0)


def test_shares_are_of_the_limits_around_each_round():
    result = {"flops": 8e9, "bytes": 1e9, "peers": {"tenon": {}}}
    brackets = [{"f32": 100.0, "memory": 10.0}, {"f32": 50.0, "memory": 10.0}]
    # Half the peak in both rounds, although the peak itself halves.
    bounds.add_shares(result, {"tenon": [0.16, 0.32]}, brackets, "memory")
    assert result["peers"]["tenon"]["peak_share"] == pytest.approx(0.5)
    assert result["peers"]["tenon"]["bandwidth_share"] == pytest.approx((0.625 + 0.3125) / 2)
    assert result["bound"] == "f32"
    assert bounds.nearer_bound(1e9, 1e9, {"f32": 100.0, "memory": 10.0}, "memory") == "memory"


def test_a_record_keeps_other_cases_and_refuses_other_machines(tmp_path):
    path = tmp_path / "r.json"
    record = results.Record(path, MACHINE, 1, {})
    record.add({"name": "a", "value": 1})
    record.add({"name": "b", "value": 1})
    again = results.Record(path, MACHINE, 1, {})
    again.add({"name": "a", "value": 2})
    assert "b" in again and "c" not in again
    assert results.load(path)["results"] == [{"name": "a", "value": 2}, {"name": "b", "value": 1}]
    with pytest.raises(ValueError, match="other threads: expected 2, but got 1"):
        results.Record(path, MACHINE, 2, {})
    path.write_text(json.dumps({"results": []}))
    with pytest.raises(ValueError, match="expects format 2, but got None"):
        results.load(path)


# PyTorch's compiler takes half a minute even for this.
@pytest.mark.parametrize("name", [name for name in PEERS if name != "torch"])
def test_every_peer_that_is_installed_agrees_on_a_product(name, tmp_path):
    if missing := PEERS[name].missing():
        pytest.skip(f"{' and '.join(missing)} not installed")
    path = models.save("gemm-5x250x500", tmp_path)
    model = onnx.load(path)
    inputs = models.inputs_for(model)
    peer = PEERS[name]()
    peer.load(str(path), 1)
    weights = onnx.numpy_helper.to_array(model.graph.initializer[0])
    # Sums of 500 products of unit normals with weights of variance 1/500.
    np.testing.assert_allclose(peer.run(inputs)["c"], inputs["a"] @ weights, rtol=0, atol=1e-5)
    peer.bind(inputs)()
    assert peer.version()


def test_why_iree_failed_fits_a_line():
    # What its importer prints for a bidirectional GRU, shortened.
    refused = ("model.mlir:14:13: error: failed to legalize operation 'torch.operator' that was explicitly marked "
               'illegal: %39:2 = "torch.operator"(%38) <{name = "onnx.GRU"}> {torch.onnx.hidden_size = 128 : si64}')
    assert iree.reason(["remark: something", refused, "  ^"]) == "no lowering for this GRU"
    assert iree.reason(["model.mlir:1:2: error: out of " + 300 * "x"]) == "out of " + 193 * "x"
    assert iree.reason(["a", "b"]) == "b" and iree.reason([]) == "no message"


def test_an_op_that_is_not_in_a_table_is_no_failure(tmp_path):
    model = onnx.load(models.save("softmax-1x1000", tmp_path))
    with pytest.raises(Unsuited, match="Softmax is not in the table of ops"):
        Graph(model.graph, {})
    x = np.arange(6).reshape(2, 3)
    # A node sees its operands and its attributes.
    graph = Graph(model.graph, {"Softmax": lambda values, axis: values.sum(axis)})
    assert graph.run({}, {"x": x})[0].tolist() == [3, 12]


def test_ops_on_shapes_are_those_of_onnx():
    x = np.arange(24).reshape(2, 3, 4)
    for op, arguments, attributes in [
            ("Reshape", [np.array([0, -1, 2])], {}), ("Flatten", [], {"axis": 2}), ("Shape", [], {}),
            ("Slice", [np.array([1, -3]), np.array([9, -1]), np.array([2, 1]), np.array([2, 1])], {}),
            ("Slice", [np.array([0, 1]), np.array([1, 3])], {})]:
        node = helper.make_node(op, ["x", *"abcd"[:len(arguments)]], ["y"], **attributes)
        expected, = ReferenceEvaluator(node).run(None, dict(zip(node.input, [x, *arguments])))
        np.testing.assert_array_equal(SHAPE_OPS[op](x, *arguments, **attributes), expected)


def test_openblas_is_not_asked_for_models(tmp_path):
    if PEERS["openblas"].missing():
        pytest.skip("scipy not installed")
    with pytest.raises(Unsuited, match="only for products of two matrices"):
        PEERS["openblas"]().load(str(models.save("dscnn", tmp_path)), 1)


def test_compilation_is_measured_in_its_own_process(tmp_path, monkeypatch):
    monkeypatch.setenv("TENON_CACHE_DIR", str(tmp_path / "cache"))
    # As large as some compilers get: a process started from here must not inherit it.
    ballast = np.ones(200 << 20, np.uint8)
    path, artefact = models.save("dscnn", tmp_path), tmp_path / "dscnn.so"
    facts = memory.run("compile", path, artefact, min(os.sched_getaffinity(0)))
    assert 0 < facts["code_bytes"] < facts["artefact_bytes"]
    assert facts["peak_bytes"] > 1 << 20
    # On one core, work takes no less than its time on it; the second time, machine code is there already.
    assert 0 < facts["cpu_seconds"] <= facts["cold_seconds"] and facts["warm_seconds"] > 0
    np.savez(tmp_path / "inputs.npz", **models.inputs("dscnn"))
    resident = memory.run("peer", "tenon", artefact, tmp_path / "inputs.npz", 1)
    assert 0 < resident["before_bytes"] <= resident["peak_bytes"] < ballast.nbytes
    assert 0 < resident["private_bytes"] < resident["peak_bytes"]
    # Neither measurement leaves anything where developers have their cache.
    assert not (tmp_path / "cache").exists()
    assert "failed" in memory.run("compile", tmp_path / "missing.onnx", artefact, 0)


@pytest.mark.parametrize("name", ["iree", "tvm", "onnxruntime"])
def test_what_a_peer_deploys_runs_elsewhere(name, tmp_path, monkeypatch):
    if missing := PEERS[name].missing():
        pytest.skip(f"{' and '.join(missing)} not installed")
    path = models.save("gemm-5x250x500", tmp_path)
    inputs = models.inputs("gemm-5x250x500")
    # TVM's hides PyTorch, which other tests may need.
    monkeypatch.setitem(sys.modules, "torch", sys.modules.get("torch"))
    deployed = PEERS[name]().deploy(str(path), str(tmp_path), 1)
    peer = PEERS[name]()
    peer.open(deployed, 1)
    weights = onnx.numpy_helper.to_array(onnx.load(path).graph.initializer[0])
    # Sums of 500 products, as above.
    np.testing.assert_allclose(peer.run(inputs)["c"], inputs["a"] @ weights, rtol=0, atol=1e-5)


def test_the_median_of_several_peaks_is_kept(monkeypatch):
    peaks = iter([5, 9, 6])
    monkeypatch.setattr(memory, "run", lambda *arguments: {"peak_bytes": next(peaks)})
    assert memory.repeat("peer") == {"peak_bytes": 6}
    answers = iter([{"peak_bytes": 1}, {"failed": "no memory"}, {"peak_bytes": 1}])
    monkeypatch.setattr(memory, "run", lambda *arguments: next(answers))
    assert memory.repeat("peer") == {"failed": "no memory"}
    # What takes long runs once.
    monkeypatch.setattr(memory, "LONG_SECONDS", 0)
    peaks = iter([9])
    monkeypatch.setattr(memory, "run", lambda *arguments: {"peak_bytes": next(peaks)})
    assert memory.repeat("peer") == {"peak_bytes": 9}


def test_memory_is_what_a_peer_adds(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "docs"))
    import tables
    mine = {"before_bytes": 30 << 20, "peak_bytes": 32 << 20, "private_bytes": 1 << 20}
    theirs = {"before_bytes": 30 << 20, "peak_bytes": 38 << 20, "private_bytes": 4 << 20}
    row = {"name": "m", "peers": {"onnxruntime": {}, "tenon": {}}, "resident": {"onnxruntime": theirs, "tenon": mine}}
    broken = {**row, "name": "f", "resident": {"onnxruntime": {"failed": "no memory"}, "tenon": mine}}
    lines = tables.memory_table([row, broken]).splitlines()
    assert lines[2:] == ["| m | 8.0 (4.0) | 2.0 (1.0) |", "| f | failed | 2.0 (1.0) |", "| tenon by it | 0.25 | – |"]


def test_a_quick_run_end_to_end(tmp_path):
    path = tmp_path / "results.json"
    command = [*BENCH, "gemm-5x250x500", "--quick", "--rounds=1", "--sample-ms=1", "--peers=onnxruntime",
               f"--json={path}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    record = results.load(path)
    assert {"f32", "memory"} <= record["limits"].keys() and record["machine"]["features"]
    result, = record["results"]
    assert result["kind"] == "ragged" and result["flops"] == 2 * 5 * 250 * 500
    for peer in ("onnxruntime", "tenon"):
        # More than the one round if that was disturbed.
        assert len(result["peers"][peer]["samples"]) >= 1 and result["peers"][peer]["peak_share"] > 0
    assert result["gate"]["median"] > 0 and result["limits"]["f32"] > 0
    check_pages(path, tmp_path / "docs")
    # What is there already is left out.
    again = subprocess.run([*command, "--resume"], capture_output=True, text=True, timeout=300)
    assert again.returncode == 0 and "gemm-5x250x500" not in again.stdout


def check_pages(path, folder):
    script = [sys.executable, ROOT / "docs" / "performance.py"]
    subprocess.run([*script, path, "--output", folder], check=True, timeout=60)
    page = (folder / "Performance.md").read_text()
    for piece in ["### Kernels: ragged", "| gemm-5x250x500", "| f32 multiply-add |", "(images/results-ragged.svg)"]:
        assert piece in page
    picture = xml.etree.ElementTree.parse(folder / "images" / "results-ragged.svg")
    # Two in the legend, two in the row.
    assert len(picture.findall("{http://www.w3.org/2000/svg}circle")) == 4
    refused = subprocess.run([*script, ROOT / "README.md"], capture_output=True, text=True, timeout=60)
    assert refused.returncode == 2 and "is not a results file" in refused.stderr


def test_losses_and_failures_are_shown(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "docs"))
    import performance
    timed = {"version": "1", "seconds": 1.0, "samples": [1.0, 1.0]}
    row = {"name": "m", "kind": "model", "failed": {}, "rounds": 2, "date": "2026-01-01",
           "peers": {"onnxruntime": timed, "tenon": {**timed, "seconds": 2.0, "samples": [2.0, 2.0]}}}
    failed = {**row, "name": "f", "failed": {"tenon": "no such op"}, "peers": {"onnxruntime": timed},
              "unsuited": {"openblas": "only for products"}}
    record = {"machine": MACHINE, "threads": 1, "limits": {}, "results": [row, failed]}
    assert "| m | 2000 | 0.50 (0.50–0.50) |" in performance.readme_table("a machine", record)
    page = performance.Page("a machine", "r", record).write()
    assert "| onnxruntime | 0.50 (0.50–0.50) | 1 | 0 | 1 | 0 | 1 | 0 |" in page
    assert "| f | failed |" in page and "- f, tenon: no such op" in page
    assert "- openblas sits out f: only for products" in page
    assert "- ONNX Runtime: all graph optimizations, as many threads as are measured.\n- Tenon as it is" in page
    other = {**record, "machine": {**MACHINE, "processor": "another"}, "results": [{**row, "kind": "gemm"}]}
    titles = performance.titles_of([record, other])
    assert titles == ["a processor, 1 of 2 cores", "another, 1 of 2 cores"]
    table = performance.overview(titles, [record, other])
    assert "| a processor, 1 of 2 cores | 0.50 (0.50–0.50) | – |" in table
    assert "| another, 1 of 2 cores | – | 0.50 (0.50–0.50) |" in table
    assert performance.titles_of([record, record]) == 2 * ["a processor, 1 of 2 cores: onnxruntime"]


def test_unknown_names_are_refused(tmp_path):
    for argument, message in [("resnet51", "unknown model 'resnet51'"), ("--peers=abacus", "unknown peer 'abacus'"),
                              ("--kernels=bread", "unknown suite 'bread'")]:
        done = subprocess.run([*BENCH, argument], capture_output=True, text=True)
        assert done.returncode == 2 and message in done.stderr
