#!/usr/bin/env python3
"""Times Tenon and its peers side by side on whole models or single kernels.

    ./x bench                                          all models, one thread
    ./x bench resnet50 bert --threads=2 --peers=onnxruntime,openvino
    ./x bench --kernels=gemm,rows                      one-node models; `all` for every suite
    ./x bench --quick                                  the small models, fewer rounds
    ./x bench --setup                                  installs the peers first; `--setup torch` PyTorch too

Each case runs in a process of its own on pinned cores; timing.py says how times become ratios. Results are kept in
benchmarks/results/, a file per machine and number of threads; docs/performance.py makes pages of them.
"""

import argparse
import datetime
import multiprocessing
import os
import pathlib
import sys
import tempfile

import report
import results
import timing

ROOT = pathlib.Path(__file__).resolve().parent.parent
QUICK = ["mlp-1", "dscnn", "lstm", "squeezenet", "mobilenetv2"]


def parse_options():
    parser = argparse.ArgumentParser(description="Times Tenon and its peers side by side.")
    parser.add_argument("names", nargs="*", metavar="MODEL", help="models or kernels (default: all models)")
    parser.add_argument("--kernels", metavar="SUITES", help="suites of single kernels, separated by commas, or 'all'")
    parser.add_argument("--peers", metavar="LIST", help="who takes part beside tenon, or 'all' that are installed; the "
                        "outputs of the first are the reference (default: onnxruntime,openvino, for kernels openblas)")
    parser.add_argument("--threads", type=int, default=1, metavar="N", help="cores used (default: %(default)s)")
    parser.add_argument("--rounds", type=int, metavar="N", help="paired rounds per case (default: 15, quick: 5)")
    parser.add_argument("--sample-ms", type=float, default=15, metavar="MS",
                        help="least length of one sample (default: %(default)s)")
    parser.add_argument("--latency", action="store_true", help="also time single calls: median and 99th percentile")
    parser.add_argument("--memory", action=argparse.BooleanOptionalAction,
                        help="measure memory and compilation of models (default: unless --quick)")
    parser.add_argument("--quick", action="store_true", help="fewer rounds, and by default only small models")
    parser.add_argument("--resume", action="store_true", help="leave out the cases that the results file has already")
    parser.add_argument("--json", metavar="FILE", type=pathlib.Path,
                        help="the results file, whose other cases stay (default: benchmarks/results/MACHINE-Nt.json, "
                        "quick: .cache/quick.json)")
    parser.add_argument("--dry-run", action="store_true", help="print what would be measured and leave")
    parser.add_argument("--list", action="store_true", help="print the names of models and kernels and leave")
    return parser, parser.parse_args()


def choose_cases(parser, options):
    # Imported only now, because it starts numpy, and that before pinning would leave threads on other cores.
    from architectures.kernels import SUITES
    from models import MODELS
    if options.list:
        print("models:         ", *MODELS)
        for suite, kernels in SUITES.items():
            print(f"{suite + ':':<17}", *kernels)
        sys.exit(0)
    suites = options.kernels.split(",") if options.kernels else []
    for suite in suites:
        if suite != "all" and suite not in SUITES:
            parser.error(f"unknown suite '{suite}'; there are: all {' '.join(SUITES)}")
    names = options.names + [name for suite in (SUITES if "all" in suites else suites) for name in SUITES[suite]]
    kinds = {**dict.fromkeys(MODELS, "model"), **{name: suite for suite in SUITES for name in SUITES[suite]}}
    for name in names:
        if name not in kinds:
            parser.error(f"unknown model '{name}'; --list shows the known ones")
    return {name: kinds[name] for name in names or (QUICK if options.quick else MODELS)}


