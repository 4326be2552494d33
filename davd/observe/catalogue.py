"""Every family of metrics that davd has: what it is called, what it means, and where its figures come from.

The names end in their unit; counters have `_total` in what is written. Labels have few values, which davd chooses.

Implements: docs/operate/monitoring.md, Metrics
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from davd.observe.readings import Counted, Reading, at, bound, by, doubling, each, named, one
from davd.observe.snapshot import Family, Merge, Sample, Type

# Which bounds of the histograms are shown, as powers of two: 64 microseconds to 34 seconds, 64 bytes to 1 GiB.
_FIRST_DURATION, _LAST_DURATION = 6, 25
_FIRST_SIZE, _LAST_SIZE = 6, 30

# More certificates than this are not shown each.
_MOST_CERTIFICATES = 50


@dataclass(frozen=True, slots=True)
class Row:
    """One family, and how its samples are read."""

    name: str
    type: Type
    help: str
    read: Reading
    merge: Merge = "sum"

    def family(self, counted: Counted) -> Family:
        """The family with its samples."""
        return Family(self.name, self.type, self.help, list(self.read(counted)), self.merge)


def _requests(counted: Counted) -> Iterator[Sample]:
    for row in counted.get("methods", ()):
        for status, name, count in row["answers"]:
            yield Sample({"method": row["method"], "class": name, "status": str(status)}, count)


def _durations(counted: Counted) -> Iterator[Sample]:
    for row in counted.get("methods", ()):
        labels = {"method": row["method"]}
        yield from doubling(labels, row["durations"], 1e-6, _FIRST_DURATION, _LAST_DURATION, row["seconds"])


def _sizes(counted: Counted) -> Iterator[Sample]:
    for row in counted.get("methods", ()):
        yield from doubling({"method": row["method"]}, row["sizes"], 1, _FIRST_SIZE, _LAST_SIZE, row["bytes"])


def _of_method(key: str) -> Reading:
    def read(counted: Counted) -> Iterator[Sample]:
        for row in counted.get("methods", ()):
            yield Sample({"method": row["method"]}, row[key])

    return read


def _by_class(name: str) -> Reading:
    def read(counted: Counted) -> Iterator[Sample]:
        for word, histogram in (at(counted, ("pool_histograms", name)) or {}).items():
            labels = {"class": word}
            yield from doubling(
                labels, histogram["counts"], 1e-6, _FIRST_DURATION, _LAST_DURATION, histogram["seconds"]
            )

    return read


def _delays(counted: Counted) -> Iterator[Sample]:
    rows = at(counted, ("reactor", "histogram"))
    if rows is None:
        return
    for upper, count in rows[:-1]:
        yield Sample({"le": bound(upper)}, count, "_bucket")
    yield Sample({"le": "+Inf"}, rows[-1][1], "_bucket")
    yield Sample({}, rows[-1][1], "_count")
    yield Sample({}, counted["reactor"]["total"], "_sum")


def _caches(key: str) -> Reading:
    """A counter of the memory, of each tier, and of the store's own caches."""
    tiers = ("redis", "derived")

    def read(counted: Counted) -> Iterator[Sample]:
        value = at(counted, ("caches", "memory", key))
        if value is not None:
            yield Sample({"cache": "memory"}, value)
        found = at(counted, ("caches", "tiers")) or {}
        for tier in tiers:
            value = found.get(f"{tier}_{key}")
            if value is not None:
                yield Sample({"cache": tier}, value)
        for cache in ("query_cache", "routes"):
            value = at(counted, ("store", f"{cache}.{key}"))
            if value is not None:
                yield Sample({"cache": cache}, value)

    return read


def _certificates(counted: Counted) -> Iterator[Sample]:
    ends = sorted((counted.get("certificates") or {}).items(), key=lambda pair: pair[1])
    for path, end in ends[:_MOST_CERTIFICATES]:
        yield Sample({"certificate": path}, end)


def _tls_versions(counted: Counted) -> Iterator[Sample]:
    for listener, told in (at(counted, ("connections", "tls")) or {}).items():
        for version, handshakes in told["versions"].items():
            resumed = told["resumed"].get(version, 0)
            for word, number in (("no", handshakes - resumed), ("yes", resumed)):
                yield Sample({"listener": listener, "version": version, "resumed": word}, number)


def _tls_failures(counted: Counted) -> Iterator[Sample]:
    for listener, told in (at(counted, ("connections", "tls")) or {}).items():
        for reason, number in told["failures"].items():
            yield Sample({"listener": listener, "reason": reason}, number)


