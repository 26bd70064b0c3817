#!/usr/bin/env python3
"""Writes docs/Performance.md, its pictures and the table of README.md from the results of benchmarks/bench.py.

usage: performance.py [--output FOLDER] [RESULTS.json...]

By default all files of benchmarks/results/ are used, and the files of this checkout are written; FOLDER gets them
instead, without a README. The README's table is of the file with the most models and kernels.
"""

import argparse
import inspect
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "benchmarks"))

import pictures
import report
import results
from architectures.kernels import LAYOUTS
from peers import PEERS
from tables import (SUBJECT, baselines_of, compilation_table, geometric_mean_cell, limits_table, memory_table, ratio_of,
                    ready_table, share_of, summary_table, table, times_table, versions)

MARKED = re.compile(r"(<!-- performance table -->\n).*?(<!-- end of performance table -->)", re.DOTALL)

INTRODUCTION = """\
# Performance

Written by `docs/performance.py` from `benchmarks/results/`; measure on your own machine with `./x bench`.

Times are medians of paired rounds: in each, all systems run in the order A B C C B A on pinned cores, so that the
machine's moods fall on each alike. A ratio is the median of the rounds' ratios of a peer's time to Tenon's, with its
95 % bootstrap interval: above 1, Tenon is faster. One system is timed twice in each round; where it differs from
itself by more than 3 %, or something else took the cores, the case is marked †, and still counts in the means. Outputs
are compared before anything is timed. Shares of the peak are of the f32 multiply-add rate on the same cores, measured
before and after each round; operations are counted in the direct form of the model. Where the bytes that must be read
and written bind rather than the operations, the share is of the read bandwidth of the memory they fit in.
"""

MEMORY = """\
The most that a process which only loads a model and runs it has resident, beyond an interpreter with NumPy and the
inputs; in brackets, what belongs to no file in the end, so that neither the system can drop it nor another process
share it; of three processes, the middle one. Loaded is what is deployed: the compiled artefacts of Tenon, IREE and TVM,
elsewhere the ONNX file, which PyTorch and XLA compile in the same process.
"""

COMPILATION = """\
Of `tenon compile`, on all cores: with an empty cache and again with what that has left there, most memory resident, and
what comes out.
"""

READY = """\
Seconds from the ONNX file to the first result, on as many cores as are measured, with no cache of Tenon's:
"""


# -- Pictures ---------------------------------------------------------------------------------------------------------


def ratio_picture(title, rows, baselines):
    ticks = [(value, f"{value:g}") for value in (0.25, 0.5, 0.71, 1, 1.41, 2, 4, 8)]
    dots = [(row["name"], {name: ratio for name in baselines if (ratio := ratio_of(row, name))}) for row in rows]
    return pictures.dot_plot(title, dots, baselines, ticks, mark=1, logarithmic=True)


def share_picture(title, rows, peers):
    ticks = [(value / 10, f"{10 * value} %") for value in range(0, 13, 2)]
    dots = [(row["name"], {peer: share for peer in peers if (share := share_of(row, peer)) is not None})
            for row in rows]
    return pictures.dot_plot(title, dots, peers, ticks, mark=1.0)


# -- Pages ------------------------------------------------------------------------------------------------------------


def titles_of(records):
    """A title for each results file: its machine and threads, and where several have the same, its peers."""
    titles = []
    for record in records:
        machine, threads = record["machine"], record["threads"]
        cpu = f" ({machine['cpu']})" if "cpu" in machine else ""
        titles.append(f"{machine['processor']}{cpu}, {threads} of {machine['cores']} cores")
    return [f"{title}: {', '.join(baselines_of(record['results']))}" if titles.count(title) > 1 else title
            for title, record in zip(titles, records)]


def settings(rows):
    """What the modules of the peers say about how each is set."""
    texts = [inspect.getmodule(PEERS[name]).__doc__ for name in versions(rows) if name in PEERS]
    return "".join(f"- {' '.join(text.split())}\n" for text in texts)


