"""Timing on a machine that is shared and noisy: pinned cores, interleaved samples, medians of paired ratios.

Times from different minutes are never compared. Every round times all systems in the order A B C C B A, so that a
drift of the machine falls on each alike, and yields one ratio per pair; what is reported is the median of the ratios
over the rounds with a bootstrap confidence interval.
"""

import dataclasses
import math
import os
import pathlib
import time

# A system is called for this long, untimed, before each of its samples: it brings its weights back into the caches,
# and the threads of the one before have gone to sleep.
SETTLE_SECONDS = 0.003
# At most this long is waited for threads that spin.
REST_SECONDS = 0.3

# The share of a round that threads may wait for a core before the round counts as disturbed.
WAITING = 0.01


def pin(threads):
    """Restricts this process to `threads` cores, before any library has started threads; returns the cores."""
    available = sorted(os.sched_getaffinity(0))
    if threads > len(available):
        raise ValueError(f"expected at most {len(available)} threads, the cores of this process, but got {threads}")
    # The last cores: interrupts tend to go to the first.
    cores = available[-threads:]
    os.sched_setaffinity(0, cores)
    return cores


def stolen_ticks(cores):
    """Clock ticks that the hypervisor has taken from `cores` so far; 0 where that is not told."""
    try:
        with open("/proc/stat") as stat:
            rows = dict(line.split(maxsplit=1) for line in stat if line.startswith("cpu"))
    except OSError:
        return 0
    return sum(int(rows[f"cpu{core}"].split()[7]) for core in cores)


def waited_seconds():
    """By thread of this process, how long it was ready to run while something else ran; empty where not told."""
    waited = {}
    for path in pathlib.Path("/proc/self/task").glob("*/schedstat"):
        try:
            waited[path.parent.name] = int(path.read_text().split()[1]) * 1e-9
        except (OSError, IndexError):
            pass
    return waited


class Disturbance:
    """Watches what others take of `cores` from now on: the hypervisor, and the machine's other processes."""

    def __init__(self, cores):
        self.cores, self.stolen, self.waited = cores, stolen_ticks(cores), waited_seconds()
        self.start = time.perf_counter()

    def happened(self):
        if stolen_ticks(self.cores) > self.stolen:
            return True
        now = waited_seconds()
        waited = sum(now[thread] - before for thread, before in self.waited.items() if thread in now)
        return waited > WAITING * (time.perf_counter() - self.start)


def time_calls(call, count):
    """Seconds per call, over `count` calls in a row."""
    started = time.perf_counter()
    for _ in range(count):
        call()
    return (time.perf_counter() - started) / count


def rest():
    """Waits until no thread of this process runs: pools spin for milliseconds after a call, on the cores of the next."""
    end = time.perf_counter() + REST_SECONDS
    while time.perf_counter() < end:
        before = time.process_time()
        # What threads on other cores have used is told a few milliseconds later.
        time.sleep(0.02)
        if time.process_time() - before < 0.002:
            return


def settle(call, seconds):
    if seconds > 10 * SETTLE_SECONDS:
        return
    end = time.perf_counter() + SETTLE_SECONDS
    while time.perf_counter() < end:
        call()


@dataclasses.dataclass
class Rounds:
    """What interleaved timing yields: for each round kept, seconds per call by system and what the probe said.

    There are no brackets where there is no probe or where it failed.
    """

    seconds: dict
    brackets: list
    dropped: int
    # Rounds that nothing disturbed. The others are kept only where these are fewer than three.
    clean: int


def interleave(systems, rounds, sample_seconds, probe=None):
    """Times `systems`, callables by name, in paired rounds.

    `probe`, if given, measures rates by name before the first round and after every one; a round's bracket is the mean
    of the two around it. Rounds during which others took time away are dropped. At most twice `rounds` rounds are
    repeated; when that was not enough, fewer remain.
    """
    cores = os.sched_getaffinity(0)
    estimates = {name: min(time_calls(call, 1) for _ in range(3)) for name, call in systems.items()}
    counts = {name: max(1, math.ceil(sample_seconds / seconds)) for name, seconds in estimates.items()}
    kept, dropped = [], []
    order = [*systems, *reversed(systems)]
    before = probe() if probe else {}
    for _ in range(3 * rounds):
        disturbance = Disturbance(cores)
        sums = dict.fromkeys(systems, 0.0)
        for name in order:
            rest()
            settle(systems[name], estimates[name])
            sums[name] += time_calls(systems[name], counts[name]) / 2
        disturbed = disturbance.happened()
        after = probe() if probe else {}
        bracket = {name: (before[name] + after[name]) / 2 for name in before.keys() & after.keys()}
        before = after
        (dropped if disturbed else kept).append((sums, bracket))
        if len(kept) == rounds:
            break
    clean = len(kept)
    # Too few undisturbed rounds are worse than disturbed ones; the caller sees the count.
    if clean < 3:
        kept += dropped
    brackets = [bracket for _, bracket in kept]
    # A probe that failed once leaves rounds that nothing can be compared to.
    complete = all(brackets) and all(bracket.keys() == brackets[0].keys() for bracket in brackets)
    return Rounds({name: [sums[name] for sums, _ in kept] for name in systems}, brackets if complete else [],
                  len(dropped), clean)


def median_ratio(numerators, denominators, resamples=10000):
    """The median of the paired ratios and its 95 % bootstrap interval: (median, low, high)."""
    import numpy as np
    ratios = np.array(numerators) / np.array(denominators)
    picks = np.random.default_rng(0).integers(0, len(ratios), (resamples, len(ratios)))
    low, high = np.percentile(np.median(ratios[picks], axis=1), [2.5, 97.5])
    return float(np.median(ratios)), float(low), float(high)


def geometric_mean(ratios_by_case, resamples=10000):
    """The geometric mean over cases of the median ratio, bootstrapped over cases and rounds: (mean, low, high)."""
    import numpy as np
    rng = np.random.default_rng(0)
    cases = [np.log(np.array(ratios)) for ratios in ratios_by_case]
    mean = float(np.exp(np.mean([np.median(case) for case in cases])))
    medians = np.stack([np.median(case[rng.integers(0, len(case), (resamples, len(case)))], axis=1)
                        for case in cases], axis=1)
    picks = rng.integers(0, len(cases), medians.shape)
    low, high = np.exp(np.percentile(np.take_along_axis(medians, picks, axis=1).mean(axis=1), [2.5, 97.5]))
    return mean, float(low), float(high)


def single_calls(call, most=1000, seconds=2.0):
    """Latencies of single calls in seconds: (median, 99th percentile, number of calls)."""
    import numpy as np
    times = []
    end = time.perf_counter() + seconds
    while len(times) < most and (time.perf_counter() < end or len(times) < 3):
        times.append(time_calls(call, 1))
    return float(np.median(times)), float(np.percentile(times, 99)), len(times)
