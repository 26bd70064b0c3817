"""The recorder of tenon-rt/profile.h: when each launch of a kernel begins and ends."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from typing import Any, Dict, List

from . import descriptor

LAUNCH = 0  # TENON_RT_EVENT_LAUNCH; the other kind are the parts of a launch that threads share.


@dataclass(frozen=True)
class KernelTime:
    """One launch of a kernel in a run."""

    kernel: str
    """The name of the kernel in the manifest; several launches may share one."""
    source: str
    """The model's nodes it computes."""
    seconds: float
    """Wall time from its begin to its end, on all threads together."""


class Recorder:
    """Room for the events of one run."""

    def __init__(self, library: ctypes.CDLL, capacity: int):
        self._library = library
        self.capacity = capacity
        self._events = (descriptor.Event * capacity)()
        self._recorder = descriptor.Recorder()
        library.tenon_rt_recorder_init(ctypes.addressof(self._recorder), self._events, capacity)

    @property
    def profile(self) -> int:
        """What tenon_rt_context_set_profile takes."""
        return ctypes.addressof(self._recorder.profile)

    @property
    def lost(self) -> int:
        """Events that found no room."""
        return self._library.tenon_rt_recorder_lost(ctypes.addressof(self._recorder))

    def kernel_times(self, manifest: Dict[str, Any]) -> List[KernelTime]:
        """The launches in the order in which they were made."""
        count = self._library.tenon_rt_recorder_count(ctypes.addressof(self._recorder))
        events = [event for event in self._events[:count] if event.kind == LAUNCH]
        times = []
        for event in sorted(events, key=lambda event: event.begin):
            launch = manifest["launches"][event.launch]
            kernel = manifest["kernels"][launch["kernel"]]
            times.append(KernelTime(kernel["name"], launch["source"], (event.end - event.begin) * 1e-9))
        return times
