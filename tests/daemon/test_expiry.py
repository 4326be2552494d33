"""Warnings before certificates end.

Verifies: docs/operate/monitoring.md, Chores
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from twisted.logger import LogLevel, globalLogPublisher

from davd.daemon.expiry import DAY_SECONDS, Expiry
from davd.net.certificates import CertificateError, CertificateFiles, expiry, self_signed
from davd.testing.exchange import run


class Kept:
    """An owner of certificates; what it has can be taken away."""

    def __init__(self, files: CertificateFiles) -> None:
        self.held = [files]

    def files(self) -> list[CertificateFiles]:
        """What it has now."""
        if not self.held:
            raise CertificateError("there is no certificate")
        return self.held


@pytest.fixture
def told() -> Iterator[list[tuple[LogLevel, str]]]:
    """What was logged by the watch."""
    lines: list[tuple[LogLevel, str]] = []

    def note(event: dict) -> None:  # type: ignore[type-arg]
        if event.get("log_namespace") == "davd.certificates":
            lines.append((event["log_level"], event["log_format"].format(**event)))

    globalLogPublisher.addObserver(note)
    yield lines
    globalLogPublisher.removeObserver(note)


class TestExpiry:
    """Verifies: docs/operate/monitoring.md, Chores"""

    def test_once_at_each_number_of_days(self, told: list[tuple[LogLevel, str]]) -> None:
        with tempfile.TemporaryDirectory() as folder:
            files = self_signed(Path(folder))
            end = expiry(files.certificate)
            now = 0.0
            watch = Expiry([Kept(files)], lambda: now)
            warned = []
            for days in (40.0, 31.0, 30.0, 29.0, 15.0, 13.9, 8.0, 7.0, 6.0, 2.0, 0.9, 0.4, -0.1, -3.0):
                now = end - days * DAY_SECONDS
                before = len(told)
                run(watch.look())
                warned += [days] * (len(told) - before)
            assert warned == [30.0, 13.9, 7.0, 0.9, -0.1]
            assert told[0] == (LogLevel.warn, f"the certificate {files.certificate} ends in 30.0 days")
            assert told[-1] == (LogLevel.error, f"the certificate {files.certificate} has ended: clients refuse it")
            assert watch.ends == {str(files.certificate): end}

    def test_what_cannot_be_read_is_told_and_the_others_are_looked_at(self, told: list[tuple[LogLevel, str]]) -> None:
        with tempfile.TemporaryDirectory() as folder:
            files = self_signed(Path(folder))
            gone, there = Kept(files), Kept(files)
            gone.held = []
            watch = Expiry([gone, there], lambda: expiry(files.certificate) - 90.5 * DAY_SECONDS)
            assert run(watch.look()) == "90 days left"
            assert told == [(LogLevel.error, "there is no certificate")]
            assert run(Expiry([], lambda: 0.0).look()) == "none"
