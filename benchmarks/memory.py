"""Memory of a peer that only loads and runs a model, and what compiling a model with Tenon takes and yields.

Each is measured in a process of its own, this file run as a script, because a high-water mark never falls and a process
inherits that of the one it was started from:

    memory.py peer PEER MODEL.onnx INPUTS.npz THREADS
    memory.py compile MODEL.onnx ARTEFACT.so
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time


def high_water():
    """The most memory in bytes that this process has had resident; 0 where the system doesn't tell."""
    try:
        with open("/proc/self/status") as status:
            return next(int(line.split()[1]) << 10 for line in status if line.startswith("VmHWM"))
    except (OSError, StopIteration):
        return 0


# -- In the process that is measured ----------------------------------------------------------------------------------


def measure_peer(name, model, inputs, threads):
    import numpy as np

    from peers import PEERS
    arrays = dict(np.load(inputs))
    peer = PEERS[name]()
    before = high_water()
    if name == "tenon":
        # Compiled elsewhere: what is deployed is the artefact.
        peer.open(model, int(threads))
    else:
        peer.load(model, int(threads))
    call = peer.bind(arrays)
    for _ in range(3):
        call()
    return {"peak_bytes": high_water(), "before_bytes": before}


def measure_compile(model, artefact):
    import resource

    import limits
    started = time.perf_counter()
    done = subprocess.run([limits.driver(), "compile", model, "-o", artefact, "--no-cache"], capture_output=True,
                          text=True)
    seconds = time.perf_counter() - started
    if done.returncode:
        raise RuntimeError((done.stderr.strip() or "no message").splitlines()[0])
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {"seconds": seconds, "cpu_seconds": usage.ru_utime + usage.ru_stime, "peak_bytes": usage.ru_maxrss << 10,
            "artefact_bytes": os.path.getsize(artefact), "code_bytes": code_bytes(artefact)}


def code_bytes(path):
    """The executable sections of an ELF file of 64 bits; None for other formats."""
    data = pathlib.Path(path).read_bytes()
    if data[:5] != b"\x7fELF\x02":
        return None
    offset = int.from_bytes(data[40:48], "little")
    size, count = (int.from_bytes(data[at:at + 2], "little") for at in (58, 60))
    executable, total = 4, 0
    for i in range(count):
        section = data[offset + i * size:offset + (i + 1) * size]
        if int.from_bytes(section[8:16], "little") & executable:
            total += int.from_bytes(section[32:40], "little")
    return total


# -- In the process that measures -------------------------------------------------------------------------------------


def run(*arguments):
    """What this file prints as a script."""
    done = subprocess.run([sys.executable, "-W", "ignore", __file__, *map(str, arguments)], capture_output=True,
                          text=True, timeout=1800)
    if done.returncode:
        lines = done.stderr.strip().splitlines()
        return {"failed": lines[-1] if lines else f"exit code {done.returncode}"}
    return json.loads(done.stdout.splitlines()[-1])


def measure(name, peers, threads):
    """(high-water by peer, compilation) of the model called `name`, as plain data; what failed says so in "failed"."""
    import numpy as np
    import onnx

    import case
    import models
    path = models.cached(name, case.MODEL_CACHE)
    model = onnx.load(path)
    weights = sum(tensor.ByteSize() for tensor in model.graph.initializer)
    with tempfile.TemporaryDirectory() as folder:
        inputs, artefact = pathlib.Path(folder) / "inputs.npz", pathlib.Path(folder) / "model.so"
        np.savez(inputs, **models.inputs_for(model))
        del model
        compilation = {**run("compile", path, artefact), "weights_bytes": weights}
        resident = {}
        for peer in peers:
            if peer != "tenon":
                resident[peer] = run("peer", peer, path, inputs, threads)
            elif "failed" not in compilation:
                resident[peer] = run("peer", peer, artefact, inputs, threads)
    return resident, compilation


if __name__ == "__main__":
    print(json.dumps((measure_peer if sys.argv[1] == "peer" else measure_compile)(*sys.argv[2:])))
