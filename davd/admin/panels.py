"""The parts of the dashboard that only show: figures at a glance, and tables of what they are made of.

Implements: docs/operate/monitoring.md, Dashboard
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from davd.admin import units
from davd.admin.look import Look
from davd.admin.markup import Child, Markup, markup, name, table, tag
from davd.observe.signals import SIGNALS, quantile

TOP: Final = 10
_CLASSES: Final = ("critical", "high", "normal", "low")

# At a glance: signal, what it is called, how it is written, and from where on it is worrying.
_TILES: Final[tuple[tuple[str, str, Callable[[float | None], str], float], ...]] = (
    ("requests", "Requests a second", units.number, float("inf")),
    ("p50", "Half are faster than", units.seconds, 1.0),
    ("p99", "99 % are faster than", units.seconds, 2.0),
    ("errors", "Failed", units.share, 0.01),
    ("refused", "Turned away", units.share, 0.05),
    ("in_flight", "Running", units.number, float("inf")),
    ("queued", "Waiting", units.number, float("inf")),
    ("connections", "Connections", units.number, float("inf")),
    ("from_memory", "From memory", units.share, float("inf")),
    ("cpu", "Processors in use", units.number, float("inf")),
    ("memory", "Memory", units.size, float("inf")),
    ("stall", "Longest stall", units.seconds, 0.5),
)
_WRITTEN: Final[Mapping[str, Callable[[float | None], str]]] = {
    "seconds": units.seconds,
    "share": units.share,
    "bytes": units.size,
}


def moment(when: float | None, now: float, never: str = units.NONE) -> Markup:
    """A POSIX time by its distance from now, and exactly where one looks closer."""
    if when is None:
        return markup(never)
    exact = datetime.fromtimestamp(when, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    return tag("time", units.ago(when, now), datetime=exact.replace(" UTC", "Z").replace(" ", "T"), title=exact)


def state(look: Look) -> Markup:
    """All of it in a word."""
    failing = [part for part, fine in look.parts.items() if not fine]
    critical = [alert for alert in look.alerts if alert.severity == "critical"]
    if failing:
        return tag("span", f"Not ready: {', '.join(failing)}", class_="pill bad")
    if look.alerts:
        words = f"{len(look.alerts)} alert{'s' if len(look.alerts) > 1 else ''}"
        return tag("a", words, href="#alerts", class_="pill bad" if critical else "pill warn")
    return tag("span", "All is well", class_="pill good")


def tiles(look: Look) -> Markup:
    """The figures to see first."""
    found = []
    for signal, words, write, worrying in _TILES:
        value = look.signals.get(signal)
        worried = value is not None and value > worrying
        figure = tag("dd", write(value), tag("span", " (high)", class_="unseen") if worried else None)
        found.append(tag("div", tag("dt", words), figure, class_="tile bad" if worried else "tile"))
    return tag("dl", found, class_="tiles")


def signals(look: Look) -> Markup:
    """Every signal, for whoever sees no curves."""
    rows = []
    for signal, unit in SIGNALS.items():
        write = _WRITTEN.get(unit.split()[0].strip(","), units.number)
        rows.append((signal, write(look.signals.get(signal)), unit))
    return table("Signals now", ("Signal", "#Value", "-Unit"), rows)


def alerts(look: Look) -> Markup:
    """What is wrong."""
    rows = [
        (
            tag("span", alert.severity, class_=f"pill {'bad' if alert.severity == 'critical' else 'warn'}"),
            alert.name,
            alert.summary,
            moment(alert.since, look.at),
        )
        for alert in look.alerts
    ]
    return table("Alerts in force", ("Severity", "Alert", "What", "-Since"), rows, "No alert is in force.")


def queue(look: Look) -> Markup:
    """The pool and the queue, by class of priority."""
    rows = []
    for word in _CLASSES:
        done, busy = _histogram(look, "davd_processing_seconds", word)
        waited, waits = _histogram(look, "davd_queue_seconds", word)
        rows.append(
            (
                word,
                units.number(done),
                *(units.seconds(quantile(busy, share)) for share in (0.5, 0.99)),
                units.number(waited),
                units.seconds(quantile(waits, 0.99)),
            )
        )
    outcomes = [(sample.labels["outcome"], units.number(sample.value)) for sample in look.samples("davd_pool_outcomes")]
    return markup(
        facts(
            ("Running", f"{count(look, 'davd_pool_in_flight')} of {count(look, 'davd_pool_limit')}"),
            ("Waiting", f"{count(look, 'davd_queue_length')} of {count(look, 'davd_queue_capacity')}"),
            ("Most ever waiting", count(look, "davd_queue_peak")),
            ("Longest step", units.seconds(look.value("davd_pool_longest_step_seconds"))),
        ),
        table(
            "Requests by priority, since the start",
            ("Priority", "#Done", "-#Half within", "#99 % within", "#Waited", "-#99 % waited"),
            rows,
        ),
        table("How requests left the pool", ("Outcome", "#Requests"), outcomes),
    )


def caches(look: Look) -> Markup:
    """What did not have to be done again."""
    found: dict[str, dict[str, float]] = {}
    for key in ("hits", "misses", "entries", "bytes", "evictions", "failures", "up"):
        for sample in look.samples(f"davd_cache_{key}"):
            found.setdefault(sample.labels["cache"], {})[key] = sample.value
    rows: list[Sequence[Child]] = []
    for cache, got in found.items():
        hits, total = got.get("hits", 0.0), got.get("hits", 0.0) + got.get("misses", 0.0)
        rows.append(
            (
                markup(cache.replace("_", " "), tag("span", " down", class_="bad") if got.get("up") == 0 else None),
                meter(hits / total if total else None, f"hits of {cache}"),
                units.number(hits),
                units.number(got.get("entries")),
                units.size(got.get("bytes")),
                units.number(got.get("failures")),
            )
        )
    answers = [
        (sample.labels["how"], units.number(sample.value)) for sample in look.samples("davd_answers_from_memory")
    ]
    return markup(
        table("Caches, since the start", ("Cache", "Found", "#Hits", "-#Entries", "-#Size", "-#Failures"), rows),
        table("Answers that were not made anew", ("How", "#Answers"), answers),
    )


def connections(look: Look) -> Markup:
    """Connections of clients, TLS, and the reactor that serves them."""
    refused = sum(sample.value for sample in look.samples("davd_connections_refused"))
    sources: Mapping[str, int] = look.counted.get("pool", {}).get("sources", {})
    return markup(
        facts(
            ("Open", f"{count(look, 'davd_connections')} of {count(look, 'davd_connections_limit')}"),
            ("Accepted", count(look, "davd_connections_accepted")),
            ("Refused", units.number(refused)),
            ("Timed out", count(look, "davd_connections_timed_out")),
            ("Broken off", count(look, "davd_connections_aborted")),
            ("No requests", count(look, "davd_wire_faults")),
            ("TLS handshakes", count(look, "davd_tls_handshakes")),
            ("TLS failures", count(look, "davd_tls_handshakes_failed")),
            ("Longest stall of a minute", units.seconds(look.value("davd_reactor_stall_seconds"))),
            ("Open files", f"{count(look, 'process_open_fds')} of {count(look, 'process_max_fds')}"),
            ("Log of the store", units.size(look.value("davd_store_log_bytes"))),
            ("Free disk", units.size(look.value("davd_disk_free_bytes"))),
        ),
        table(
            "Networks with most requests under way",
            ("Network", "#Requests"),
            [(name(source), units.number(number)) for source, number in sources.items()],
            "No request is under way.",
        ),
    )


def reload(look: Look) -> Markup:
    """How the last reading of the settings ended."""
    told: Mapping[str, Any] = look.counted.get("configuration") or {}
    last = told.get("last")
    if not last:
        return tag("p", "The settings have not been read again since the start.", class_="quiet")
    return tag(
        "p",
        tag("span", "in force" if last["ok"] else "refused", class_=f"pill {'good' if last['ok'] else 'bad'}"),
        " ",
        last["sentence"],
        " (",
        moment(last.get("at"), look.at),
        ")",
    )


def count(look: Look, family: str) -> str:
    """A metric as people read it."""
    return units.number(look.value(family))


def facts(*pairs: tuple[str, Child]) -> Markup:
    """Words and figures that stand beside each other."""
    return tag("dl", [tag("div", tag("dt", words), tag("dd", value)) for words, value in pairs], class_="facts")


def meter(value: float | None, words: str) -> Markup:
    """A share as a bar and as a figure; `words` say what it is."""
    if value is None:
        return markup(units.NONE)
    text = units.share(value)
    return tag("span", tag("meter", text, value=f"{value:.4f}", aria_label=words), " ", text, class_="meter")


def _histogram(look: Look, family: str, word: str) -> tuple[float, list[tuple[float, float]]]:
    total, buckets = 0.0, []
    for sample in look.samples(family):
        if sample.labels.get("class") != word:
            continue
        if sample.suffix == "_bucket":
            buckets.append((float(sample.labels["le"]), sample.value))
        elif sample.suffix == "_count":
            total = sample.value
    return total, sorted(buckets)
