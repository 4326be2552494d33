"""The load of the last weeks, a mean for each five minutes, kept over restarts in a small file.

The file holds a line that says what it is, a head (number of the first step, number of steps, check sum of what
follows) and the loads as doubles, not-a-number for gaps; all little-endian.

Implements: docs/operate/scaling.md, The forecast
"""

from __future__ import annotations

import os
import zlib
from array import array
from collections import deque
from math import isfinite, nan
from pathlib import Path
from struct import Struct, error
from sys import byteorder
from typing import Final

from twisted.logger import Logger

log = Logger(namespace="davd.observe")

STEP_SECONDS: Final = 300
SEASON_STEPS: Final = 7 * 86_400 // STEP_SECONDS
WEEKS: Final = 6
MOST_STEPS: Final = WEEKS * SEASON_STEPS

_MAGIC: Final = b"davd load 1\n"
_HEAD: Final = Struct("<qII")
# A mean stands for its five minutes when it is made of measurements over so much of them.
_COVERED_SHARE: Final = 0.5


class LoadSeries:
    """Means by step; a step is numbered by its end in the calendar of POSIX seconds, so restarts leave gaps only."""

    def __init__(self) -> None:
        self._values: deque[float | None] = deque(maxlen=MOST_STEPS)
        # The step after the last one that is over; None before the first measurement.
        self._current: int | None = None
        self._sum = 0.0
        self._seconds = 0.0

    @property
    def last(self) -> int | None:
        """The number of the last step that is over, None while there is none."""
        return self._current - 1 if self._current is not None and self._values else None

    def values(self) -> list[float | None]:
        """The loads of all steps that are over, oldest first, the last one that of the step `last`."""
        return list(self._values)

    def add(self, now: float, load: float, seconds: float) -> bool:
        """Note a load that was measured over the `seconds` before the POSIX time `now`; whether a step is over by it.

        A measurement counts for the step in which it ends. A clock that goes back is waited for.
        """
        step = int(now // STEP_SECONDS)
        over = False
        if self._current is None:
            self._current = step
        elif step > self._current:
            self._close(step)
            over = True
        if step == self._current:
            self._sum += load * seconds
            self._seconds += seconds
        return over

    def _close(self, step: int) -> None:
        assert self._current is not None
        covered = self._seconds >= STEP_SECONDS * _COVERED_SHARE
        # What covers less than half of its step leaves a gap; one at the very beginning need not be kept.
        if covered or self._values:
            self._values.append(self._sum / self._seconds if covered else None)
            self._values.extend([None] * min(step - self._current - 1, MOST_STEPS))
        self._current = step
        self._sum = self._seconds = 0.0

    def save(self, path: Path) -> None:
        """Put the steps that are over into a file; OSError."""
        keep(path, self.packed())

    def packed(self) -> bytes:
        """The steps that are over as the file has them; empty while there are none."""
        last = self.last
        if last is None:
            return b""
        loads = array("d", [nan if value is None else value for value in self._values])
        if byteorder == "big":
            loads.byteswap()
        body = loads.tobytes()
        head = _HEAD.pack(last - len(self._values) + 1, len(self._values), zlib.crc32(body))
        return _MAGIC + head + body

    def load(self, path: Path, now: float) -> None:
        """Go on with what a file holds, if there is one; one that is damaged is put aside, and the log says so.

        What is older than can be kept, or lies in the future of the POSIX time `now`, is left out.
        """
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            return
        except OSError as problem:
            log.warn("{path} cannot be read, so the load begins anew: {why}", path=str(path), why=problem.strerror)
            return
        try:
            first, values = _read(data)
        except (ValueError, error) as problem:
            aside = path.with_name(path.name + ".damaged")
            log.warn("{path} is damaged ({why}), it is put aside as {aside}", path=str(path), why=problem, aside=aside)
            _put_aside(path, aside)
            return
        step = int(now // STEP_SECONDS)
        del values[max(0, step - first) :]
        if values and step - first < 2 * MOST_STEPS:
            self._values.extend(values)
            self._values.extend([None] * (step - first - len(values)))
            self._current = step


def keep(path: Path, data: bytes) -> None:
    """Write what `packed` gave; the file is the old one or the new one whatever happens. OSError."""
    if not data:
        return
    part = path.with_name(path.name + ".part")
    with part.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.replace(part, path)


def _put_aside(path: Path, aside: Path) -> None:
    try:
        os.replace(path, aside)
    except OSError as problem:
        log.warn("{path} stays where it is: {why}", path=str(path), why=problem.strerror)


def _read(data: bytes) -> tuple[int, list[float | None]]:
    """The number of the first step, and the loads; ValueError or struct.error for what is no such file."""
    if not data.startswith(_MAGIC):
        raise ValueError("it is something else")
    first, count, checked = _HEAD.unpack_from(data, len(_MAGIC))
    body = data[len(_MAGIC) + _HEAD.size :]
    if len(body) != 8 * count or count > MOST_STEPS or zlib.crc32(body) != checked:
        raise ValueError("its check sum is another")
    loads = array("d")
    loads.frombytes(body)
    if byteorder == "big":
        loads.byteswap()
    if any(value < 0 or value == float("inf") for value in loads):
        raise ValueError("it has loads that cannot be")
    return first, [value if isfinite(value) else None for value in loads]
