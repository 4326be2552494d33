"""What the access log is told of that which was no request.

Verifies: docs/operate/monitoring.md, Access log
"""

from __future__ import annotations

from davd.observe.access_log import Access
from davd.observe.sparing import BURST
from tests.application.test_application import ApplicationTestCase


class RefusedTests(ApplicationTestCase):
    """Verifies: docs/operate/monitoring.md, Access log"""

    def setUp(self) -> None:
        super().setUp()
        self.told: list[Access] = []

    def test_without_a_log_nobody_is_told(self) -> None:
        self.application.refused("192.0.2.1", 400)

    def test_who_and_the_status_and_nothing_that_was_sent(self) -> None:
        self.application.access = self.told.append
        self.application.refused("192.0.2.1", 431)
        [line] = self.told
        assert (line.peer, line.status, line.method, line.path, line.kind) == ("192.0.2.1", 431, "-", "-", "unread")

    def test_a_flood_is_a_few_lines(self) -> None:
        self.application.access = self.told.append
        for _ in range(10_000):
            self.application.refused("192.0.2.1", 400)
        assert BURST <= len(self.told) < BURST * 5
