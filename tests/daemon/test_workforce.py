"""How many workers there are is kept, whatever becomes of one of them, of the machine, or of the supervisor itself.

Verifies: docs/architecture.md, Configuration
"""

from __future__ import annotations

import errno

from twisted.internet.defer import Deferred
from twisted.logger import capturedLogs
from twisted.trial.unittest import SynchronousTestCase

from davd.config.origin import Loaded
from davd.config.settings import Settings
from davd.daemon.backoff import MOST_SECONDS
from davd.daemon.reload import ReloadOutcome
from davd.daemon.workers import HUNG_SECONDS, READY_SECONDS
from davd.daemon.workforce import LOOK_SECONDS
from tests.daemon.machine import Machine, leave, rows, workforce


class TestLost(SynchronousTestCase):
    """Verifies: docs/architecture.md, Configuration."""

    def setUp(self) -> None:
        self.machine = Machine()
        self.made = workforce(self.machine)

    def test_one_whose_predecessor_still_leaves_is_replaced(self) -> None:
        self.made.start(0)
        self.machine.played[2].say("ready")
        leave(self.made, 1000)
        self.machine.played[2].end()
        self.machine.advance(MOST_SECONDS)
        self.assertEqual(rows(self.made), [(0, 1000, True, True), (1, 1001, True, False), (0, 1003, False, False)])

    def test_one_beside_which_its_predecessor_stays_is_not(self) -> None:
        self.made.start(0).ready.addErrback(lambda _: None)
        self.machine.played[2].end()
        self.machine.advance(MOST_SECONDS)
        self.assertEqual(rows(self.made), [(0, 1000, True, False), (1, 1001, True, False)])

    def test_one_that_cannot_be_started_is_tried_again(self) -> None:
        self.machine.refuses = OSError(errno.EAGAIN, "Resource temporarily unavailable")
        with capturedLogs() as logged:
            self.machine.played[0].end()
            for _ in range(3):
                self.machine.advance(MOST_SECONDS)
        self.assertEqual(rows(self.made), [(1, 1001, True, False)])
        self.assertEqual([str(event["log_level"].name) for event in logged if "number" in event], ["error"] * 4)
        self.machine.refuses = None
        self.machine.advance(MOST_SECONDS)
        self.assertEqual(rows(self.made), [(1, 1001, True, False), (0, 1002, False, False)])

    def test_without_a_column_it_waits_for_one(self) -> None:
        while self.made.has_room():
            self.made.start(1)
            self.machine.played[-1].say("ready")
        for played in self.machine.played[2:]:
            leave(self.made, played.pid)
        self.machine.played[0].end()
        self.made.start(1)
        self.machine.advance(MOST_SECONDS)
        self.assertNotIn(0, [number for number, *_ in rows(self.made)])
        self.machine.played[2].end()
        self.machine.advance(MOST_SECONDS)
        self.assertIn(0, [number for number, *_ in rows(self.made)])

    def test_one_that_leaves_with_a_store_that_fails_is_no_reason_to_end_the_others(self) -> None:
        leave(self.made, 1000)
        self.machine.played[0].say("health", ok=False)
        asking = self.made.healthy()
        with self.assertRaises(StopIteration) as ended:
            asking.send(None)
        self.assertTrue(ended.exception.value)


class TestReload(SynchronousTestCase):
    """Verifies: docs/operate/configuration.md, Changes while davd runs."""

    def test_one_that_comes_up_is_not_asked_nor_waited_for(self) -> None:
        machine = Machine()
        made = workforce(machine)
        machine.played[1].end()
        machine.advance(MOST_SECONDS)
        for played in machine.played:
            played.hear()
        told = Deferred.fromCoroutine(made.reload(Loaded(Settings())))
        machine.played[0].say("outcome", outcome={"ok": True, "sentence": "done"})
        self.assertEqual(self.successResultOf(told), {0: ReloadOutcome(True, "done")})
        self.assertEqual((machine.played[0].hear(), machine.played[2].hear()), (["reload"], []))


class TestPause(SynchronousTestCase):
    """A supervisor that did not run for a while could hear nobody meanwhile.

    Verifies: docs/architecture.md, Configuration.
    """

    def setUp(self) -> None:
        self.machine = Machine()
        self.made = workforce(self.machine)

    def killed(self) -> list[bool]:
        """Which were killed."""
        return [played.killed for played in self.machine.played]

    def answer(self, *played: int) -> None:
        """Have these tell how they are, when they are asked."""
        for place in played:
            self.assertIn("health", self.machine.played[place].hear())
            self.machine.played[place].say("health", ok=True)

    def test_those_that_serve_come_up_or_leave_are_given_their_time_anew(self) -> None:
        self.made.start(0)
        self.made.start(1)
        self.machine.played[3].say("ready")
        leave(self.made, 1001)
        self.machine.advance(READY_SECONDS * 2)
        self.assertEqual(self.killed(), [False] * 4)
        self.answer(0, 3)
        self.machine.advance(LOOK_SECONDS)
        self.assertEqual(self.killed(), [False] * 4)

    def test_one_that_says_nothing_after_it_is_killed(self) -> None:
        self.machine.advance(HUNG_SECONDS * 2)
        for _ in range(int(HUNG_SECONDS / LOOK_SECONDS) + 1):
            self.answer(1)
            self.machine.advance(LOOK_SECONDS)
        self.assertEqual(self.killed(), [True, False])
