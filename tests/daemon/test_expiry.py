"""Warnings before certificates end.

Verifies: docs/operate/monitoring.md, Chores
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from twisted.logger import LogLevel, globalLogPublisher

from davd.daemon.expiry import DAY_SECONDS, Expiry
from davd.net.certificates import (
    CertificateError,
    CertificateFiles,
    expiry,
    is_made_here,
    names,
    renew,
    self_signed,
)
from davd.net.tls import TLS
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


def _theirs(folder: Path) -> CertificateFiles:
    """A certificate that is not davd's to renew."""
    made = self_signed(folder)
    files = CertificateFiles(folder / "theirs.pem", folder / "theirs.key")
    made.certificate.rename(files.certificate)
    made.key.rename(files.key)
    return files


class TestExpiry:
    """Verifies: docs/operate/monitoring.md, Chores"""

    def test_once_at_each_number_of_days(self, told: list[tuple[LogLevel, str]]) -> None:
        with tempfile.TemporaryDirectory() as folder:
            files = _theirs(Path(folder))
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

    def test_one_that_davd_has_made_is_renewed_before_its_end(
        self, tmp_path: Path, told: list[tuple[LogLevel, str]]
    ) -> None:
        files = self_signed(tmp_path, ["dav.example.org"])
        first, key = files.certificate.read_bytes(), files.key.read_bytes()
        tls, read = TLS.from_files(files), []
        now = expiry(files.certificate) - 8 * DAY_SECONDS
        watch = Expiry([tls, tls], lambda: now, lambda: read.append(tls.reload()))
        run(watch.look())
        assert (files.certificate.read_bytes(), read) == (first, [])
        now += 1.5 * DAY_SECONDS
        assert run(watch.look()) == "825 days left"
        assert (files.certificate.read_bytes() == first, len(read)) == (False, 1)
        assert files.key.read_bytes() == key
        assert names(files.certificate) == ["localhost", "dav.example.org"]
        assert is_made_here(files)
        assert "was renewed, with the same key" in told[-1][1]
        # Its end had been warned of before, once; of the new one there is nothing to be said.
        assert [level for level, _ in told] == [LogLevel.warn, LogLevel.warn]

    def test_one_that_has_ended_while_nothing_ran_and_one_whose_time_has_not_come(self, tmp_path: Path) -> None:
        """The clock was years ahead when it was renewed: nobody would take it until then."""
        files = self_signed(tmp_path)
        now = expiry(files.certificate) + 3000 * DAY_SECONDS
        read: list[float] = []
        watch = Expiry([Kept(files)], lambda: now, lambda: read.append(now))
        run(watch.look())
        now -= 3000 * DAY_SECONDS
        run(watch.look())
        assert len(read) == 2
        assert 820 < (expiry(files.certificate) - now) / DAY_SECONDS <= 825

    def test_one_that_somebody_has_put_in_its_place_is_not(
        self, tmp_path: Path, told: list[tuple[LogLevel, str]]
    ) -> None:
        files = self_signed(tmp_path)
        made = ["openssl", "req", "-x509", "-new", "-key", str(files.key), "-subj", "/CN=localhost", "-days", "3"]
        made += ["-addext", "subjectAltName=DNS:localhost", "-out", str(files.certificate)]
        subprocess.run(made, check=True, capture_output=True)
        theirs = files.certificate.read_bytes()
        assert not is_made_here(files)
        run(Expiry([Kept(files)], lambda: expiry(files.certificate) + 1, lambda: 1 / 0).look())
        assert files.certificate.read_bytes() == theirs
        assert told == [(LogLevel.error, f"the certificate {files.certificate} has ended: clients refuse it")]

    def test_a_key_that_does_not_fit_any_more(self, tmp_path: Path) -> None:
        """Somebody has put another pair there, and the certificate back: it is left as it is."""
        files = self_signed(tmp_path)
        certificate = files.certificate.read_bytes()
        files.key.unlink()
        with pytest.raises(CertificateError, match="put the key back"):
            self_signed(tmp_path)
        (tmp_path / "other").mkdir()
        self_signed(tmp_path / "other").key.rename(files.key)
        assert not renew(files, expiry(files.certificate))
        assert files.certificate.read_bytes() == certificate
