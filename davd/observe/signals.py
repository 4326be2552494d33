"""What an administrator watches, made of two snapshots: rates, shares, percentiles.

Implements: docs/operate/monitoring.md, Metrics, Alerts
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from davd.observe.snapshot import Family, Sample, Snapshot

# Every signal there may be, with its unit.
SIGNALS: Final[Mapping[str, str]] = {
    "requests": "requests a second",
    "reads": "requests a second, of GET, HEAD and OPTIONS",
    "listings": "requests a second, of PROPFIND, REPORT and SEARCH",
    "writes": "requests a second, of PUT, POST, PATCH, PROPPATCH, ACL and what makes collections",
    "moves": "requests a second, of COPY, MOVE and DELETE",
    "locks": "requests a second, of LOCK and UNLOCK",
    "others": "requests a second, of all other methods",
    "errors": "share of answers with a status of 500 or more",
    "refused": "share of answers with 429 or 503",
    "p50": "seconds",
    "p95": "seconds",
    "p99": "seconds",
    "cpu": "processors",
    "queue": "share of the places in the queue that are taken",
    "queued": "requests that wait",
    "in_flight": "requests that run",
    "connections": "connections",
    "from_memory": "share of requests that were answered from memory",
    "commits": "commits a second",
    "sent": "bytes a second",
    "received": "bytes a second",
    "memory": "bytes",
    "descriptors": "share of the descriptors that are open",
    "stall": "seconds, the longest stall of the last minute",
    "disk_free": "share of the disk that is free",
    "log": "bytes of the write-ahead log",
    "certificate": "seconds until the first certificate ends",
    "backend_down": "1 when the store or a cache cannot be reached, else 0",
    "backup_age": "seconds since the last backup, or since the start when there was none",
    "backup_wrong": "what was wrong with the backup when it was verified last",
    "chore_failed": "chores that have failed since the last look",
    "load": "processors that the workers keep busy, where their number follows the load",
    "forecast": "processors, the most that the forecast which acts expects within ten minutes",
    "workers": "workers that serve, where their number follows the load",
    "reload_failed": "1 when the last reload of the settings was refused, else 0",
}

_CLASSES: Final[Mapping[str, str]] = {
    method: name
    for name, methods in {
        "reads": "GET HEAD OPTIONS",
        "listings": "PROPFIND REPORT SEARCH",
        "writes": "PUT POST PATCH PROPPATCH ACL MKCOL MKCALENDAR",
        "moves": "COPY MOVE DELETE",
        "locks": "LOCK UNLOCK",
    }.items()
    for method in methods.split()
}


def signals(before: Snapshot | None, after: Snapshot) -> dict[str, float]:
    """The signals at `after`, those that are rates and shares over the time since `before`.

    What cannot be told is left out: rates without a `before`, shares and percentiles when there was no request.
    """
    found = _present(after)
    seconds = 0.0 if before is None else after.at - before.at
    if before is not None and seconds > 0:
        _over_time(before, after, seconds, found)
    return found


def _over_time(before: Snapshot, after: Snapshot, seconds: float, found: dict[str, float]) -> None:
    def gain(name: str) -> float:
        # A process that was started anew counts from zero again.
        return max(0.0, (after.value(name) or 0.0) - (before.value(name) or 0.0))

    requests, failed, refused = 0.0, 0.0, 0.0
    classes = dict.fromkeys([*_CLASSES.values(), "others"], 0.0)
    for sample, more in _gains(before.family("davd_requests"), after.family("davd_requests")):
        requests += more
        classes[_CLASSES.get(sample.labels["method"], "others")] += more
        status = sample.labels["status"]
        if status in ("429", "503"):
            refused += more
        elif status >= "500":
            failed += more
    found["requests"] = requests / seconds
    found.update({name: more / seconds for name, more in classes.items()})
    found["cpu"] = gain("process_cpu_seconds") / seconds
    found["commits"] = gain("davd_store_commits") / seconds
    found["received"] = gain("davd_request_content_bytes") / seconds
    found["chore_failed"] = gain("davd_chore_failures")
    sizes = _gains(before.family("davd_response_size_bytes"), after.family("davd_response_size_bytes"))
    found["sent"] = sum(more for sample, more in sizes if sample.suffix == "_sum") / seconds
    if requests:
        found["errors"] = failed / requests
        found["refused"] = refused / requests
        found["from_memory"] = min(1.0, gain("davd_answers_from_memory") / requests)
    _percentiles(before, after, found)


def _percentiles(before: Snapshot, after: Snapshot, found: dict[str, float]) -> None:
    name = "davd_request_duration_seconds"
    buckets: dict[float, float] = {}
    for sample, more in _gains(before.family(name), after.family(name)):
        if sample.suffix == "_bucket":
            upper = float(sample.labels["le"])
            buckets[upper] = buckets.get(upper, 0.0) + more
    for signal, share in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99)):
        value = quantile(sorted(buckets.items()), share)
        if value is not None:
            found[signal] = value


def quantile(buckets: list[tuple[float, float]], share: float) -> float | None:
    """The value that `share` of what was counted does not exceed, by cumulative counts of ascending upper bounds.

    Between two bounds it is estimated as if all values were equally likely. None when nothing was counted; the highest
    bound but infinity for what exceeds it.
    """
    if not buckets or not buckets[-1][1]:
        return None
    wanted = share * buckets[-1][1]
    low = below = 0.0
    for upper, upto in buckets:
        if upto >= wanted:
            if upper == float("inf"):
                return low
            return low + (upper - low) * ((wanted - below) / (upto - below) if upto > below else 1.0)
        low, below = upper, upto
    return low


def _gains(before: Family | None, after: Family | None) -> list[tuple[Sample, float]]:
    """Each sample of a family, and by how much it has grown."""
    if after is None:
        return []
    old: dict[tuple[str, frozenset[tuple[str, str]]], float] = {}
    for sample in before.samples if before is not None else ():
        old[sample.suffix, frozenset(sample.labels.items())] = sample.value
    return [
        (sample, max(0.0, sample.value - old.get((sample.suffix, frozenset(sample.labels.items())), 0.0)))
        for sample in after.samples
    ]


def _present(after: Snapshot) -> dict[str, float]:
    found: dict[str, float] = {}
    for signal, name in (
        ("queued", "davd_queue_length"),
        ("in_flight", "davd_pool_in_flight"),
        ("connections", "davd_connections"),
        ("memory", "process_resident_memory_bytes"),
        ("stall", "davd_reactor_stall_seconds"),
        ("log", "davd_store_log_bytes"),
    ):
        value = after.value(name)
        if value is not None:
            found[signal] = value
    for signal, part, whole in (
        ("queue", "davd_queue_length", "davd_queue_capacity"),
        ("disk_free", "davd_disk_free_bytes", "davd_disk_size_bytes"),
        ("descriptors", "process_open_fds", "process_max_fds"),
    ):
        value, size = after.value(part), after.value(whole)
        if value is not None and size:
            found[signal] = value / size
    family = after.family("davd_certificate_expiry_timestamp_seconds")
    if family is not None:
        found["certificate"] = min(sample.value for sample in family.samples) - after.at
    # Where no backup was ever made, one is due since the start.
    backup = after.value("davd_backup_timestamp_seconds") or after.value("process_start_time_seconds")
    if backup is not None:
        found["backup_age"] = after.at - backup
    wrong = after.value("davd_backup_wrong")
    if wrong is not None:
        found["backup_wrong"] = wrong
    _scaled(after, found)
    reload = after.value("davd_config_reload_success")
    if reload is not None:
        found["reload_failed"] = float(not reload)
    reachable = [after.family(name) for name in ("davd_store_up", "davd_cache_up")]
    states = [sample.value for family in reachable if family is not None for sample in family.samples]
    if states:
        found["backend_down"] = float(not all(states))
    return found


def _scaled(after: Snapshot, found: dict[str, float]) -> None:
    """Load, forecast and number of workers; nothing of them where the number is fixed."""
    workers = after.value("davd_workers", state="serving")
    if workers is None:
        return
    found["workers"] = workers
    load = after.value("davd_load_processors")
    if load is not None:
        found["load"] = load
    acts = after.family("davd_load_forecast_acts")
    for sample in () if acts is None else acts.samples:
        if sample.value:
            expected = after.value("davd_load_forecast_processors", forecast=sample.labels["forecast"])
            if expected is not None:
                found["forecast"] = expected
