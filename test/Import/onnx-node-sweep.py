"""Imports every model of ONNX's backend tests and counts, per op, how many could be read and why others could not.

usage: onnx-node-sweep.py TENON_TRANSLATE [--failures] [--least N]

A test of the importer's breadth: numbers of results are the backend test's business. Run by hand, or by CI with
`--least`, the count below which it fails. The models are made by the onnx package, from its node tests and its data.
"""

import argparse
import collections
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys
import tempfile

import onnx
import onnx.backend.test.case.node as node_cases
from onnx.backend.test.loader import load_model_tests


def models(folder):
    """Yields (name, op, path) for every test; node tests are written into `folder`."""
    for case in node_cases.collect_testcases(None):
        path = folder / f"{case.name}.onnx"
        path.write_bytes(case.model.SerializeToString())
        # An expanded test is named after the op whose function body it holds.
        nodes = case.model.graph.node
        op = "expanded" if case.name.endswith("_expanded") else nodes[-1].op_type
        yield case.name, op, path
    for kind in ("simple", "pytorch-converted", "pytorch-operator"):
        for case in load_model_tests(kind=kind):
            yield case.name, kind, pathlib.Path(case.model_dir) / "model.onnx"
    data = pathlib.Path(onnx.__file__).parent / "backend/test/data/light"
    for path in sorted(data.glob("*.onnx")):
        yield path.stem, "light", path


def read(translate, path):
    """The error lines of importing the model; none if it worked; a line with the signal if it crashed."""
    run = subprocess.run([translate, "--import-onnx", "--check", path], capture_output=True, text=True, timeout=120)
    if run.returncode == 0:
        return []
    if run.returncode != 1:
        return [f"crashed with {run.returncode}"]
    return run.stderr.strip().splitlines() or ["failed without a message"]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("translate")
    parser.add_argument("--failures", action="store_true", help="list each model that could not be read")
    parser.add_argument("--least", type=int, default=0, help="fail if fewer models could be read")
    arguments = parser.parse_args()

    reads, totals, crashes = collections.Counter(), collections.Counter(), []
    with tempfile.TemporaryDirectory() as folder, concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        cases = list(models(pathlib.Path(folder)))
        results = pool.map(lambda case: read(arguments.translate, case[2]), cases)
        for (name, op, _), errors in zip(cases, results):
            totals[op] += 1
            reads[op] += not errors
            if errors and errors[0].startswith("crashed"):
                crashes.append(name)
            if errors and arguments.failures:
                print(f"{name}: {re.sub('^error: ', '', errors[0])}")
    for op, total in sorted(totals.items(), key=lambda item: (reads[item[0]] - item[1], item[0])):
        print(f"{op:28} {reads[op]:4} of {total}")
    print(f"\nread {sum(reads.values())} of {sum(totals.values())} models; {len(crashes)} crashes {' '.join(crashes)}")
    return 1 if crashes or sum(reads.values()) < arguments.least else 0


if __name__ == "__main__":
    sys.exit(main())
