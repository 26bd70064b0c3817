#!/usr/bin/env python3
"""Writes docs/Performance.md, its pictures and the table of README.md from the results of benchmarks/bench.py.

usage: performance.py [--output FOLDER] [RESULTS.json...]

By default all files of benchmarks/results/ are used, and the files of this checkout are written; FOLDER gets them
instead, without a README. The README's table is of the first file with the most models.
"""

import argparse
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "benchmarks"))

import pictures
import report
import results
import timing

MARKED = re.compile(r"(<!-- performance table -->\n).*?(<!-- end of performance table -->)", re.DOTALL)
SUBJECT = "tenon"
NOTHING = "–"

INTRODUCTION = """\
# Performance

Written by `docs/performance.py` from `benchmarks/results/`; measure on your own machine with `./x bench`.

Times are medians of paired rounds: in each, all systems run in the order A B C C B A on pinned cores, so that the
machine's moods fall on each alike. A ratio is the median of the rounds' ratios of a peer's time to Tenon's, with its
95 % bootstrap interval: above 1, Tenon is faster. One system is timed twice in each round; where it differs from
itself by more than 3 %, or the machine's peak changed, the case is marked †. Outputs are compared before anything is
timed. Shares of the peak are of the f32 multiply-add rate on the same cores, measured before and after each round;
operations are counted in the direct form of the model. Where the bytes that must be read and written bind rather than the
operations, the share is of the read bandwidth of the memory they fit in.
"""


# -- Pieces -----------------------------------------------------------------------------------------------------------


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|---|" + "---:|" * (len(head) - 1)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows]) + "\n"


def milliseconds(facts):
    if "seconds" not in facts:
        return NOTHING
    value = facts["seconds"] * 1e3
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def mebibytes(count):
    return f"{count / 2**20:.1f}" if count < 10 << 20 else f"{count / 2**20:.0f}"


def versions(rows):
    """Every peer that takes part, in the order they were measured, and its version."""
    found = {}
    for row in rows:
        for name, facts in {**row["peers"], **row.get("once", {})}.items():
            found.setdefault(name, facts.get("version", ""))
    return found


def baselines_of(rows):
    return [name for name in versions(rows) if name != SUBJECT]


def ratio_of(row, baseline):
    """(ratio, low, high), or None if one of the two was not timed."""
    mine, theirs = row["peers"].get(SUBJECT, {}), row["peers"].get(baseline, {})
    if "seconds" not in mine or "seconds" not in theirs:
        return None
    return timing.median_ratio(theirs["samples"], mine["samples"])


def ratio_cell(row, baseline):
    if once := row.get("once", {}).get(baseline):
        return f"one call {once['seconds']:.3g} s"
    if baseline in row["failed"]:
        return "failed"
    ratio = ratio_of(row, baseline)
    return "{:.2f} ({:.2f}–{:.2f})".format(*ratio) if ratio else NOTHING


def share_of(row, peer):
    """What `peer` used of the limit that binds the case, or None."""
    facts = row["peers"].get(peer, {})
    return facts.get("peak_share" if row.get("bound") == "f32" else "bandwidth_share")


def share_cell(row, peer):
    share = share_of(row, peer)
    if share is None:
        return NOTHING
    return f"{100 * share:.0f} % of " + ("peak" if row["bound"] == "f32" else {"memory": "memory"}.get(
        row["bound"], row["bound"].upper()))


def name_cell(row):
    return row["name"] + (" †" if row.get("void") else "")


def times_table(rows, baselines, with_times=True):
    head = ["", f"{SUBJECT} ms"]
    for baseline in baselines:
        head += [f"{baseline} ms"] * with_times + ["ratio (95 %)" if with_times else f"{baseline} ÷ {SUBJECT} (95 %)"]
    lines = []
    for row in rows:
        mine = row["peers"].get(SUBJECT, {})
        cells = [name_cell(row), "failed" if SUBJECT in row["failed"] else milliseconds(mine)]
        for baseline in baselines:
            cells += [milliseconds(row["peers"].get(baseline, {}))] * with_times + [ratio_cell(row, baseline)]
        gflops = mine.get("gflops")
        lines.append(cells + [f"{gflops:.1f}" if gflops else NOTHING, share_cell(row, SUBJECT)])
    return table([*head, "GFLOP/s", "share"], lines)


