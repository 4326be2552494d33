"""What the process itself takes: memory, descriptors, processor time."""

from __future__ import annotations

import os
import resource
from collections.abc import Mapping
from functools import cache
from pathlib import Path


@cache
def start_time() -> float:
    """When the process was started, in POSIX seconds, as far as the kernel tells."""
    try:
        # The second field, the name, may hold spaces and brackets.
        ticks = int(Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19])
        booted = next(line for line in Path("/proc/stat").read_text().splitlines() if line.startswith("btime "))
        return int(booted.split()[1]) + ticks / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError, StopIteration):
        return 0.0


def statistics() -> Mapping[str, float]:
    """Resident bytes, open and possible descriptors, processor seconds (user and system), and the start.

    What the kernel does not tell is left out.
    """
    used = resource.getrusage(resource.RUSAGE_SELF)
    found = {"cpu_seconds": used.ru_utime + used.ru_stime}
    try:
        with open("/proc/self/statm", "rb") as file:
            found["resident_bytes"] = int(file.read().split()[1]) * resource.getpagesize()
        found["open_descriptors"] = _descriptors()
    except OSError:
        pass
    found["most_descriptors"] = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if start_time():
        found["started"] = start_time()
    return found


def _descriptors() -> int:
    # Newer kernels tell the number as the size; to list ten thousand takes milliseconds.
    return os.stat("/proc/self/fd").st_size or len(os.listdir("/proc/self/fd")) - 1
