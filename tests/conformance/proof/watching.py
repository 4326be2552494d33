"""What is looked at all the while: the processes' memory and descriptors, and the counters."""

from __future__ import annotations

import os
import threading
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from tests.conformance.proof.service import Labels, Service, ServiceError
from tests.conformance.proof.verdict import Sample

STEP_SECONDS = 2.0
_PAGE = os.sysconf("SC_PAGE_SIZE")


def sample(pid: int, role: str) -> Sample | None:
    """What a process uses now; None when it has gone."""
    try:
        resident = int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE
        descriptors = len(os.listdir(f"/proc/{pid}/fd"))
    except OSError:
        return None
    return Sample(time.monotonic(), pid, role, resident, descriptors)


def requests_of(metrics: Mapping[tuple[str, Labels], float]) -> Counter[tuple[str, int]]:
    """`davd_requests_total` by method and status."""
    found: Counter[tuple[str, int]] = Counter()
    for (name, labels), value in metrics.items():
        if name == "davd_requests_total":
            told = dict(labels)
            found[told["method"], int(told["status"])] += int(value)
    return found


class Watching(threading.Thread):
    """Looks every two seconds until `leave` is called. `faults` are looks that told nothing."""

    def __init__(self, service: Service) -> None:
        super().__init__(daemon=True)
        self.samples: list[Sample] = []
        self.scrapes: list[tuple[float, Mapping[tuple[str, int], float]]] = []
        self.faults: list[str] = []
        self._service = service
        self._leave = threading.Event()
        self._begin = time.monotonic()

    def run(self) -> None:
        """Look."""
        while not self._leave.wait(STEP_SECONDS):
            for pid, role in [(self._service.pid, "supervisor"), *((pid, "worker") for pid in self._service.workers())]:
                seen = sample(pid, role)
                if seen is not None:
                    self.samples.append(seen)
            try:
                self.scrapes.append((time.monotonic() - self._begin, requests_of(self._service.metrics())))
            except ServiceError as error:
                self.faults.append(str(error))

    def leave(self) -> None:
        """Look no more."""
        self._leave.set()
        self.join()
