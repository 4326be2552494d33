"""Which workers a rolling restart replaces, and what it tells of those it has not.

Verifies: docs/operate/operate.md, Signals; docs/operate/operate.md, Commands to a running davd
"""

from __future__ import annotations

import errno

from twisted.trial.unittest import SynchronousTestCase

from davd.daemon.command_socket import Progress
from davd.daemon.rolling import RollingRestart
from tests.daemon.machine import Machine, rows, workforce


class TestRestart(SynchronousTestCase):
    """Verifies: docs/operate/operate.md, Commands to a running davd."""

    def setUp(self) -> None:
        self.machine = Machine()
        self.told: list[Progress] = []
        self.over: list[bool] = []

    def test_one_that_was_coming_up_is_replaced_as_well(self) -> None:
        made = workforce(self.machine, 1, 2)
        made.scale(2)
        rolling = RollingRestart(made, lambda: None, self.over.append)
        asked = rolling.ask(self.told.append)
        # It comes up while those that serve are replaced.
        self.machine.played[1].say("ready")
        self.machine.played[2].say("ready")
        self.assertNoResult(asked)
        self.machine.played[3].say("ready")
        self.assertEqual(self.successResultOf(asked).sentence, "all 2 workers are new")
        staying = [(number, pid) for number, pid, serves, leaving in rows(made) if serves and not leaving]
        self.assertEqual((staying, self.over), ([(0, 1002), (1, 1003)], [True]))

    def test_one_that_comes_up_after_its_successor_serves_nobody(self) -> None:
        made = workforce(self.machine, 1, 2)
        made.scale(2)
        asked = RollingRestart(made, lambda: None, self.over.append).ask(self.told.append)
        self.machine.played[2].say("ready")
        self.machine.played[3].say("ready")
        self.machine.played[1].say("ready")
        self.assertTrue(self.successResultOf(asked).ok)
        self.assertIn((1, 1001, False, True), rows(made))

    def test_one_that_fails_tells_which_are_new(self) -> None:
        made = workforce(self.machine, 3, 3)
        asked = RollingRestart(made, lambda: None, self.over.append).ask(self.told.append)
        self.machine.played[3].say("ready")
        self.machine.played[4].say("ready")
        self.machine.played[5].end()
        self.assertEqual(
            self.successResultOf(asked).sentence,
            "the new worker 2 does not serve: those that are not new stay; new, with the settings of this restart, are "
            "0, 1; the log says why",
        )
        self.assertEqual(self.over, [False])

    def test_the_first_that_fails_leaves_all_as_they_were(self) -> None:
        made = workforce(self.machine)
        asked = RollingRestart(made, lambda: None, self.over.append).ask(self.told.append)
        self.machine.played[2].end()
        self.assertEqual(
            self.successResultOf(asked).sentence, "the new worker 0 does not serve: the old ones stay; the log says why"
        )

    def test_one_that_cannot_be_started_tells_which_are_new(self) -> None:
        made = workforce(self.machine)
        asked = RollingRestart(made, lambda: None, self.over.append).ask(self.told.append)
        self.machine.refuses = OSError(errno.EAGAIN, "Resource temporarily unavailable")
        self.machine.played[2].say("ready")
        outcome = self.successResultOf(asked)
        self.assertIn("new, with the settings of this restart, are 0;", outcome.sentence)
        self.assertEqual(len(self.flushLoggedErrors(OSError)), 1)