def choose_peers(parser, options, only_models):
    from peers import PEERS
    wanted = options.peers or ("onnxruntime,openvino" + ("" if only_models else ",openblas"))
    names = list(PEERS) if wanted == "all" else wanted.split(",")
    for name in names:
        if name not in PEERS:
            parser.error(f"unknown peer '{name}'; there are: all {' '.join(PEERS)}")
    present = []
    for name in [name for name in names if name != "tenon"] + ["tenon"]:
        if missing := PEERS[name].missing():
            print(f"{name} is left out: {' and '.join(missing)} not installed; see benchmarks/requirements*.txt")
        else:
            present.append(name)
    return present


# -- Isolation --------------------------------------------------------------------------------------------------------


def work(connection, name, settings):
    import case
    try:
        connection.send(case.run(name, settings))
    except Exception as error:
        connection.send({"failed": {"benchmark": case.first_line(error)}})


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
        result = {"failed": {"benchmark": f"the process died with exit code {process.exitcode}"}}
    return {"name": name, "flops": 0, "bytes": 0, "peers": {}, **result}


def measure_case(name, kind, settings, with_memory, cores):
    import memory
    result = run_isolated(name, settings)
    result.update(kind=kind, threads=settings.threads, rounds=settings.rounds,
                  date=datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"))
    if with_memory and kind == "model":
        peers = [peer for peer in settings.peers if peer in result["peers"]]
        result["resident"], result["compilation"] = memory.measure(name, peers, settings.threads, cores)
    return result


# ---------------------------------------------------------------------------------------------------------------------


def main():
    # What a peer keeps of what it has compiled is kept for one run only: nobody has it the first time.
    with tempfile.TemporaryDirectory() as cache:
        os.environ["TORCHINDUCTOR_CACHE_DIR"] = cache
        return run()


def run():
    parser, options = parse_options()
    available = sorted(os.sched_getaffinity(0))
    try:
        cores = timing.pin(options.threads)
    except ValueError as error:
        parser.error(str(error))
    # One arena: otherwise glibc's choice of arena by thread is one more thing that varies. Inherited by the cases.
    os.environ["MALLOC_ARENA_MAX"] = "1"
    cases = choose_cases(parser, options)
    import limits
    from case import Settings
    peers = choose_peers(parser, options, all(kind == "model" for kind in cases.values()))
    if options.dry_run:
        print(f"{' '.join(cases)}: {' '.join(peers)}, {options.threads} thread{'s' * (options.threads > 1)}")
        return 0
    machine = limits.describe_machine(cores)
    settings = Settings(tuple(peers), options.threads, options.rounds or (5 if options.quick else 15),
                        options.sample_ms / 1e3, options.latency, machine)

    path = options.json or (ROOT / ".cache" / "quick.json" if options.quick else
                            ROOT / "benchmarks" / "results" / f"{limits.slug(machine)}-{options.threads}t.json")
    try:
        record = results.Record(path, machine, options.threads, limits.measure_all(options.threads))
    except ValueError as error:
        parser.error(str(error))
    if options.resume:
        cases = {name: kind for name, kind in cases.items() if name not in record}

    subject, baselines = report.split_peers(peers)
    print(f"{options.threads} thread{'s' * (options.threads > 1)}, {settings.rounds} rounds" +
          (f"; a ratio above 1 says that {subject} is faster" if baselines else ""))
    print(report.header(subject, baselines), flush=True)
    measured = []
    for name, kind in cases.items():
        with_memory = not options.quick if options.memory is None else options.memory
        result = measure_case(name, kind, settings, with_memory, available)
        measured.append(result)
        # Saved at once: a run of hours may be stopped and resumed.
        record.add(result)
        print(report.row(result, subject, baselines), *report.notes(result), sep="\n", flush=True)
    if baselines:
        print("", *report.summary(measured, subject, baselines), *report.sitting_out(measured), sep="\n")
    print(f"results in {os.path.relpath(path)}")
    return 1 if any(subject in result["failed"] or "benchmark" in result["failed"] for result in measured) else 0


if __name__ == "__main__":
    sys.exit(main())
