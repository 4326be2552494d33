"""All figures of one process, or of several added up, at one moment.

Implements: docs/operate/monitoring.md, Metrics
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec
from msgspec import Struct

Type = Literal["counter", "gauge", "histogram"]
Merge = Literal["sum", "max", "min"]


class Sample(Struct, array_like=True, frozen=True):
    """One value; `suffix` (`_bucket`, `_sum`, `_count`) is that of a histogram's parts."""

    labels: Mapping[str, str]
    value: float
    suffix: str = ""


class Family(Struct, array_like=True, frozen=True):
    """What is measured: a name without `_total`, a sentence, and the samples.

    `merge` tells what becomes of the values that several processes have for the same labels.
    """

    name: str
    type: Type
    help: str
    samples: Sequence[Sample]
    merge: Merge = "sum"


class Snapshot(Struct, array_like=True, frozen=True):
    """The families at the POSIX time `at`."""

    at: float
    families: Sequence[Family]

    def family(self, name: str) -> Family | None:
        """The family of that name."""
        return next((family for family in self.families if family.name == name), None)

    def value(self, name: str, **labels: str) -> float | None:
        """The sum of the samples of a family that have these labels and no suffix; None when there is none."""
        family = self.family(name)
        if family is None:
            return None
        found = [
            sample.value for sample in family.samples if not sample.suffix and labels.items() <= sample.labels.items()
        ]
        return sum(found) if found else None


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(Snapshot)


def packed(snapshot: Snapshot) -> bytes:
    """A snapshot as bytes for another process."""
    return _ENCODER.encode(snapshot)


def unpacked(data: bytes) -> Snapshot:
    """A snapshot of another process; msgspec.ValidationError for what is none."""
    return _DECODER.decode(data)


def merge(snapshots: Sequence[Snapshot]) -> Snapshot:
    """One snapshot of several processes: counters and histograms added, gauges as their families say.

    The families come in the order in which they are first met, the time is the latest. ValueError for none.
    """
    if not snapshots:
        raise ValueError("there is no snapshot")
    if len(snapshots) == 1:
        return snapshots[0]
    families: dict[str, list[Family]] = {}
    for snapshot in snapshots:
        for family in snapshot.families:
            families.setdefault(family.name, []).append(family)
    return Snapshot(max(snapshot.at for snapshot in snapshots), [_merged(alike) for alike in families.values()])


def _merged(alike: Sequence[Family]) -> Family:
    first = alike[0]
    found: dict[tuple[str, frozenset[tuple[str, str]]], Sample] = {}
    for family in alike:
        for sample in family.samples:
            key = (sample.suffix, frozenset(sample.labels.items()))
            before = found.get(key)
            if before is None:
                found[key] = sample
            else:
                value = _together(first.merge, before.value, sample.value)
                found[key] = Sample(sample.labels, value, sample.suffix)
    return Family(first.name, first.type, first.help, list(found.values()), first.merge)


def _together(how: Merge, one: float, other: float) -> float:
    if how == "sum":
        return one + other
    return max(one, other) if how == "max" else min(one, other)
