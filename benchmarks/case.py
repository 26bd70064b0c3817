"""One benchmark case: a model, loaded by every peer, compared and timed side by side in one process."""

import pathlib
import time
from dataclasses import dataclass

import numpy as np
import onnx

import bounds
import flops
import limits
import models
import timing
from architectures.kernels import LAYERS
from peers import PEERS
from peers.peer import Unsuited

ROOT = pathlib.Path(__file__).resolve().parent.parent
MODEL_CACHE = ROOT / ".cache" / "models"

# Largest difference to the first peer's outputs, relative to their largest magnitude: rounding of a few hundred
# layers in different orders stays well below, a wrong result far above.
TOLERANCE = 2e-3

# How far two timings of the same system may lie apart before a case says nothing.
GATE = 0.03

# What the repeated system of the gate is called among the samples.
AGAIN = " again"

# A peer so many times slower than the fastest, and slower than so many seconds, is not worth hours of rounds.
HOPELESS, HOPELESS_SECONDS = 30, 1.0


@dataclass(frozen=True)
class Settings:
    peers: tuple
    threads: int
    rounds: int
    sample_seconds: float
    latency: bool
    machine: dict


def run(name, settings):
    """Measures one case and returns everything known about it as plain data, ready for JSON."""
    path = models.cached(name, MODEL_CACHE)
    model = onnx.load(path)
    inputs = models.inputs_for(model)
    shapes = {key: values.shape for key, values in inputs.items()}
    # Of equal layers in a row, times, operations and bytes are those of one.
    layers = LAYERS.get(name, 1)
    result = {"name": name, "layers": layers, "flops": flops.count(model, shapes) // layers,
              "bytes": flops.count_bytes(model, shapes) // layers,
              "peers": {}, "failed": {}, "unsuited": {}, "once": {}}
    del model

    calls, expected = {}, None
    for peer_name in settings.peers:
        try:
            call, outputs, facts = load(PEERS[peer_name](), path, inputs, settings.threads)
            if expected is None:
                expected = outputs
            else:
                facts["error"] = error = largest_error(outputs, expected)
                # Written so that a NaN fails too.
                if not error <= TOLERANCE:
                    raise ArithmeticError(f"outputs differ by {error:.1e}, more than {TOLERANCE:.0e}")
        except Unsuited as reason:
            result["unsuited"][peer_name] = first_line(reason)
            continue
        except Exception as error:
            result["failed"][peer_name] = first_line(error)
            continue
        calls[peer_name] = call
        result["peers"][peer_name] = facts
    leave_out_hopeless(calls, result)
    if calls:
        measure(calls, settings, result)
    return result


def leave_out_hopeless(calls, result):
    """Moves peers that would take hours from `calls` to result["once"], with the seconds of one call."""
    seconds = {name: timing.time_calls(call, 1) for name, call in calls.items()}
    for name, once in seconds.items():
        if once > max(HOPELESS * min(seconds.values()), HOPELESS_SECONDS):
            del calls[name]
            result["once"][name] = {**result["peers"].pop(name), "seconds": once / result["layers"]}


def load(peer, path, inputs, threads):
    started = time.perf_counter()
    peer.load(str(path), threads)
    loaded = time.perf_counter()
    outputs = peer.run(inputs)
    facts = {"version": peer.version(), "load_s": loaded - started, "first_call_s": time.perf_counter() - loaded}
    # A copy, because what `bind` returns may write into buffers that `run` has handed out.
    outputs = {name: np.array(values) for name, values in outputs.items()}
    return peer.bind(inputs), outputs, facts


def largest_error(outputs, expected):
    if outputs.keys() != expected.keys():
        raise ArithmeticError(f"expected outputs {sorted(expected)}, but got {sorted(outputs)}")
    errors = []
    for name, wanted in expected.items():
        got = outputs[name]
        if got.shape != wanted.shape or got.dtype != wanted.dtype:
            raise ArithmeticError(f"expected '{name}' to be {wanted.dtype}{list(wanted.shape)}, "
                                  f"but got {got.dtype}{list(got.shape)}")
        difference = np.abs(got.astype(np.float64) - wanted.astype(np.float64)).max()
        errors.append(float(difference / max(np.abs(wanted).max(), 1e-30)))
    # Not max(): it loses a NaN that isn't first.
    return float(np.max(errors))


def measure(calls, settings, result):
    # The first peer is timed twice in each round: if it differs from itself, nothing can be said of the others.
    first = next(iter(calls))
    systems = {**calls, first + AGAIN: calls[first]}
    memory = limits.nearest_memory(settings.machine, result["bytes"] * result["layers"])
    rounds = timing.interleave(systems, settings.rounds, settings.sample_seconds,
                               lambda: limits.measure(settings.threads, ("f32", memory)))
    samples = {name: [value / result["layers"] for value in seconds] for name, seconds in rounds.seconds.items()}
    result["dropped"] = rounds.dropped
    gate, low, high = timing.median_ratio(samples.pop(first + AGAIN), samples[first])
    result["gate"] = {"median": gate, "low": low, "high": high}
    result["void"] = why_void(gate, rounds, settings.rounds)
    for name, seconds in samples.items():
        facts = result["peers"][name]
        facts["seconds"] = float(np.median(seconds))
        facts["samples"] = seconds
        facts["gflops"] = result["flops"] / facts["seconds"] / 1e9
        if settings.latency:
            p50, p99, count = timing.single_calls(calls[name])
            facts["latency"] = {"p50_s": p50, "p99_s": p99, "calls": count}
    bounds.add_shares(result, samples, rounds.brackets, memory)


def why_void(gate, rounds, wanted):
    """Why the numbers should not be trusted, or an empty string."""
    if rounds.clean < wanted / 2:
        return f"only {rounds.clean} of {rounds.clean + rounds.dropped} rounds were undisturbed"
    if abs(gate - 1) > GATE:
        return f"the same system differs from itself by {abs(gate - 1):.1%}"
    peaks = [bracket["f32"] for bracket in rounds.brackets if "f32" in bracket]
    if peaks and max(peaks) / np.median(peaks) - 1 > GATE:
        return f"the machine's peak was {max(peaks) / np.median(peaks) - 1:.1%} lower half of the time"
    return ""


def first_line(error):
    text = str(error).strip()
    return text.splitlines()[0] if text else type(error).__name__
