#!/usr/bin/env python3
"""Writes the table of README.md from a results file of benchmarks/bench.py.

usage: performance_table.py RESULTS.json
"""

import json
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "benchmarks"))

import timing

MARKED = re.compile(r"(<!-- performance table -->\n).*?(<!-- end of performance table -->)", re.DOTALL)


def row(result, baselines):
    mine = result["peers"].get("tenon")
    if not mine or "seconds" not in mine:
        return f"| {result['name']} | – |" + " – | – |" * len(baselines) + " – |"
    cells = [result["name"], f"{mine['seconds'] * 1e3:.3g}"]
    for baseline in baselines:
        theirs = result["peers"].get(baseline)
        if theirs and "seconds" in theirs:
            ratio, low, high = timing.median_ratio(theirs["samples"], mine["samples"])
            cells += [f"{theirs['seconds'] * 1e3:.3g}", f"{ratio:.2f} ({low:.2f}–{high:.2f})"]
        else:
            cells += ["–", "–"]
    peak = result.get("peak_gflops")
    cells.append(f"{100 * mine['gflops'] / peak:.0f} %" if peak and mine.get("gflops") else "–")
    return "| " + " | ".join(cells) + " |"


def table(record):
    peers = {}
    for result in record["results"]:
        for name, facts in result["peers"].items():
            peers.setdefault(name, facts.get("version", ""))
    baselines = [name for name in peers if name != "tenon"]
    head = ["model", "tenon ms"]
    for baseline in baselines:
        head += [f"{baseline} {peers[baseline]} ms", "ratio (95 % interval)"]
    head.append("of peak")
    machine = record["machine"]
    threads = record["threads"]
    lines = [f"{machine['processor']}, {threads} thread{'s' if threads > 1 else ''}, {record['date'][:10]}. Medians of "
             f"{record['rounds']} rounds.", "",
             "| " + " | ".join(head) + " |", "|---|" + "---:|" * (len(head) - 1)]
    lines += [row(result, baselines) for result in record["results"]]
    return "\n".join(lines)


def main(path):
    text = table(json.loads(pathlib.Path(path).read_text()))
    readme = ROOT / "README.md"
    readme.write_text(MARKED.sub(lambda match: match.group(1) + text + "\n" + match.group(2), readme.read_text()))


if __name__ == "__main__":
    main(sys.argv[1])
