#!/usr/bin/env python3
"""Times Tenon and its peers side by side on whole models or single kernels.

    bench.py                         all models, one thread
    bench.py resnet50 bert --threads=2
    bench.py --kernels gemm          one-node models; `all` for every suite
    bench.py --quick                 the small models, fewer rounds

Each case runs in a process of its own on pinned cores; timing.py says how times become ratios.
"""

import argparse
import datetime
import json
import multiprocessing
import os
import pathlib
import platform
import sys

import timing

HERE = pathlib.Path(__file__).resolve().parent
QUICK = ["mlp-1", "dscnn", "lstm", "squeezenet", "mobilenetv2"]


def parse_options():
    parser = argparse.ArgumentParser(description="Times Tenon and its peers side by side.")
    parser.add_argument("names", nargs="*", metavar="MODEL", help="models or kernels (default: all models)")
    parser.add_argument("--kernels", metavar="SUITE", help="a suite of single kernels, or 'all'")
    parser.add_argument("--peers", default="onnxruntime,tenon", metavar="LIST",
                        help="who takes part; the outputs of the first are the reference (default: %(default)s)")
    parser.add_argument("--threads", type=int, default=1, metavar="N", help="cores used (default: %(default)s)")
    parser.add_argument("--rounds", type=int, metavar="N", help="paired rounds per case (default: 11, quick: 5)")
    parser.add_argument("--sample-ms", type=float, default=15, metavar="MS",
                        help="least length of one sample (default: %(default)s)")
    parser.add_argument("--latency", action="store_true", help="also time single calls: median and 99th percentile")
    parser.add_argument("--quick", action="store_true", help="fewer rounds, and by default only small models")
    parser.add_argument("--json", metavar="FILE", help="where to write the results (default: benchmarks/results/)")
    parser.add_argument("--list", action="store_true", help="print the names of models and kernels and leave")
    return parser, parser.parse_args()


def choose_cases(parser, options):
    # Imported only now, because it starts numpy, and that before pinning would leave threads on other cores.
    from architectures.kernels import SUITES
    from models import MODELS
    if options.list:
        print("models:  ", *MODELS)
        for suite, kernels in SUITES.items():
            print(f"{suite + ':':<9}", *kernels)
        sys.exit(0)
    if options.kernels and options.kernels != "all" and options.kernels not in SUITES:
        parser.error(f"unknown suite '{options.kernels}'; there are: all {' '.join(SUITES)}")
    chosen = SUITES if options.kernels == "all" else [options.kernels] if options.kernels else []
    names = options.names + [name for suite in chosen for name in SUITES[suite]]
    known = {*MODELS, *(name for kernels in SUITES.values() for name in kernels)}
    for name in names:
        if name not in known:
            parser.error(f"unknown model '{name}'; --list shows the known ones")
    return names or (QUICK if options.quick else list(MODELS))


# -- Isolation --------------------------------------------------------------------------------------------------------


def work(connection, name, settings):
    import case
    try:
        connection.send(case.run(name, settings))
    except Exception as error:
        connection.send({"name": name, "flops": 0, "peers": {}, "failed": {"benchmark": case.first_line(error)}})


def run_isolated(name, settings):
    """Runs one case in a fresh process, so that a crash costs one row and memory starts clean."""
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=work, args=(sender, name, settings))
    process.start()
    sender.close()
    try:
        result = receiver.recv()
    except EOFError:
        result = None
    process.join()
    if result is None:
        result = {"name": name, "flops": 0, "peers": {},
                  "failed": {"benchmark": f"the process died with exit code {process.exitcode}"}}
    return result


# -- Report -----------------------------------------------------------------------------------------------------------


def split_peers(peers):
    """The system the report is about, and those it is compared to."""
    subject = "tenon" if "tenon" in peers else peers[-1]
    return subject, [peer for peer in peers if peer != subject]


def header(subject, baselines):
    line = f"{'model':<18}{subject + ' ms':>15}"
    for baseline in baselines:
        line += f"{baseline + ' ms':>16}   {'ratio':>6} {'95 % interval':<15}"
    return line + f"{'GFLOP/s':>10}{'% peak':>8}{'max error':>11}"


