"""How a time compares to what the machine allows: fractions of the arithmetic peak and of the bandwidth."""

import numpy as np


def nearer_bound(flops, moved, peaks, memory):
    """Which limit a case with so much work cannot be faster than: "f32" or the name of `memory`."""
    return "f32" if flops / peaks["f32"] >= moved / peaks[memory] else memory


def share(work, seconds, rates):
    """The fraction of a limit that was used: medians over rounds of `work` in `seconds` against the rate then."""
    return float(np.median(work / 1e9 / np.array(seconds) / np.array(rates)))


def add_shares(result, samples, brackets, memory):
    """Says for each peer in `result`, by its samples, how much of the limits it used, and which limit binds."""
    if not brackets or not {"f32", memory} <= brackets[0].keys():
        return
    rates = {name: [bracket[name] for bracket in brackets] for name in brackets[0]}
    result["limits"] = {name: float(np.median(values)) for name, values in rates.items()}
    result["memory"] = memory
    result["bound"] = nearer_bound(result["flops"], result["bytes"], result["limits"], memory)
    for name, seconds in samples.items():
        facts = result["peers"][name]
        facts["peak_share"] = share(result["flops"], seconds, rates["f32"])
        facts["bandwidth_share"] = share(result["bytes"], seconds, rates[memory])
