"""What the doctor says: for people, step by step and then in sentences, or as JSON for programs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console
from rich.text import Text

from davd.daemon.doctor.entries import FAULT, HINT, WARNING
from davd.daemon.doctor.examination import Outcome
from davd.daemon.doctor.findings import Finding
from davd.daemon.doctor.steps import Client

_STYLE = {FAULT: "bold red", WARNING: "yellow", HINT: "cyan"}


@dataclass(slots=True)
class Examined:
    """The outcomes of one client's dialogue, and the URLs of what could not be deleted again."""

    client: Client
    outcomes: list[Outcome] = field(default_factory=list)
    left: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Diagnosis:
    """A finding with the words of the clients that it is wrong for, and where it was seen first."""

    finding: Finding
    clients: list[str]
    seen: str


def diagnoses(examined: Sequence[Examined]) -> list[Diagnosis]:
    """What was found, the worst first, each sentence once."""
    told: dict[str, Diagnosis] = {}
    for each in examined:
        for outcome in each.outcomes:
            for finding in outcome.findings:
                status = "no answer" if outcome.status is None else str(outcome.status)
                seen = f"{outcome.step.method} {outcome.target}: {status}"
                known = told.setdefault(f"{finding.key} {finding.sentence}", Diagnosis(finding, [], seen))
                if each.client.name not in known.clients:
                    known.clients.append(each.client.name)
    order = [FAULT, WARNING, HINT]
    return sorted(told.values(), key=lambda one: order.index(one.finding.severity))


def healthy(examined: Sequence[Examined]) -> bool:
    """Whether no fault was found."""
    return not any(one.finding.severity == FAULT for one in diagnoses(examined))


def as_json(url: str, examined: Sequence[Examined]) -> dict[str, Any]:
    """All of it in plain values."""
    return {
        "url": url,
        "healthy": healthy(examined),
        "clients": [
            {
                "client": each.client.name,
                "left": each.left,
                "steps": [
                    {
                        "title": outcome.step.title,
                        "method": outcome.step.method,
                        "target": outcome.target,
                        "status": outcome.status,
                        "not_tried": outcome.skipped or None,
                        "findings": [finding.key for finding in outcome.findings],
                    }
                    for outcome in each.outcomes
                ],
            }
            for each in examined
        ],
        "findings": [
            {
                "key": one.finding.key,
                "severity": one.finding.severity,
                "sentence": one.finding.sentence,
                "remedy": one.finding.remedy,
                "clients": one.clients,
                "seen": one.seen,
            }
            for one in diagnoses(examined)
        ],
    }


def step_line(outcome: Outcome) -> Text:
    """One step in one line: a mark, what the client does, the request, the status."""
    worst = {finding.severity for finding in outcome.findings}
    mark, style = ("x", "red") if FAULT in worst else ("!", "yellow") if WARNING in worst else ("+", "green")
    end = "no answer" if outcome.status is None else str(outcome.status)
    line = Text(f"  {mark} ", style).append(outcome.step.title, "default")
    return line.append(f"  {outcome.step.method} {outcome.target}  {end}", "dim")


def skipped_lines(outcomes: Sequence[Outcome]) -> list[Text]:
    """What was not tried, a line for each reason."""
    titles: dict[str, list[str]] = {}
    for outcome in outcomes:
        if outcome.skipped:
            titles.setdefault(outcome.skipped, []).append(outcome.step.title)
    return [
        Text(f"  - {len(steps)} not tried, since {reason}: {', '.join(dict.fromkeys(steps))}", "dim")
        for reason, steps in titles.items()
    ]


def tell(console: Console, examined: Sequence[Examined]) -> None:
    """Write what is wrong and what to do, and the sentence at the end."""
    found = diagnoses(examined)
    for number, one in enumerate(found, 1):
        console.print()
        head = Text(f"{number}. {one.finding.severity}: ", _STYLE[one.finding.severity])
        console.print(head.append(one.finding.sentence, "default"))
        console.print(Text("   " + one.finding.remedy))
        console.print(Text(f"   seen by {', '.join(one.clients)} at {one.seen}", "dim"))
    for each in examined:
        for url in each.left:
            console.print(Text(f"\nCould not be deleted again: {url}", "bold red"))
    console.print()
    console.print(Text(_verdict(found, examined), "bold"))


def _verdict(found: Sequence[Diagnosis], examined: Sequence[Examined]) -> str:
    names = ", ".join(each.client.name for each in examined)
    counted = {kind: sum(one.finding.severity == kind for one in found) for kind in (FAULT, WARNING)}
    parts = [f"{count} {kind}{'' if count == 1 else 's'}" for kind, count in counted.items() if count]
    skipped = sum(bool(outcome.skipped) for each in examined for outcome in each.outcomes)
    end = f"; {skipped} steps were not tried" if skipped else ""
    return f"{names}: {', '.join(parts) or 'nothing is wrong'}{end}."
