"""How samples are made of what the parts of a server count."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import accumulate
from typing import Any, TypeAlias

from davd.observe.snapshot import Sample

# What all parts count, by part: `davd.daemon.statistics.Statistics.collect`.
Counted: TypeAlias = Mapping[str, Any]
Reading: TypeAlias = Callable[[Counted], Iterable[Sample]]

_NO_LABELS: Mapping[str, str] = {}


def at(counted: Any, path: Sequence[str]) -> Any:
    """What stands at a path of names; None when it does not lead anywhere."""
    for name in path:
        if not isinstance(counted, Mapping):
            return None
        counted = counted.get(name)
    return counted


def one(*path: str) -> Reading:
    """The number at a path."""

    def read(counted: Counted) -> Iterator[Sample]:
        value = at(counted, path)
        if value is not None:
            yield Sample(_NO_LABELS, float(value))

    return read


def by(label: str, **paths: tuple[str, ...]) -> Reading:
    """The numbers at some paths, each under its word in one label."""

    def read(counted: Counted) -> Iterator[Sample]:
        for word, path in paths.items():
            value = at(counted, path)
            if value is not None:
                yield Sample({label: word}, float(value))

    return read


def each(label: str, path: tuple[str, ...], key: str) -> Reading:
    """The number `key` of each mapping in the mapping at a path, under the name that it has there."""

    def read(counted: Counted) -> Iterator[Sample]:
        for name, numbers in (at(counted, path) or {}).items():
            value = numbers.get(key)
            if value is not None:
                yield Sample({label: name}, float(value))

    return read


def named(label: str, *path: str) -> Reading:
    """Each number of the mapping at a path, under the name that it has there."""

    def read(counted: Counted) -> Iterator[Sample]:
        for name, value in (at(counted, path) or {}).items():
            yield Sample({label: str(name)}, float(value))

    return read


def doubling(
    labels: Mapping[str, str], counts: Sequence[int], unit: float, low: int, high: int, total: float
) -> Iterator[Sample]:
    """A histogram whose bucket n holds what is less than 2**n times `unit`, from bucket `low` up to `high`.

    What is less than the lowest bound or more than the highest is counted there; the last sample is the sum.
    """
    upto = list(accumulate(counts))
    for number in range(low, high + 1):
        yield Sample({**labels, "le": bound(2**number * unit)}, upto[number], "_bucket")
    yield Sample({**labels, "le": "+Inf"}, upto[-1], "_bucket")
    yield Sample(labels, upto[-1], "_count")
    yield Sample(labels, total, "_sum")


def bound(value: float) -> str:
    """A bound as the formats want it: a number that reads the same in all of them."""
    return repr(float(value))
