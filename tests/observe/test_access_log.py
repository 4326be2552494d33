"""Lines of the access log stay lines, and are written together.

Verifies: docs/operate/monitoring.md, Access log
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.task import Clock

from davd.observe.access_log import GATHER_BYTES, GATHER_SECONDS, Access, AccessLog, FileOutput, StreamOutput


class Kept:
    """An output that keeps what it is given; `broken` refuses it."""

    def __init__(self) -> None:
        self.data: list[bytes] = []
        self.broken = False
        self.life: list[str] = []

    def write(self, data: bytes) -> None:
        """Keep it."""
        if self.broken:
            raise OSError(28, "No space left on device")
        self.data.append(data)

    def reopen(self) -> None:
        """Note it."""
        self.life.append("reopen")

    def close(self) -> None:
        """Note it."""
        self.life.append("close")


ONE = Access(
    1_700_000_000.5, "192.0.2.1", "ann", "REPORT", "/c/", 207, "1", "calendar-query", 3, 10, 20, 0.5, 0.25, 0.1, "x1"
)


def lines(form: str, *accesses: Access) -> list[bytes]:
    clock, kept = Clock(), Kept()
    log = AccessLog(kept, form, clock)
    for access in accesses:
        log.note(access)
    log.close()
    return b"".join(kept.data).splitlines(keepends=True)


class TestLines:
    """Verifies: docs/operate/monitoring.md, Access log"""

    def test_text(self) -> None:
        (line,) = lines("text", ONE)
        assert line == (
            b'2023-11-14T22:13:20.500+00:00 192.0.2.1 "ann" "REPORT /c/" 207 depth=1 kind=calendar-query items=3'
            b" in=10 out=20 ms=500.00 cpu_ms=250.00 queued_ms=100.00 id=x1\n"
        )

    def test_the_journal_has_a_time_of_its_own(self) -> None:
        assert lines("journal", ONE)[0].startswith(b'<6>192.0.2.1 "ann"')

    def test_json(self) -> None:
        told = json.loads(lines("json", ONE)[0])
        assert (told["method"], told["kind"], told["items"], told["queued"]) == ("REPORT", "calendar-query", 3, 0.1)
        assert told["memory"] is False

    @pytest.mark.parametrize("form", ["text", "json", "journal"])
    @given(text=st.text(max_size=50))
    def test_whatever_is_sent_stays_on_one_line(self, form: str, text: str) -> None:
        access = Access(0.0, "p", text, "GET", "/" + text, 200, text)
        (line,) = lines(form, access)
        assert line.isascii() or form == "json"
        body = line.decode()[:-1]
        assert len(body.splitlines()) == 1 and all(sign >= " " and sign != "\x7f" for sign in body)

    def test_long_paths_are_cut(self) -> None:
        assert all(len(lines(form, Access(0, "", "", "GET", "/" * 8000, 200))[0]) < 1500 for form in ("text", "json"))


class TestAccessLog:
    """Verifies: docs/operate/monitoring.md, Access log"""

    def test_lines_are_written_together_after_a_while_or_when_they_are_many(self) -> None:
        clock, kept = Clock(), Kept()
        log = AccessLog(kept, "text", clock)
        log.note(ONE)
        log.note(ONE)
        assert kept.data == []
        clock.advance(GATHER_SECONDS)
        assert len(kept.data) == 1 and kept.data[0].count(b"\n") == 2
        while len(kept.data) == 1:
            log.note(ONE)
        assert len(kept.data[1]) >= GATHER_BYTES
        assert clock.getDelayedCalls() == []

    def test_a_full_disk_costs_lines_and_nothing_else(self) -> None:
        clock, kept = Clock(), Kept()
        log = AccessLog(kept, "text", clock)
        kept.broken = True
        log.note(ONE)
        clock.advance(GATHER_SECONDS)
        kept.broken = False
        log.note(ONE)
        log.reopen()
        log.close()
        assert (log.lost, len(kept.data), kept.life) == (1, 1, ["reopen", "close"])

    def test_a_file_that_was_moved_is_left(self, tmp_path: Path) -> None:
        path = tmp_path / "access"
        log = AccessLog(FileOutput(str(path)), "text", Clock())
        log.note(ONE)
        path.rename(tmp_path / "old")
        log.reopen()
        log.note(ONE)
        log.close()
        assert (tmp_path / "old").read_bytes().count(b"\n") == path.read_bytes().count(b"\n") == 1
        assert path.stat().st_mode & 0o007 == 0

    def test_a_stream(self) -> None:
        there, here = os.pipe()
        log = AccessLog(StreamOutput(here), "text", Clock())
        log.note(ONE)
        log.reopen()
        log.close()
        os.close(here)
        with os.fdopen(there, "rb") as stream:
            assert stream.read().count(b"\n") == 1
