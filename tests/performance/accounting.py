"""What a tree of processes costs, read from /proc: processor time, memory now, memory at its peak."""

import os
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
RESET_PEAK = "5"


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat from the state on (field 3), so item 1 is the parent; [] for one that ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []


def process_tree(roots: Collection[int]) -> list[int]:
    """The processes that live now among `roots` and all that descend from them."""
    parents = {int(name): fields for name in os.listdir("/proc") if name.isdigit() if (fields := _stat(int(name)))}
    found = {pid for pid in roots if pid in parents}
    size = -1
    while size != len(found):
        size = len(found)
        found |= {pid for pid, fields in parents.items() if int(fields[1]) in found}
    return sorted(found)


def cpu_seconds(pids: Iterable[int]) -> float:
    """User and system time spent so far by the processes and by those of their children that ended."""
    ticks = 0
    for pid in pids:
        fields = _stat(pid)
        ticks += sum(map(int, fields[11:15]))
    return ticks / TICKS_PER_SECOND


def busy_seconds() -> float:
    """The time that all processors of the machine have spent on anything but idling (proc(5), stat: cpu)."""
    user, nice, system, _, _, *interrupts = map(int, Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9])
    return (user + nice + system + sum(interrupts)) / TICKS_PER_SECOND


def _memory(pids: Iterable[int], name: str) -> int:
    octets = 0
    for pid in pids:
        try:
            lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        except (FileNotFoundError, ProcessLookupError):
            continue
        octets += sum(int(line.split()[1]) * 1024 for line in lines if line.startswith(name + ":"))
    return octets


def resident(pids: Iterable[int]) -> int:
    """The resident memory of the processes now, added up, in octets (shared pages count in each)."""
    return _memory(pids, "VmRSS")


def peak_resident(pids: Iterable[int]) -> int:
    """The largest resident memory of each process since `reset_peak`, added up, in octets."""
    return _memory(pids, "VmHWM")


def reset_peak(pids: Iterable[int]) -> None:
    """Start the peaks anew at the present size (proc(5), clear_refs)."""
    for pid in pids:
        try:
            Path(f"/proc/{pid}/clear_refs").write_text(RESET_PEAK)
        except (FileNotFoundError, ProcessLookupError):
            continue


@dataclass(frozen=True, slots=True)
class Cost:
    """What a server spent during a piece of work: processor seconds, and resident octets before and at the peak."""

    cpu: float
    before: int
    peak: int

    @property
    def growth(self) -> int:
        """Resident octets above those before the work."""
        return max(0, self.peak - self.before)


class Meter:
    """Measures a tree of processes from its making to `stop`."""

    def __init__(self, roots: Collection[int]) -> None:
        self._roots = tuple(roots)
        tree = process_tree(self._roots)
        reset_peak(tree)
        self._before = resident(tree)
        self._cpu = cpu_seconds(tree)

    def stop(self) -> Cost:
        """The cost since the meter was made."""
        tree = process_tree(self._roots)
        return Cost(cpu_seconds(tree) - self._cpu, self._before, peak_resident(tree))