class Page:
    """The sections of one results file, and the pictures they show by file name."""

    def __init__(self, title, stem, record):
        self.title, self.stem, self.record, self.pictures, self.parts = title, stem, record, {}, []

    def picture(self, name, svg, words):
        path = f"{self.stem}-{name}.svg"
        self.pictures[path] = svg
        self.parts.append(f"![{words}](images/{path})\n")

    def write(self):
        rows, machine = self.record["results"], self.record["machine"]
        models = [row for row in rows if row["kind"] == "model"]
        peers = ", ".join(f"{name} {version}" for name, version in versions(rows).items())
        dates = sorted(row["date"][:10] for row in rows)
        self.parts += [f"## {self.title}\n",
                       f"Measured {' to '.join(dict.fromkeys((dates[0], dates[-1])))}. {peers}.\n",
                       f"Features: {' '.join(machine.get('features', []))}.\n", settings(rows),
                       limits_table(self.record["limits"])]
        if models:
            self.section("Models", "models", models)
            self.memory(models)
        for suite in dict.fromkeys(row["kind"] for row in rows if row["kind"] != "model"):
            self.section(f"Kernels: {suite}", suite, [row for row in rows if row["kind"] == suite])
        self.failures(rows)
        return "\n".join(self.parts)

    def section(self, title, name, rows):
        baselines = baselines_of(rows)
        about = [LAYOUTS[name] + "\n"] if name in LAYOUTS else []
        self.parts += [f"### {title}\n", *about, summary_table(rows, baselines)]
        if name == "models":
            title = f"Time of each peer by that of {SUBJECT}: right of 1, {SUBJECT} is faster"
            self.picture(name, ratio_picture(title, rows, baselines),
                         f"Ratios of the peers' times to those of {SUBJECT}, models")
        else:
            self.picture(name, share_picture("Share of the limit that binds", rows, [SUBJECT, *baselines]),
                         f"Shares of peak or bandwidth, {name}")
        self.parts.append(times_table(rows, baselines, with_times=len(baselines) <= 3))

    def memory(self, rows):
        if resident := memory_table(rows):
            self.parts += ["### Memory\n", MEMORY, resident]
        if compilation := compilation_table(rows):
            self.parts += ["### Compilation\n", COMPILATION, compilation]
        if ready := ready_table(rows):
            self.parts += [READY, ready]

    def failures(self, rows):
        lines = [f"- {row['name']}, {peer}: {message}" for row in rows for peer, message in row["failed"].items()]
        lines += [f"- {row['name']} †: {row['void']}" for row in rows if row.get("void")]
        lines += [f"- {line}" for line in report.sitting_out(rows)]
        if lines:
            self.parts += ["### What failed, and what is not to be trusted\n", "\n".join(lines) + "\n"]


def overview(titles, records):
    """Every results file in a line, if there are several: the geometric means over models, then over kernels."""
    if len(records) < 2:
        return ""
    kinds = [("models", lambda row: row["kind"] == "model"), ("kernels", lambda row: row["kind"] != "model")]
    columns = [(name, title, chosen) for title, chosen in kinds for name in dict.fromkeys(
        name for record in records for name in baselines_of([row for row in record["results"] if chosen(row)]))]
    lines = [[heading, *(geometric_mean_cell([row for row in record["results"] if chosen(row)], name)
                         for name, _, chosen in columns)] for heading, record in zip(titles, records)]
    return ("## Machines\n\nGeometric means of the ratios; above 1, Tenon is faster.\n\n" +
            table(["", *(f"{name}, {title}" for name, title, _ in columns)], lines))


def readme_table(title, record):
    rows = [row for row in record["results"] if row["kind"] == "model"]
    # The peers that most models were compared to; the page has all.
    baselines = [name for name in baselines_of(rows) if 2 * sum(name in row["peers"] for row in rows) >= len(rows)]
    rounds = sorted({row["rounds"] for row in rows})
    rounds = "–".join(map(str, dict.fromkeys((rounds[0], rounds[-1]))))
    named = ", ".join(f"{name} {versions(rows)[name]}" for name in baselines)
    return (f"{title}; {named}; medians of {rounds} rounds. "
            "[Performance](docs/Performance.md) has the rest: kernels, memory, pictures.\n\n" + times_table(rows, baselines, with_times=False))


def main():
    parser = argparse.ArgumentParser(description="Makes the pages of what ./x bench has measured.")
    parser.add_argument("files", nargs="*", metavar="RESULTS.json", type=pathlib.Path)
    parser.add_argument("--output", metavar="FOLDER", type=pathlib.Path, default=ROOT / "docs")
    options = parser.parse_args()
    files = options.files or sorted((ROOT / "benchmarks" / "results").glob("*.json"), key=lambda path: path.stem)
    if not files:
        parser.error("there are no results in benchmarks/results/; run ./x bench first")
    try:
        records = {path: results.load(path) for path in files}
    except (OSError, ValueError) as error:
        parser.error(str(error))

    images = options.output / "images"
    images.mkdir(parents=True, exist_ok=True)
    sections = []
    titles = titles_of(records.values())
    for title, (path, record) in zip(titles, records.items()):
        page = Page(title, path.stem, record)
        sections.append(page.write())
        for name, svg in page.pictures.items():
            (images / name).write_text(svg)
    parts = [INTRODUCTION, overview(titles, records.values()), *sections]
    (options.output / "Performance.md").write_text("\n".join(part for part in parts if part))
    if options.output == ROOT / "docs":
        # Of several with as many models, the one with the most kernels.
        title, most = max(zip(titles, records.values()), key=lambda entry: (
            sum(row["kind"] == "model" for row in entry[1]["results"]), len(entry[1]["results"])))
        readme = ROOT / "README.md"
        readme.write_text(MARKED.sub(lambda match: match.group(1) + readme_table(title, most) + match.group(2),
                                     readme.read_text()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
