#!/usr/bin/env python3
"""Runs ONNX's backend tests and writes what passes: onnx_backend_passing.txt, and docs/generated/OnnxCoverage.md.

usage: onnx_backend_report.py [--keep]     --keep leaves cases in the list that have passed before
"""

import collections
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(ROOT / "python"), str(HERE)]

import backend_suite

PASSING = HERE / "onnx_backend_passing.txt"
COVERAGE = ROOT / "docs" / "generated" / "OnnxCoverage.md"


def operators(case):
    """The operators of a case's model, the one it is a test of first."""
    model = case.model or backend_suite.load_files(case.model_dir)[0]
    names = sorted({node.op_type for node in model.graph.node})
    if case.name.endswith("_expanded"):
        return [f"{case.name.split('_')[1]} (expanded)", *names]
    return names


def write_coverage(cases, outcomes):
    passed = [outcome for outcome in outcomes if outcome.passed]
    counts = collections.defaultdict(lambda: [0, 0])
    for outcome in outcomes:
        # Expanded cases test the functions' bodies, not the operator.
        if outcome.name.endswith("_expanded") or len(names := operators(cases[outcome.name])) != 1:
            continue
        counts[names[0]][0] += outcome.passed
        counts[names[0]][1] += 1
    groups = collections.defaultdict(list)
    for outcome in outcomes:
        if not outcome.passed:
            groups[backend_suite.normalize(outcome.reason)].append(outcome.name)

    import onnx
    lines = ["# ONNX coverage", "",
             f"Of the {len(outcomes)} backend tests of onnx {onnx.__version__}, {len(passed)} pass.",
             "Written by `test/Python/onnx_backend_report.py`.", "",
             "## By operator", "",
             "Tests of one operator alone.", "",
             "| operator | passed | of |", "|---|---:|---:|"]
    lines += [f"| {name} | {good} | {total} |" for name, (good, total) in sorted(counts.items())]
    lines += ["", "## Why the others do not pass", "", "| tests | reason | operators |", "|---:|---|---|"]
    for reason, names in sorted(groups.items(), key=lambda group: (-len(group[1]), group[0])):
        text = reason.replace("|", "\\|").replace("<", "&lt;")
        involved = sorted({operator for name in names for operator in operators(cases[name])[:1]})
        shown = ", ".join(involved[:12]) + (f" and {len(involved) - 12} more" if len(involved) > 12 else "")
        lines.append(f"| {len(names)} | {text} | {shown} |")
    COVERAGE.parent.mkdir(parents=True, exist_ok=True)
    COVERAGE.write_text("\n".join(lines) + "\n")


def main():
    cases = backend_suite.load_cases()
    outcomes = sorted(backend_suite.run_cases(cases.values()), key=lambda outcome: outcome.name)
    passing = {outcome.name for outcome in outcomes if outcome.passed}
    before = set(PASSING.read_text().split()) if PASSING.exists() else set()
    for name in sorted(before - passing):
        print(f"no longer passes: {name}")
    for reason, count in collections.Counter(backend_suite.normalize(outcome.reason) for outcome in outcomes
                                             if not outcome.passed).most_common(20):
        print(f"{count:5d}  {reason}")
    if "--keep" in sys.argv[1:]:
        passing |= before
    PASSING.write_text("".join(f"{name}\n" for name in sorted(passing)))
    write_coverage(cases, outcomes)
    print(f"{sum(outcome.passed for outcome in outcomes)} of {len(outcomes)} pass, {len(passing - before)} new")


if __name__ == "__main__":
    main()
