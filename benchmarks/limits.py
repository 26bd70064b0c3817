"""What this machine can do at most, as `tenon bench --limits` measures it, and what it is."""

import json
import os
import pathlib
import platform
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent


def driver():
    return os.environ.get("TENON") or str(ROOT / "build" / "bin" / "tenon")


def query(threads, names):
    command = [driver(), "bench", "--limits", "--json", f"--threads={threads}", f"--only={','.join(names)}"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    return json.loads(done.stdout)


def measure(threads, names):
    """Rates by name ("f32", "memory") in 10^9 per second, measured now; empty without a driver."""
    try:
        return {name: limit["rate"] for name, limit in query(threads, names)["limits"].items()}
    except (OSError, subprocess.SubprocessError, ValueError):
        return {}


def measure_all(threads):
    return measure(threads, ("f32", "bf16", "int8", "l1", "l2", "l3", "memory"))


def describe_machine(cores):
    """The machine's names, features, cores and caches; `cores` are those that this process is pinned to."""
    processor = ""
    try:
        text = pathlib.Path("/proc/cpuinfo").read_text()
        processor = next((line.split(":", 1)[1].strip() for line in text.splitlines() if
                          line.startswith("model name")), "")
    except OSError:
        pass
    machine = {"processor": processor or platform.processor(), "system": f"{platform.system()} {platform.release()}",
               "pinned": cores}
    try:
        machine.update(query(1, ["l1"])["machine"])
    except (OSError, subprocess.SubprocessError, ValueError):
        pass
    # The process is pinned already, so the driver sees less than there is.
    machine["cores"] = os.cpu_count()
    return machine


def slug(machine):
    """What a results file of the machine is called."""
    words = re.findall(r"[a-z0-9]+", machine.get("cpu", machine["processor"]).lower())
    return f"{'-'.join(words) or 'machine'}-{machine['cores']}c"


def nearest_memory(machine, footprint):
    """The smallest memory ("l2", "l3", "memory") of one core that holds `footprint` bytes twice.

    What fits there is read from there when the same call is timed again and again.
    """
    for name in ("l2", "l3"):
        if 2 * footprint <= machine.get(f"{name}_bytes", 0):
            return name
    return "memory"
