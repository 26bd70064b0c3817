"""Checks the JSON of `tenon inspect --roofline` for branches.mlir: the graph of launches, and that sums are sums.

usage: check-roofline.py ROOFLINE.json
"""

import json
import math
import sys


def near(a, b):
    return math.isclose(a, b, rel_tol=1e-9)


roofline = json.load(open(sys.argv[1]))
launches, kernels = roofline["launches"], {kernel["name"]: kernel for kernel in roofline["kernels"]}

# The two layers are one kernel; the transpose reads the first of them, the product the second and the transpose.
layers = [number for number, launch in enumerate(launches) if kernels[launch["kernel"]]["calls"] == 2]
assert len(layers) == 2 and launches[layers[0]]["kernel"] == launches[layers[1]]["kernel"], launches
assert launches[layers[0]]["inputs"] == [0] and launches[layers[0]]["producers"] == [], launches
assert launches[layers[1]]["producers"] == [layers[0]] and launches[layers[1]]["outputs"] == [1], launches
assert len({tuple(launches[number]["weights"]) for number in layers}) == 2, "each layer has weights of its own"
(last,) = [number for number, launch in enumerate(launches) if launch["outputs"] == [0]]
assert layers[1] in launches[last]["producers"] and len(launches[last]["producers"]) == 2, launches
assert all(producer < number for number, launch in enumerate(launches) for producer in launch["producers"])

# 2 * 16 * 16 * 16 operations on three tensors of 16 * 16 floats, one of which is weights.
layer = kernels[launches[layers[0]]["kernel"]]
assert layer["flops"] == 2 * 8192 and layer["bytes"] == 2 * 3 * 1024 and layer["arithmetic"] == "f32", layer

for key in ("seconds", "predicted_seconds", "limit_seconds", "flops", "bytes"):
    assert near(sum(launch[key] for launch in launches), roofline["total"][key]), key
    assert near(sum(kernel[key] for kernel in kernels.values()), roofline["total"][key]), key
    for name, kernel in kernels.items():
        assert near(sum(launch[key] for launch in launches if launch["kernel"] == name), kernel[key]), (name, key)
for entry in [*launches, *kernels.values(), roofline["total"]]:
    # A clock may be too coarse for a single launch.
    assert entry["seconds"] >= 0 and entry["limit_seconds"] > 0, entry
    assert near(entry["limit_fraction"] * entry["seconds"], entry["limit_seconds"] if entry["seconds"] else 0), entry
times = [kernel["seconds"] for kernel in roofline["kernels"]]
assert times == sorted(times, reverse=True), times
assert roofline["run_seconds"] > 0 and roofline["runs"] >= 5 and roofline["threads"] == 1
