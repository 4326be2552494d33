"""Settings of the request pool."""

from __future__ import annotations

import os
from typing import Annotated

from msgspec import Meta, Struct

# What `extra` says of a key: whether a reload brings it into force, and its unit.
Count = Annotated[int, Meta(ge=1, le=1_000_000, extra={"reload": True})]
Reserve = Annotated[int, Meta(ge=0, le=1_000_000, extra={"reload": True})]
Workers = Annotated[int, Meta(ge=0, le=1024, extra={"reload": True})]
Batch = Annotated[int, Meta(ge=1, le=1000, extra={"reload": True})]
Seconds = Annotated[float, Meta(gt=0, le=3600, extra={"reload": True, "unit": "seconds"})]
Milliseconds = Annotated[float, Meta(gt=0, le=1000, extra={"reload": True, "unit": "ms"})]
Switch = Annotated[bool, Meta(extra={"reload": True})]


class AsyncPoolConfig(Struct, forbid_unknown_fields=True, kw_only=True):
    """How many requests run and wait, for how long, and what becomes of those that are too many.

    `max_concurrent_requests` is the most that run at once and `reserved_requests` how many more of the class CRITICAL
    may; with `adaptive_limit` the pool itself lowers the limit, to `min_concurrent_requests` at least, while running
    fewer makes each faster than `target_latency` (seconds) without making the whole slower. `max_requests_per_ip` of
    one network run or wait at once, exempt networks aside. `max_queue_size` requests may wait. `request_timeout` is the
    time, in seconds from its arrival, after which a request is given up.

    `slice_ms` is how many milliseconds the requests of one turn of the reactor may take before all but single resources
    have to wait for the next turn. `ageing_seconds` is how long a request of the lowest class can be overtaken by newer
    ones of higher classes (half of `request_timeout` at most). Requests of the lowest class that wait longer than
    `shed_delay` seconds for the whole of `shed_interval` seconds are thinned out, the next higher class after twice the
    delay for four times the interval.

    `worker_count` is the number of threads for work that must not hold up the reactor; 0 means four for each processor.
    With `enable_batching` up to `batch_size` like requests that wait together are served together.
    """

    max_concurrent_requests: Count = 10_000
    min_concurrent_requests: Count = 64
    reserved_requests: Reserve = 100
    adaptive_limit: Switch = True
    target_latency: Seconds = 0.5
    max_requests_per_ip: Count = 100
    max_queue_size: Reserve = 50_000
    request_timeout: Seconds = 30.0
    slice_ms: Milliseconds = 10.0
    ageing_seconds: Seconds = 10.0
    shed_delay: Seconds = 0.5
    shed_interval: Seconds = 1.0
    worker_count: Workers = 0
    enable_batching: Switch = True
    batch_size: Batch = 10

    def workers(self) -> int:
        """The number of threads that `worker_count` means on this machine."""
        return self.worker_count or 4 * (os.cpu_count() or 1)
