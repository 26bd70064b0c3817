"""The tables of docs/Performance.md, as Markdown, of the rows of results files."""

import math

import report
import timing
from report import mebibytes

SUBJECT = "tenon"
NOTHING = "–"

LIMITS = {"f32": ("f32 multiply-add", "GFLOP/s"), "bf16": ("bf16 dot product", "GFLOP/s"),
          "int8": ("int8 dot product", "GOP/s"), "l1": ("reads from L1", "GB/s"), "l2": ("reads from L2", "GB/s"),
          "l3": ("reads from L3", "GB/s"), "memory": ("reads from memory", "GB/s")}


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|---|" + "---:|" * (len(head) - 1)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows]) + "\n"


def milliseconds(facts):
    if "seconds" not in facts:
        return NOTHING
    value = facts["seconds"] * 1e3
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


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
    limit = {"f32": "peak", "memory": "memory"}.get(row["bound"], row["bound"].upper())
    return f"{100 * share:.0f} % of {limit}"


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


def geometric_mean_cell(rows, baseline):
    pairs = report.paired_ratios(rows, SUBJECT, baseline)
    return "{:.2f} ({:.2f}–{:.2f})".format(*timing.geometric_mean(pairs)) if pairs else NOTHING


def best_ratios(rows, baselines):
    """For each case, the ratios to whichever peer is the fastest there."""
    found = []
    for row in rows:
        timed = {name: row["peers"][name] for name in baselines if "seconds" in row["peers"].get(name, {})}
        if timed and "seconds" in row["peers"].get(SUBJECT, {}):
            best = min(timed, key=lambda name: timed[name]["seconds"])
            found += report.paired_ratios([row], SUBJECT, best)
    return found


def summary_row(name, pairs, failed, missing):
    mean, low, high = timing.geometric_mean(pairs)
    intervals = [timing.median_ratio(pair, [1.0] * len(pair)) for pair in pairs]
    faster, slower = sum(low > 1 for _, low, _ in intervals), sum(high < 1 for _, _, high in intervals)
    return [name, f"{mean:.2f} ({low:.2f}–{high:.2f})", *map(str, (len(pairs), faster, slower,
                                                                   len(pairs) - faster - slower, failed, missing))]


def summary_table(rows, baselines):
    failed = sum(SUBJECT in row["failed"] for row in rows)
    lines = [summary_row(name, pairs, failed, sum(name in row["failed"] for row in rows)) for name in baselines
             if (pairs := report.paired_ratios(rows, SUBJECT, name))]
    if len(lines) > 1:
        lines.append(summary_row("the fastest of them", best_ratios(rows, baselines), failed, NOTHING))
    head = ["against", "geometric mean (95 %)", "cases", "faster", "slower", "neither", "tenon failed", "it failed"]
    return table(head, lines)


def limits_table(limits):
    return table(["limit", "rate"], [[title, f"{limits[name]:.1f} {unit}"] for name, (title, unit) in LIMITS.items()
                                     if name in limits])


def memory_table(rows):
    """What each peer adds at most, and what of it is private in the end; below, Tenon's share of it."""
    rows = [row for row in rows if row.get("resident")]
    peers = [name for name in versions(rows) if any(name in row["resident"] for row in rows)]

    def cell(facts):
        if "failed" in facts:
            return "failed"
        if not facts:
            return NOTHING
        private = f" ({mebibytes(facts['private_bytes'])})" if "private_bytes" in facts else ""
        return mebibytes(report.added(facts)) + private
    lines = [[row["name"], *(cell(row["resident"].get(peer, {})) for peer in peers)] for row in rows]
    if not lines:
        return ""
    return table(["MiB", *peers], lines + [[f"{SUBJECT} by it", *(memory_share(rows, peer) for peer in peers)]])


def memory_share(rows, peer):
    """The geometric mean of Tenon's memory by that of `peer`."""
    pairs = [(row["resident"].get(SUBJECT, {}), row["resident"].get(peer, {})) for row in rows]
    shares = [report.added(mine) / report.added(theirs) for mine, theirs in pairs
              if "peak_bytes" in mine and "peak_bytes" in theirs]
    return f"{math.prod(shares) ** (1 / len(shares)):.2f}" if shares and peer != SUBJECT else NOTHING


def compilation_table(rows):
    lines = []
    for row in rows:
        facts = row.get("compilation", {})
        if "artefact_bytes" in facts:
            seconds = [f"{facts[name]:.2f}" if name in facts else NOTHING for name in ("cold_seconds", "warm_seconds")]
            lines.append([row["name"], *seconds, mebibytes(facts["peak_bytes"]), mebibytes(facts["weights_bytes"]),
                          mebibytes(facts["artefact_bytes"]), f"{(facts['code_bytes'] or 0) / 2**10:.0f}"])
        elif "failed" in facts:
            lines.append([row["name"], "failed", *[NOTHING] * 5])
    head = ["", "s, empty cache", "s, again", "peak MiB", "weights MiB", "artefact MiB", "code KiB"]
    return table(head, lines) if lines else ""


def ready_table(rows):
    """Seconds that each peer needs from the ONNX file to the first result."""
    peers = list(versions(rows))

    def cell(row, peer):
        facts = {**row["peers"], **row.get("once", {})}.get(peer, {})
        return f"{facts['load_s'] + facts['first_call_s']:.3g}" if "load_s" in facts else NOTHING
    lines = [[row["name"], *(cell(row, peer) for peer in peers)] for row in rows]
    return table(["s", *peers], lines) if any(set(line[1:]) != {NOTHING} for line in lines) else ""
