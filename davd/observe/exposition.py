"""Snapshots as text for Prometheus and whoever reads what it reads: its text format 0.0.4, and OpenMetrics 1.0.

Written here because a scrape stands in the way of requests: the library for it takes fifteen times as long.

Implements: docs/operate/monitoring.md, Metrics
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from davd.observe.snapshot import Family, Snapshot

TEXT: Final = "text/plain; version=0.0.4; charset=utf-8"
OPENMETRICS: Final = "application/openmetrics-text; version=1.0.0; charset=utf-8"

_ESCAPES: Final = str.maketrans({"\\": "\\\\", "\n": "\\n", '"': '\\"'})
_HELP_ESCAPES: Final = str.maketrans({"\\": "\\\\", "\n": "\\n"})

_WORDS: Final = {"inf": "+Inf", "-inf": "-Inf", "nan": "NaN"}


def render(snapshot: Snapshot, accept: str = "") -> tuple[bytes, str]:
    """A snapshot in OpenMetrics where the Accept field asks for it, else in Prometheus' text format; the media type."""
    openmetrics = _wants_openmetrics(accept)
    lines: list[str] = []
    for family in snapshot.families:
        _write(family, openmetrics, lines)
    if openmetrics:
        lines.append("# EOF")
    lines.append("")
    return "\n".join(lines).encode(), OPENMETRICS if openmetrics else TEXT


def _wants_openmetrics(accept: str) -> bool:
    """Whether one of the media types of an Accept field is OpenMetrics and is not refused by `q=0`."""
    for part in accept.lower().split(","):
        kind, *parameters = (word.strip() for word in part.split(";"))
        if kind == "application/openmetrics-text":
            weight = next((word[2:].strip() for word in parameters if word.startswith("q=")), "1")
            return weight.strip("0.") != ""
    return False


def _write(family: Family, openmetrics: bool, lines: list[str]) -> None:
    ending = "_total" if family.type == "counter" else ""
    name = family.name
    # OpenMetrics names a family without the endings of its samples; the older format knows no families.
    told = name if openmetrics else name + ending
    help = family.help.translate(_ESCAPES if openmetrics else _HELP_ESCAPES)
    lines.append(f"# HELP {told} {help}")
    lines.append(f"# TYPE {told} {family.type}")
    for sample in family.samples:
        text = _number(sample.value)
        labels = sample.labels
        if labels:
            lines.append(f"{name}{sample.suffix or ending}{_labels(labels)} {text}")
        else:
            lines.append(f"{name}{sample.suffix or ending} {text}")


def _number(value: float) -> str:
    text = str(value)
    return _WORDS.get(text, text)


def _labels(labels: Mapping[str, str]) -> str:
    pairs = []
    for name, value in labels.items():
        if "\\" in value or '"' in value or "\n" in value:
            value = value.translate(_ESCAPES)
        pairs.append(f'{name}="{value}"')
    return "{" + ",".join(pairs) + "}"
