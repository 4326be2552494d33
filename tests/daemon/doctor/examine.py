"""Ask the doctor, without a command line."""

from __future__ import annotations

from typing import Any

from davd.daemon.doctor.clients import CLIENTS
from davd.daemon.doctor.entries import HINT, WARNING
from davd.daemon.doctor.examination import Examination, Outcome, Subject
from davd.daemon.doctor.findings import Finding
from tests.conformance.daemon import Daemon


def outcomes(client: str, url: str, davd: Daemon, **more: Any) -> list[Outcome]:
    """Each step of a client's dialogue; what was made on the server must be gone."""
    more = {"user": davd.user, "password": davd.password, **more}
    examination = Examination(Subject(url, **more), CLIENTS[client])
    steps = list(examination.run())
    assert examination.left == []
    return steps


def found(steps: list[Outcome]) -> dict[str, Finding]:
    """What was found, by key, without what is always said."""
    return {
        finding.key: finding
        for step in steps
        for finding in step.findings
        if finding.severity != HINT and finding.key != "plain-http"
    }


def faults(steps: list[Outcome]) -> set[str]:
    """The keys of the faults alone."""
    return {key for key, finding in found(steps).items() if finding.severity != WARNING}
