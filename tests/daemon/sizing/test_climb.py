"""From measured figures to a rung that holds or not, and the sentence at the end.

Verifies: docs/operate/troubleshooting.md, How many users it carries
"""

from __future__ import annotations

import random

from davd.daemon.sizing.calendars import Calendar
from davd.daemon.sizing.climb import accounts_for, in_turn, rung_of, verdict
from davd.daemon.sizing.load import Measured


class TestRungs:
    """Verifies: docs/operate/troubleshooting.md, How many users it carries"""

    def test_holds(self) -> None:
        rung = rung_of(60, Measured([0.01] * 95 + [0.19] * 5, [], [0.001]))
        assert (rung.reason, rung.rate, rung.answers, rung.p95) == ("", 5.7, 100, 0.19)

    def test_too_slow(self) -> None:
        assert rung_of(60, Measured([0.01] * 94 + [0.3] * 6, [], [])).reason == "p95 of 300 ms"

    def test_one_error_is_enough(self) -> None:
        assert rung_of(60, Measured([0.01] * 99, ["GET: status 500"], [])).reason == "GET: status 500"

    def test_one_that_measures_the_load_itself(self) -> None:
        assert "could not send" in rung_of(60, Measured([0.01] * 99, [], [0.2] * 99)).reason


def test_sentences() -> None:
    good, bad = rung_of(100, Measured([0.1])), rung_of(150, Measured([0.5]))
    assert verdict([good, bad]) == "100 users at p95 < 200 ms; 150 were too many: p95 of 500 ms."
    assert verdict([good]) == "100 users at p95 < 200 ms, and nobody asked for more."
    assert verdict([bad]) == "Not even 150 users at p95 < 200 ms: p95 of 500 ms."


def test_accounts_come_up_one_after_the_other() -> None:
    """As many log-ins as 120 users cause in ten seconds, each of which lasts for a minute: twenty."""
    count = accounts_for(120, 10.0)
    calendars = [Calendar(f"/{number}/", "", []) for number in range(count)]
    choose = in_turn(calendars, 120, random.Random(3))
    early = {choose(0.0).path for _ in range(100)}
    late = {choose(9.99).path for _ in range(100)}
    assert not early & late
    assert len(early) == len(late) == count - 20
    assert {choose(step / 100).path for step in range(1001) for _ in range(50)} == {one.path for one in calendars}
