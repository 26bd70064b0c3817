"""What bench.py prints: a line per case and a summary against each peer."""

import timing


def split_peers(peers):
    """The system the report is about, and those it is compared to."""
    subject = "tenon" if "tenon" in peers else peers[-1]
    return subject, [peer for peer in peers if peer != subject]


def header(subject, baselines):
    line = f"{'case':<29}{subject + ' ms':>12}"
    for baseline in baselines:
        line += f"{baseline + ' ms':>16}   {'ratio':>6} {'95 % interval':<15}"
    return line + f"{'GFLOP/s':>9}{'% peak':>8}{'GB/s':>7}{'% of':>6} {'':<7}{'max error':>10}"


def row(result, subject, baselines):
    """One line of the table. A ratio above 1 says that the subject is faster."""
    peers = result["peers"]
    mine = peers.get(subject, {})
    line = f"{result['name']:<29}" + number(mine.get("seconds"), 12, 1e3)
    for baseline in baselines:
        theirs = peers.get(baseline, {})
        line += number(theirs.get("seconds"), 16, 1e3)
        if "seconds" in mine and "seconds" in theirs:
            ratio, low, high = timing.median_ratio(theirs["samples"], mine["samples"])
            line += f"   {ratio:6.2f} {f'[{low:.2f}, {high:.2f}]':<15}"
        else:
            line += f"   {'-':>6} {'':<15}"
    return line + work(result, mine)


def work(result, mine):
    """What the subject achieved, and the largest error of anyone."""
    # Cases without contractions have no rate to speak of.
    gflops, peak = mine.get("gflops"), mine.get("peak_share")
    line = (f"{gflops:9.1f}" if gflops else f"{'-':>9}") + (f"{100 * peak:8.1f}" if peak else f"{'-':>8}")
    if "bandwidth_share" in mine:
        # Models have more traffic than what they cannot do without: a share says nothing unless it binds.
        line += f"{result['bytes'] / mine['seconds'] / 1e9:7.1f}{100 * mine['bandwidth_share']:6.1f} " \
                f"{result['memory']:<7}"
    else:
        line += f"{'-':>7}{'-':>6} {'':<7}"
    error = max((peer["error"] for peer in result["peers"].values() if "error" in peer), default=None)
    return line + (f"{error:10.1e}" if error is not None else f"{'-':>10}")


def number(value, width, scale):
    if value is None:
        return f"{'-':>{width}}"
    value *= scale
    # Four digits at every magnitude.
    return f"{value:{width}.{4 if value < 1 else 3 if value < 10 else 2 if value < 100 else 1}f}"


def notes(result):
    for peer, message in result["failed"].items():
        yield f"    {peer} failed: {message}"
    for peer, facts in result.get("once", {}).items():
        yield f"    {peer} took {facts['seconds']:.3g} s for one call, too long to repeat"
    if result.get("void"):
        yield f"    not to be trusted: {result['void']}"
    for peer, facts in result["peers"].items():
        if "latency" in facts:
            latency = facts["latency"]
            yield (f"    {peer}: median {latency['p50_s'] * 1e3:.4g} ms, 99th percentile "
                   f"{latency['p99_s'] * 1e3:.4g} ms over {latency['calls']} single calls")
    for peer, facts in result.get("resident", {}).items():
        yield f"    {peer}: " + (
            f"failed in a process of its own: {facts['failed']}" if "failed" in facts else
            f"{mebibytes(added(facts))} MiB at most, {mebibytes(facts['private_bytes'])} MiB private")
    compilation = result.get("compilation", {})
    if compilation.get("failed"):
        yield f"    compiling failed: {compilation['failed']}"
    elif compilation:
        yield (f"    compiled in {compilation['cold_seconds']:.2f} s, again in {compilation['warm_seconds']:.2f} s, "
               f"and {mebibytes(compilation['peak_bytes'])} MiB; "
               f"weights {mebibytes(compilation['weights_bytes'])} MiB, "
               f"artefact {mebibytes(compilation['artefact_bytes'])} MiB, "
               f"code {(compilation['code_bytes'] or 0) / 2**10:.0f} KiB")


def sitting_out(results):
    """Which peers are not made for which cases, and why: a line for each reason."""
    reasons = {}
    for result in results:
        for peer, reason in result.get("unsuited", {}).items():
            reasons.setdefault((peer, reason), []).append(result["name"])
    for (peer, reason), names in reasons.items():
        shown = ", ".join(names) if len(names) <= 3 else f"{len(names)} cases"
        yield f"{peer} sits out {shown}: {reason}"


def added(facts):
    """The most memory that loading and running took beyond an interpreter with NumPy and the inputs."""
    return facts["peak_bytes"] - facts["before_bytes"]


def mebibytes(count):
    return f"{count / 2**20:.1f}" if count < 10 << 20 else f"{count / 2**20:.0f}"


def paired_ratios(results, subject, baseline):
    """For each case that both could run, their paired ratios."""
    return [[theirs / mine for theirs, mine in zip(result["peers"][baseline]["samples"],
                                                   result["peers"][subject]["samples"])]
            for result in results if {subject, baseline} <= result["peers"].keys()]


def summary(results, subject, baselines):
    for baseline in baselines:
        pairs = paired_ratios(results, subject, baseline)
        # A case that one side cannot run is never dropped in silence.
        failed = sum(subject in result["failed"] for result in results)
        missing = sum(baseline in result["failed"] or baseline in result.get("once", {}) for result in results)
        if not pairs:
            yield f"{subject} against {baseline}: nothing to compare, {failed} of {len(results)} failed"
            continue
        mean, low, high = timing.geometric_mean(pairs)
        losses = sum(timing.median_ratio(pair, [1.0] * len(pair), 100)[0] < 1 for pair in pairs)
        yield (f"{subject} against {baseline}: geometric mean {mean:.2f} [{low:.2f}, {high:.2f}] over {len(pairs)}, "
               f"slower on {losses}; failed: {subject} {failed}, {baseline} {missing}")
