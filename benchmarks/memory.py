"""Memory of a peer that only loads and runs a model, and what compiling a model with Tenon takes and yields.

Each is measured in a process of its own, this file run as a script, because a high-water mark never falls and a process
inherits that of the one it was started from:

    memory.py deploy PEER MODEL.onnx FOLDER THREADS
    memory.py peer PEER DEPLOYED INPUTS.npz THREADS
    memory.py compile MODEL.onnx ARTEFACT.so CORES
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

# A process that takes so long is not measured again.
LONG_SECONDS = 20


def status_bytes(name):
    """What the system says of this process: VmHWM, the most that was resident, or RssAnon, what is resident now and
    belongs to no file; 0 where it doesn't tell."""
    try:
        with open("/proc/self/status") as status:
            return next(int(line.split()[1]) << 10 for line in status if line.startswith(name + ":"))
    except (OSError, StopIteration):
        return 0


# -- In the process that is measured ----------------------------------------------------------------------------------


def deploy(name, model, folder, threads):
    from peers import PEERS
    return {"path": str(PEERS[name]().deploy(model, folder, int(threads)))}


def measure_peer(name, deployed, inputs, threads):
    """What loading and running adds to an interpreter with NumPy and the inputs."""
    import numpy as np

    from peers import PEERS
    arrays = dict(np.load(inputs))
    peer = PEERS[name]()
    before, private = status_bytes("VmHWM"), status_bytes("RssAnon")
    peer.open(deployed, int(threads))
    call = peer.bind(arrays)
    call()
    return {"peak_bytes": status_bytes("VmHWM"), "before_bytes": before,
            "private_bytes": status_bytes("RssAnon") - private}


def measure_compile(model, artefact, cores):
    """Compiles twice: with an empty cache, then with what that has left there."""
    import resource

    import limits
    # Whatever the runs are pinned to: who compiles has the machine.
    os.sched_setaffinity(0, map(int, cores.split(",")))
    command = [limits.driver(), "compile", model, "-o", artefact]
    facts = {"cores": len(cores.split(","))}
    with tempfile.TemporaryDirectory() as cache:
        environment = {**os.environ, "TENON_CACHE_DIR": cache}
        for name in ("cold_seconds", "warm_seconds"):
            started = time.perf_counter()
            done = subprocess.run(command, capture_output=True, text=True, env=environment)
            facts[name] = time.perf_counter() - started
            if done.returncode:
                raise RuntimeError((done.stderr.strip() or "no message").splitlines()[0])
            usage = resource.getrusage(resource.RUSAGE_CHILDREN)
            facts.setdefault("cpu_seconds", usage.ru_utime + usage.ru_stime)
            facts.setdefault("peak_bytes", usage.ru_maxrss << 10)
    return {**facts, "artefact_bytes": os.path.getsize(artefact), "code_bytes": code_bytes(artefact)}


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


def measure(name, peers, threads, cores):
    """(memory by peer, compilation on `cores`) of the model called `name`; what failed says so in "failed"."""
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
        compilation = {**run("compile", path, artefact, ",".join(map(str, cores))), "weights_bytes": weights}
        resident = {}
        for peer in peers:
            # Tenon's artefact is there already.
            made = {"path": artefact, **compilation} if peer == "tenon" else deploy_in(folder, peer, path, threads)
            resident[peer] = made if "failed" in made else repeat("peer", peer, made["path"], inputs, threads)
    return resident, compilation


def repeat(*arguments):
    """What the run with the median peak printed: what an allocator keeps of freed memory differs by half at times.

    A peer that compiles in the same process runs once, since that takes long.
    """
    started = time.perf_counter()
    facts = [run(*arguments)]
    if time.perf_counter() - started < LONG_SECONDS:
        facts += [run(*arguments) for _ in range(2)]
    failed = [each for each in facts if "failed" in each]
    return failed[0] if failed else sorted(facts, key=lambda each: each["peak_bytes"])[len(facts) // 2]


def deploy_in(folder, peer, path, threads):
    own = pathlib.Path(folder) / peer
    own.mkdir()
    return run("deploy", peer, path, own, threads)


if __name__ == "__main__":
    role = {"deploy": deploy, "peer": measure_peer, "compile": measure_compile}[sys.argv[1]]
    print(json.dumps(role(*sys.argv[2:])))