_POOL: Final = {
    "completed": ("pool", "completed_requests"),
    "failed": ("pool", "failed_requests"),
    "timeout": ("pool", "timeout_requests"),
    "cancelled": ("pool", "cancelled_requests"),
    "queue_full": ("pool", "queue_full_rejections"),
    "rate": ("pool", "rejected_rate"),
    "shed": ("pool", "shed"),
    "closed": ("pool", "rejected_closed"),
}
_ANSWERS: Final = {word: ("answers", word) for word in ("recalled", "kept", "revalidated", "fetched", "joined")}
_REFUSED: Final = {
    "all": ("connections", "refused"),
    "address": ("connections", "refused_address"),
    "proxy": ("connections", "refused_proxy"),
}
_WORKERS: Final = {word: ("scaling", word) for word in ("serving", "wanted", "min", "max")}
_RATES: Final = {word: ("rates", f"refused_{word}") for word in ("address", "account", "all")}

CATALOGUE: Final = (
    # Requests
    Row("davd_requests", "counter", "Requests that were answered.", _requests),
    Row(
        "davd_request_duration_seconds",
        "histogram",
        "Time from the arrival of a request to its answer; answers from memory, which take none, are not in it.",
        _durations,
    ),
    Row("davd_response_size_bytes", "histogram", "Content of answers.", _sizes),
    Row("davd_request_content_bytes", "counter", "Content that came with requests.", _of_method("received")),
    Row("davd_request_cpu_seconds", "counter", "Processor time that requests took.", _of_method("cpu")),
    Row(
        "davd_answers_from_memory",
        "counter",
        "Answers that were not made anew: recalled by their bytes, kept, right after a commit, fetched, shared.",
        by("how", **_ANSWERS),
    ),
    # Pool and queue
    Row("davd_pool_outcomes", "counter", "How requests left the pool.", by("outcome", **_POOL)),
    Row("davd_pool_limit", "gauge", "Requests that may run at once.", one("pool", "limit")),
    Row("davd_pool_in_flight", "gauge", "Requests that run.", one("pool", "in_flight")),
    Row("davd_pool_busy_seconds", "counter", "Time in which requests held the reactor.", one("pool", "busy_seconds")),
    Row(
        "davd_pool_longest_step_seconds",
        "gauge",
        "The longest for which one request has held the reactor.",
        one("pool", "longest_step"),
        "max",
    ),
    Row("davd_queue_length", "gauge", "Requests that wait for a place.", one("pool", "current_queue_size")),
    Row("davd_queue_capacity", "gauge", "Requests that may wait for a place.", one("pool", "queue_capacity")),
    Row("davd_queue_peak", "gauge", "The most that have waited at once.", one("pool", "peak_queue_size"), "max"),
    Row("davd_processing_seconds", "histogram", "Time with a place, by class.", _by_class("processing")),
    Row("davd_queue_seconds", "histogram", "Time in the queue, of those that were in it.", _by_class("queueing")),
    # Rates
    Row("davd_rate_refusals", "counter", "Requests refused with 429, by whose budget.", by("budget", **_RATES)),
    Row(
        "davd_rate_budgets",
        "gauge",
        "Networks and accounts whose budgets are known.",
        by("kind", networks=("rates", "sources"), accounts=("rates", "accounts")),
    ),
    # Caches
    Row("davd_cache_hits", "counter", "Look-ups that found something.", _caches("hits")),
    Row("davd_cache_misses", "counter", "Look-ups that found nothing.", _caches("misses")),
    Row("davd_cache_puts", "counter", "Values that were put in.", _caches("puts")),
    Row("davd_cache_failures", "counter", "Calls that failed.", _caches("failures")),
    Row("davd_cache_timeouts", "counter", "Look-ups that were given up.", _caches("timeouts")),
    Row("davd_cache_evictions", "counter", "Values that made room for others.", _caches("evictions")),
    Row("davd_cache_entries", "gauge", "Values that are kept.", _caches("entries")),
    Row("davd_cache_bytes", "gauge", "Memory of the values that are kept.", _caches("bytes")),
    Row("davd_cache_up", "gauge", "Whether the cache can be reached.", _caches("connected"), "min"),
    # Store
    Row("davd_store_commits", "counter", "Commits.", one("store", "commits.count")),
    Row("davd_store_writes", "counter", "Writing transactions that commits covered.", one("store", "commits.blocks")),
    Row("davd_store_commit_seconds", "counter", "Time that commits took.", one("store", "commits.seconds")),
    Row("davd_store_writers_waiting", "gauge", "Writers that wait.", one("store", "commits.waiting")),
    Row("davd_store_checkpoints", "counter", "Checkpoints of the log.", one("store", "commits.checkpoints")),
    Row("davd_store_log_bytes", "gauge", "Size of the write-ahead log.", one("store", "log.bytes"), "max"),
    Row("davd_store_slow_statements", "counter", "Slow statements.", one("store", "slow.count")),
    Row("davd_store_interrupted", "counter", "Statements broken off.", one("store", "statements.interrupted")),
    Row(
        "davd_store_readers",
        "gauge",
        "Connections for reading.",
        by("state", used=("store", "pool.in_use"), free=("store", "pool.free")),
    ),
    Row("davd_store_up", "gauge", "Whether the store answers.", one("health", "store"), "min"),
    Row("davd_disk_free_bytes", "gauge", "Room on the disk of the store.", one("disk", "free"), "min"),
    Row("davd_disk_size_bytes", "gauge", "Size of the disk of the store.", one("disk", "size"), "max"),
    # Connections and TLS
    Row("davd_connections", "gauge", "Connections of clients.", one("connections", "connections")),
    Row("davd_connections_limit", "gauge", "Connections that there may be.", one("limits", "connections"), "max"),
    Row("davd_connections_accepted", "counter", "Connections that came in.", one("connections", "accepted")),
    Row("davd_connections_refused", "counter", "Connections closed at once.", by("reason", **_REFUSED)),
    Row("davd_connections_timed_out", "counter", "Connections ended by a deadline.", one("connections", "timeouts")),
    Row("davd_connections_aborted", "counter", "Connections broken off.", one("connections", "aborted")),
    Row("davd_wire_faults", "counter", "What came and was no request.", one("connections", "faults")),
    Row("davd_tls_handshakes", "counter", "TLS handshakes that were completed.", one("connections", "handshakes")),
    Row("davd_tls_handshakes_failed", "counter", "Handshakes that were not.", one("connections", "handshakes_failed")),
    Row("davd_tls_versions", "counter", "Handshakes by version, and whether a session was resumed.", _tls_versions),
    Row("davd_tls_failures", "counter", "Handshakes that failed, by reason.", _tls_failures),
    Row("davd_certificate_expiry_timestamp_seconds", "gauge", "When a certificate ends.", _certificates, "min"),
    # Reactor
    Row("davd_reactor_delay_seconds", "histogram", "How late the reactor came to a call.", _delays),
    Row("davd_reactor_stall_seconds", "gauge", "The longest stall of a minute.", one("reactor", "recent"), "max"),
    # Chores, configuration, backup
    Row("davd_chore_runs", "counter", "How often a chore was done.", each("chore", ("chores",), "runs")),
    Row("davd_chore_failures", "counter", "How often a chore failed.", each("chore", ("chores",), "failures")),
    Row(
        "davd_chore_last_run_timestamp_seconds",
        "gauge",
        "When a chore was done last.",
        each("chore", ("chores",), "last_run"),
        "max",
    ),
    Row("davd_chore_duration_seconds", "gauge", "How long it took.", each("chore", ("chores",), "duration"), "max"),
    Row("davd_config_reload_success", "gauge", "Whether the last reload was.", one("reload", "ok"), "min"),
    Row("davd_config_reload_timestamp_seconds", "gauge", "When the last reload was.", one("reload", "at"), "max"),
    Row("davd_backup_timestamp_seconds", "gauge", "When the last backup was made.", one("backup", "at"), "max"),
    Row(
        "davd_backup_verified_timestamp_seconds",
        "gauge",
        "When a backup was verified last.",
        one("backup", "verified_at"),
        "max",
    ),
    Row("davd_backup_wrong", "gauge", "What was wrong with the backup then.", one("backup", "wrong"), "max"),
    Row("davd_alert_firing", "gauge", "Alerts in force.", named("alert", "alerts"), "max"),
    # Process
    Row("davd_build_info", "gauge", "The version, as a label.", named("version", "build"), "max"),
    Row("davd_processes", "gauge", "Processes that serve.", one("process", "number")),
    # Workers that follow the load
    Row("davd_workers", "gauge", "Workers, and how many there should and may be.", by("state", **_WORKERS), "max"),
    Row("davd_scaling_changes", "counter", "Changes of their number, by reason.", named("why", "scaling", "changes")),
    Row("davd_load_processors", "gauge", "Processors that the workers keep busy.", one("scaling", "load")),
    Row(
        "davd_load_measured_timestamp_seconds",
        "gauge",
        "When the load was measured last.",
        one("scaling", "at"),
        "max",
    ),
    Row(
        "davd_load_forecast_processors",
        "gauge",
        "The most that a forecast expects within ten minutes.",
        named("forecast", "scaling", "forecasts"),
        "max",
    ),
    Row(
        "davd_load_forecast_error_processors",
        "gauge",
        "Mean absolute error of a forecast over the last day.",
        named("forecast", "scaling", "errors"),
        "max",
    ),
    Row(
        "davd_load_forecast_scaled_error",
        "gauge",
        "The same as a multiple of the usual change from week to week.",
        named("forecast", "scaling", "scaled_errors"),
        "max",
    ),
    Row("davd_load_forecast_acts", "gauge", "Whose forecast acts.", named("forecast", "scaling", "acts"), "max"),
    Row("process_cpu_seconds", "counter", "Processor time.", one("process", "cpu_seconds")),
    Row("process_resident_memory_bytes", "gauge", "Memory.", one("process", "resident_bytes")),
    Row("process_open_fds", "gauge", "Open descriptors.", one("process", "open_descriptors")),
    Row("process_max_fds", "gauge", "Descriptors that may be open.", one("process", "most_descriptors"), "min"),
    Row("process_start_time_seconds", "gauge", "When the process was started.", one("process", "started"), "min"),
)
