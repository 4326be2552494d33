"""Durations counted in buckets whose bounds double.

Implements: docs/architecture.md, Admission
"""

from __future__ import annotations

# Bucket n holds what took less than 2**n microseconds (and at least half of that); the last one holds all that is
# longer.
BUCKETS = 27
# The upper bounds of all buckets but the last, in seconds.
BOUNDS = tuple(2**number / 1e6 for number in range(BUCKETS - 1))


class Histogram:
    """How often something took how long.

    `counts` are the numbers in each bucket, `seconds` the sum of all durations.
    """

    __slots__ = ("counts", "seconds")

    def __init__(self) -> None:
        self.counts = [0] * BUCKETS
        self.seconds = 0.0

    def add(self, seconds: float) -> None:
        """Count one duration."""
        bucket = int(seconds * 1e6).bit_length() if seconds > 0 else 0
        self.counts[bucket if bucket < BUCKETS else -1] += 1
        self.seconds += seconds

    def number(self) -> int:
        """How many durations were counted."""
        return sum(self.counts)

    def quantile(self, share: float) -> float:
        """A duration in seconds that `share` (0 to 1) of the counted ones do not exceed; at most twice the least such.

        0 when nothing was counted. Durations beyond the last bound are given as that bound.
        """
        wanted = share * self.number()
        seen = 0
        for bound, count in zip(BOUNDS, self.counts, strict=False):
            seen += count
            if count and seen >= wanted:
                return bound
        return BOUNDS[-1] if self.counts[-1] else 0.0

    def as_dict(self) -> dict[str, object]:
        """Number, sum, estimated quantiles, and the numbers by upper bound in seconds, for JSON."""
        return {
            "number": self.number(),
            "seconds": self.seconds,
            "p50": self.quantile(0.5),
            "p99": self.quantile(0.99),
            "buckets": {str(bound): count for bound, count in zip((*BOUNDS, "inf"), self.counts, strict=True) if count},
        }