def summary_table(rows, baselines):
    lines = []
    for baseline in baselines:
        pairs = report.paired_ratios(rows, SUBJECT, baseline)
        if not pairs:
            continue
        mean, low, high = timing.geometric_mean(pairs)
        intervals = [timing.median_ratio(pair, [1.0] * len(pair)) for pair in pairs]
        faster, slower = sum(low > 1 for _, low, _ in intervals), sum(high < 1 for _, _, high in intervals)
        lines.append([baseline, f"{mean:.2f} ({low:.2f}–{high:.2f})", str(len(pairs)), str(faster), str(slower),
                      str(len(pairs) - faster - slower), str(sum(SUBJECT in row["failed"] for row in rows)),
                      str(sum(baseline in row["failed"] for row in rows))])
    return table(["against", "geometric mean (95 %)", "cases", "faster", "slower", "neither", "tenon failed", "it failed"],
                 lines)


def limits_table(limits):
    names = {"f32": "f32 multiply-add", "bf16": "bf16 dot product", "int8": "int8 dot product", "l1": "reads from L1",
             "l2": "reads from L2", "l3": "reads from L3", "memory": "reads from memory"}
    return table(["limit", "rate"], [[title, f"{limits[name]:.1f} {'GB/s' if name in ('l1', 'l2', 'l3', 'memory') else 'GOP/s'}"]
                                     for name, title in names.items() if name in limits])


def memory_table(rows):
    rows = [row for row in rows if row.get("resident")]
    peers = [name for name in versions(rows) if any(name in row["resident"] for row in rows)]
    return table(["MiB", *peers], [
        [row["name"], *("failed" if "failed" in facts else mebibytes(facts["peak_bytes"]) if facts else NOTHING
                        for facts in (row["resident"].get(peer, {}) for peer in peers))] for row in rows]) if rows else ""


def compilation_table(rows):
    lines = []
    for row in rows:
        facts = row.get("compilation", {})
        if "seconds" in facts:
            lines.append([row["name"], f"{facts['seconds']:.2f}", mebibytes(facts["peak_bytes"]),
                          mebibytes(facts["weights_bytes"]), mebibytes(facts["artefact_bytes"]),
                          f"{(facts['code_bytes'] or 0) / 2**10:.0f}"])
    return table(["", "s", "peak MiB", "weights MiB", "artefact MiB", "code KiB"], lines) if lines else ""


# -- Pictures ---------------------------------------------------------------------------------------------------------


def ratio_picture(title, rows, baselines):
    ticks = [(value, f"{value:g}") for value in (0.25, 0.5, 0.71, 1, 1.41, 2, 4, 8)]
    dots = [(row["name"], {name: ratio for name in baselines if (ratio := ratio_of(row, name))}) for row in rows]
    return pictures.dot_plot(title, dots, baselines, ticks, mark=1, logarithmic=True)


def share_picture(title, rows, peers):
    ticks = [(value / 10, f"{10 * value} %") for value in range(0, 13, 2)]
    dots = [(row["name"], {peer: share for peer in peers if (share := share_of(row, peer)) is not None}) for row in rows]
    return pictures.dot_plot(title, dots, peers, ticks, mark=1.0)


# -- Pages ------------------------------------------------------------------------------------------------------------


def machine_title(record):
    machine, threads = record["machine"], record["threads"]
    cpu = f" ({machine['cpu']})" if "cpu" in machine else ""
    return f"{machine['processor']}{cpu}, {threads} of {machine['cores']} cores"


