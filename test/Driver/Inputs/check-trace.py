"""Checks a trace of `tenon bench --trace` for a model of 4 launches: complete events, which nest on each thread.

usage: check-trace.py TRACE.json THREADS
"""

import json
import sys

trace = json.load(open(sys.argv[1]))
most_threads = int(sys.argv[2])
slices = [event for event in trace["traceEvents"] if event["ph"] == "X"]
names = [event for event in trace["traceEvents"] if event["ph"] == "M"]
assert len(slices) + len(names) == len(trace["traceEvents"])
for event in slices:
    assert event["dur"] >= 0 and event["ts"] >= 0 and event["name"], event

of = {category: [event for event in slices if event["cat"] == category] for category in ("run", "launch", "range")}
assert len(of["run"]) == 5 and len(of["launch"]) == 5 * 4, {key: len(value) for key, value in of.items()}
assert sum(map(len, of.values())) == len(slices)

# Every thread has one name.
threads = {event["tid"] for event in slices}
named = [event["tid"] for event in names if event["name"] == "thread_name"]
assert sorted(named) == sorted(threads) and len(threads) <= most_threads, (named, threads)
assert [event["args"]["name"] for event in names if event["name"] == "process_name"] == ["branches"]

# Slices of a thread lie within or beside each other; a nanosecond is what rounding may cost.
for thread in threads:
    stack = []
    for event in sorted((event for event in slices if event["tid"] == thread), key=lambda e: (e["ts"], -e["dur"])):
        while stack and stack[-1] <= event["ts"] + 1e-3:
            stack.pop()
        end = event["ts"] + event["dur"]
        assert not stack or end <= stack[-1] + 1e-3, event
        stack.append(end)

# The launches of a run, one after the other in the order of the program.
for run in of["run"]:
    inside = [event for event in of["launch"] if run["ts"] - 1e-3 <= event["ts"] <= run["ts"] + run["dur"]]
    inside.sort(key=lambda event: event["ts"])
    assert [event["args"]["launch"] for event in inside] == [0, 1, 2, 3], inside
print("sound")
