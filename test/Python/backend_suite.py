"""ONNX's backend tests, run through tenon.onnx_backend in worker processes.

usage: backend_suite.py [WORD...]     prints the outcome of each case with such a word in its name, as JSON lines

A worker runs one case after another and reports each. When it crashes or a case takes too long, that case has failed and
a new worker goes on with the next.
"""

import json
import multiprocessing
import multiprocessing.connection
import os
import pathlib
import re
import subprocess
import sys
import time
import warnings
from dataclasses import dataclass

TIME_LIMIT = 20.0
KINDS = ("node", "simple", "pytorch-converted", "pytorch-operator")


@dataclass(frozen=True)
class Outcome:
    name: str
    passed: bool
    reason: str = ""
    """Why not: the first line of the error, or `crash` or `time limit`."""


def load_cases():
    """All cases, by name."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from onnx.backend.test.loader import load_model_tests
        return {case.name: case for kind in KINDS for case in load_model_tests(kind=kind)}


def run_case(case):
    """Runs one case; raises what goes wrong."""
    from onnx.backend.test.runner import Runner, _normalize_tensor

    import tenon.onnx_backend as backend

    model, data_sets = case.model, case.data_sets
    if model is None:
        model, data_sets = load_files(case.model_dir)
    prepared = backend.prepare(model)
    for inputs, expected in data_sets:
        outputs = prepared.run([_normalize_tensor(value) for value in inputs])
        Runner.assert_similar_outputs([_normalize_tensor(value) for value in expected], outputs, case.rtol, case.atol)


def load_files(folder):
    """The model and the data sets of a case that lies in a folder."""
    import onnx
    from onnx import numpy_helper

    model = onnx.load(os.path.join(folder, "model.onnx"))

    def load(values, prefix):
        for i in range(len(values)):
            tensor = onnx.TensorProto()
            with open(f"{prefix}_{i}.pb", "rb") as file:
                tensor.ParseFromString(file.read())
            yield numpy_helper.to_array(tensor)

    initializers = {initializer.name for initializer in model.graph.initializer}
    inputs = [value for value in model.graph.input if value.name not in initializers]
    data_sets = []
    number = 0
    while os.path.isdir(part := os.path.join(folder, f"test_data_set_{number}")):
        data_sets.append((list(load(inputs, os.path.join(part, "input"))),
                          list(load(model.graph.output, os.path.join(part, "output")))))
        number += 1
    return model, data_sets


def work(connection, cases):
    # What a dying case prints is of no use without the name of the case.
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.dup2(null, 2)
    warnings.simplefilter("ignore")
    for case in cases:
        connection.send(("start", case.name))
        try:
            run_case(case)
            connection.send(("end", Outcome(case.name, True)))
        except Exception as error:
            connection.send(("end", Outcome(case.name, False, describe(error))))
    connection.close()


def describe(error):
    """The first line of an error, without the names and numbers of one case."""
    lines = [line for line in str(error).strip().splitlines() if line.strip()] or [type(error).__name__]
    text = lines[0]
    if isinstance(error, AssertionError):
        return "wrong result: " + next((line for line in lines if "Max" in line or "mismatch" in line.lower()), text)
    return text.strip()


def run_cases(cases, time_limit=TIME_LIMIT, processes=None):
    """The outcomes of the cases, in no certain order. For a process that has not loaded the compiler: it forks."""
    cases = list(cases)
    count = min(processes or len(os.sched_getaffinity(0)), max(len(cases), 1))
    # Forked, because loading the cases takes seconds; the parent never loads the compiler.
    context = multiprocessing.get_context("fork")
    shards = [Shard(context, cases[i::count], time_limit) for i in range(count)]
    while any(shard.busy for shard in shards):
        multiprocessing.connection.wait([shard.connection for shard in shards if shard.busy], timeout=1.0)
        for shard in shards:
            yield from shard.collect()


class Shard:
    """The cases one worker at a time goes through."""

    def __init__(self, context, cases, time_limit):
        self.context, self.cases, self.time_limit = context, cases, time_limit
        self.next = 0
        self.retried = None
        self.start()

    def start(self):
        self.connection, sender = self.context.Pipe(duplex=False)
        self.process = self.context.Process(target=work, args=(sender, self.cases[self.next:]), daemon=True)
        self.process.start()
        sender.close()
        self.current = None
        self.deadline = time.monotonic() + self.time_limit + 10

    @property
    def busy(self):
        return self.next < len(self.cases)

    def collect(self):
        """The outcomes that have come in; starts a new worker if this one is gone or stuck."""
        try:
            while self.busy and self.connection.poll():
                kind, value = self.connection.recv()
                if kind == "start":
                    self.current, self.deadline = value, time.monotonic() + self.time_limit
                else:
                    self.next += 1
                    self.current = None
                    yield value
        except EOFError:
            self.process.join()
            yield from self.give_up(f"crash ({self.describe_exit()})")
            return
        if self.busy and time.monotonic() > self.deadline:
            self.process.kill()
            self.process.join()
            # Once more: on a busy machine, it may have been the machine.
            if self.retried != self.next:
                self.retried = self.next
                self.start()
            else:
                yield from self.give_up("time limit")

    def describe_exit(self):
        code = self.process.exitcode
        return f"signal {-code}" if code < 0 else f"exit code {code}"

    def give_up(self, reason):
        name = self.current or self.cases[self.next].name
        self.next += 1
        if self.busy:
            self.start()
        yield Outcome(name, False, reason)


def normalize(reason):
    """A reason without what differs from case to case, for grouping."""
    reason = reason.split(" error: ")[-1] if " error: " in reason else reason
    reason = re.sub(r"^error: ", "", reason)
    reason = re.sub(r"^\S*model\.onnx: ", "", reason)
    reason = re.sub(r"^node ('[^']*'|\"[^\"]*\")( \([^)]*\))?: ", "", reason)
    reason = re.sub(r"tensor<[^>]*>+|'tensor[^']*'", "TENSOR", reason)
    reason = re.sub(r"(Max absolute difference|Max relative difference|Mismatched elements).*", r"\1", reason)
    return re.sub(r"\d+", "N", reason)[:160]


def run_in_process(words=()):
    """The outcomes by name of the cases with one of the words in their names (of all if there are none).

    From an interpreter of its own: its workers are forked, and a process that has loaded the compiler has threads, whose
    locks a fork would leave locked for good.
    """
    done = subprocess.run([sys.executable, __file__, *words], stdout=subprocess.PIPE, text=True, check=True)
    return {outcome.name: outcome for outcome in (Outcome(**json.loads(line)) for line in done.stdout.splitlines())}


def main(words):
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "python"))
    cases = load_cases()
    chosen = [cases[name] for name in cases if not words or any(word in name for word in words)]
    for outcome in run_cases(chosen):
        print(json.dumps(outcome.__dict__), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