class Page:
    """The sections of one results file, and the pictures they show by file name."""

    def __init__(self, stem, record):
        self.stem, self.record, self.pictures, self.parts = stem, record, {}, []

    def picture(self, name, svg, words):
        path = f"{self.stem}-{name}.svg"
        self.pictures[path] = svg
        self.parts.append(f"![{words}](images/{path})\n")

    def write(self):
        rows, machine = self.record["results"], self.record["machine"]
        models = [row for row in rows if row["kind"] == "model"]
        peers = ", ".join(f"{name} {version}" for name, version in versions(rows).items())
        dates = sorted(row["date"][:10] for row in rows)
        self.parts += [f"## {machine_title(self.record)}\n",
                       f"Measured {' to '.join(dict.fromkeys((dates[0], dates[-1])))}. {peers}.\n",
                       f"Features: {' '.join(machine.get('features', []))}.\n", limits_table(self.record["limits"])]
        if models:
            self.section("Models", "models", models)
            self.memory(models)
        for suite in dict.fromkeys(row["kind"] for row in rows if row["kind"] != "model"):
            self.section(f"Kernels: {suite}", suite, [row for row in rows if row["kind"] == suite])
        self.failures(rows)
        return "\n".join(self.parts)

    def section(self, title, name, rows):
        baselines = baselines_of(rows)
        self.parts += [f"### {title}\n", summary_table(rows, baselines)]
        if name == "models":
            self.picture(name, ratio_picture(f"Time of each peer by that of {SUBJECT}", rows, baselines),
                         f"Ratios of the peers' times to those of {SUBJECT}, models")
        else:
            self.picture(name, share_picture("Share of the limit that binds", rows, [SUBJECT, *baselines]),
                         f"Shares of peak or bandwidth, {name}")
        self.parts.append(times_table(rows, baselines, with_times=len(baselines) <= 3))

    def memory(self, rows):
        if resident := memory_table(rows):
            self.parts += ["### Memory\n", "The most that was resident in a process that only loads the model, runs it a "
                           "few times and ends; with Python and the peer's own libraries.\n", resident]
        if compilation := compilation_table(rows):
            self.parts += ["### Compilation\n", "Of `tenon compile`: seconds on the same cores, most memory resident, and "
                           "what comes out.\n", compilation]

    def failures(self, rows):
        lines = [f"- {row['name']}, {peer}: {message}" for row in rows for peer, message in row["failed"].items()]
        lines += [f"- {row['name']} †: {row['void']}" for row in rows if row.get("void")]
        if lines:
            self.parts += ["### What failed, and what is not to be trusted\n", "\n".join(lines) + "\n"]


def readme_table(record):
    rows = [row for row in record["results"] if row["kind"] == "model"]
    # The peers that most models were compared to; the page has all.
    baselines = [name for name in baselines_of(rows) if 2 * sum(name in row["peers"] for row in rows) >= len(rows)]
    rounds = sorted({row["rounds"] for row in rows})
    named = ", ".join(f"{name} {versions(rows)[name]}" for name in baselines)
    return (f"{machine_title(record)}; {named}; medians of {'–'.join(map(str, dict.fromkeys((rounds[0], rounds[-1]))))} "
            f"rounds. [Performance](docs/Performance.md) has the rest: kernels, memory, pictures.\n\n"
            + times_table(rows, baselines, with_times=False))


def main():
    parser = argparse.ArgumentParser(description="Makes the pages of what ./x bench has measured.")
    parser.add_argument("files", nargs="*", metavar="RESULTS.json", type=pathlib.Path)
    parser.add_argument("--output", metavar="FOLDER", type=pathlib.Path, default=ROOT / "docs")
    options = parser.parse_args()
    files = options.files or sorted((ROOT / "benchmarks" / "results").glob("*.json"))
    if not files:
        parser.error("there are no results in benchmarks/results/; run ./x bench first")
    try:
        records = {path: results.load(path) for path in files}
    except (OSError, ValueError) as error:
        parser.error(str(error))

    images = options.output / "images"
    images.mkdir(parents=True, exist_ok=True)
    sections = []
    for path, record in records.items():
        page = Page(path.stem, record)
        sections.append(page.write())
        for name, svg in page.pictures.items():
            (images / name).write_text(svg)
    (options.output / "Performance.md").write_text("\n".join([INTRODUCTION, *sections]))
    if options.output == ROOT / "docs":
        most = max(records.values(), key=lambda record: sum(row["kind"] == "model" for row in record["results"]))
        readme = ROOT / "README.md"
        readme.write_text(MARKED.sub(lambda match: match.group(1) + readme_table(most) + match.group(2),
                                     readme.read_text()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