def row(result, subject, baselines):
    """One line of the table. A ratio above 1 says that the subject is faster."""
    peers = result["peers"]
    mine = peers.get(subject, {})
    line = f"{result['name']:<18}" + number(mine.get("seconds"), 15, 1e3)
    for baseline in baselines:
        theirs = peers.get(baseline, {})
        line += number(theirs.get("seconds"), 16, 1e3)
        if "seconds" in mine and "seconds" in theirs:
            ratio, low, high = timing.median_ratio(theirs["samples"], mine["samples"])
            line += f"   {ratio:6.2f} {f'[{low:.2f}, {high:.2f}]':<15}"
        else:
            line += f"   {'-':>6} {'':<15}"
    # Models without contractions have no rate to speak of.
    gflops = mine.get("gflops") or None
    share = 100 * gflops / result["peak_gflops"] if gflops and "peak_gflops" in result else None
    error = max((peer["error"] for peer in peers.values() if "error" in peer), default=None)
    line += (f"{gflops:10.1f}" if gflops else f"{'-':>10}") + (f"{share:8.1f}" if share else f"{'-':>8}")
    return line + (f"{error:11.1e}" if error is not None else f"{'-':>11}")


def number(value, width, scale):
    if value is None:
        return f"{'-':>{width}}"
    value *= scale
    # Four digits at every magnitude.
    return f"{value:{width}.{4 if value < 1 else 3 if value < 10 else 2 if value < 100 else 1}f}"


def notes(result):
    for peer, message in result["failed"].items():
        yield f"    {peer} failed: {message}"
    if result.get("void"):
        yield f"    not to be trusted: {result['void']}"
    for peer, facts in result["peers"].items():
        if "latency" in facts:
            latency = facts["latency"]
            yield (f"    {peer}: median {latency['p50_s'] * 1e3:.4g} ms, 99th percentile "
                   f"{latency['p99_s'] * 1e3:.4g} ms over {latency['calls']} single calls")


def summary(results, subject, baselines):
    for baseline in baselines:
        pairs = [[theirs / mine for theirs, mine in zip(result["peers"][baseline]["samples"],
                                                        result["peers"][subject]["samples"])]
                 for result in results if {subject, baseline} <= result["peers"].keys()]
        # A case that one side cannot run is never dropped in silence.
        failed = sum(subject not in result["peers"] for result in results)
        if not pairs:
            yield f"{subject} against {baseline}: nothing to compare, {failed} of {len(results)} failed"
            continue
        mean, low, high = timing.geometric_mean(pairs)
        losses = sum(timing.median_ratio(pair, [1.0] * len(pair), 100)[0] < 1 for pair in pairs)
        yield (f"{subject} against {baseline}: geometric mean {mean:.2f} [{low:.2f}, {high:.2f}] over {len(pairs)}, "
               f"slower on {losses}, failed on {failed}")


def describe_machine(cores):
    model = ""
    try:
        with open("/proc/cpuinfo") as info:
            model = next((line.split(":", 1)[1].strip() for line in info if line.startswith("model name")), "")
    except OSError:
        pass
    return {"processor": model or platform.processor(), "system": f"{platform.system()} {platform.release()}",
            "cores": cores}


def save(path, record):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(record, indent=1) + "\n")


# ---------------------------------------------------------------------------------------------------------------------


def main():
    parser, options = parse_options()
    try:
        cores = timing.pin(options.threads)
    except ValueError as error:
        parser.error(str(error))
    # One arena: otherwise glibc's choice of arena by thread is one more thing that varies. Inherited by the cases.
    os.environ["MALLOC_ARENA_MAX"] = "1"
    names = choose_cases(parser, options)
    from case import Settings
    from peers import PEERS
    peers = options.peers.split(",")
    for peer in peers:
        if peer not in PEERS:
            parser.error(f"unknown peer '{peer}'; there are: {' '.join(PEERS)}")
    settings = Settings(tuple(peers), options.threads, options.rounds or (5 if options.quick else 11),
                        options.sample_ms / 1e3, options.latency)

    subject, baselines = split_peers(peers)
    print(f"{options.threads} thread{'s' * (options.threads > 1)}, {settings.rounds} rounds" +
          (f"; a ratio above 1 says that {subject} is faster" if baselines else ""))
    print(header(subject, baselines), flush=True)
    results = []
    for name in names:
        result = run_isolated(name, settings)
        results.append(result)
        print(row(result, subject, baselines))
        for note in notes(result):
            print(note)
        sys.stdout.flush()
    if baselines:
        print()
        print(*summary(results, subject, baselines), sep="\n")

    now = datetime.datetime.now(datetime.timezone.utc)
    path = pathlib.Path(options.json) if options.json else \
        HERE / "results" / f"{now:%Y%m%d-%H%M%S}-{options.threads}t.json"
    save(path, {"date": now.isoformat(timespec="seconds"), "machine": describe_machine(cores),
                "threads": options.threads, "rounds": settings.rounds, "results": results})
    print(f"results in {os.path.relpath(path)}")
    return 1 if any(result["failed"] for result in results) else 0


if __name__ == "__main__":
    sys.exit(main())
