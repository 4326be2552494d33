"""The tests that every way of delivering alerts passes; a plugin's author mixes them into a TestCase of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zope.interface.verify import verifyObject

from davd.interfaces.alert import AlertError, IAlert
from davd.model.alert import Alert

if TYPE_CHECKING:
    from twisted.trial.unittest import TestCase as _Base
else:
    _Base = object

FIRING = Alert("DiskSpace", "critical", "The disk is nearly full.", True, 0.05, 0.1, 1000.0, 1060.0, "host")
OVER = Alert("DiskSpace", "critical", "The disk is nearly full.", False, 0.5, 0.1, 1000.0, 2000.0, "host")
# Nobody promises that a machine's name is one line.
HOSTILE = Alert("X", "warning", "A\r\nBcc: all@example.com", True, None, 0.0, 0.0, 0.0, "ho\r\nst: x")


class AlertConformance(_Base):
    """Verifies: docs/operate/monitoring.md, Alerts

    `make_alert` gives a way, not yet started, whose other end works; `make_broken` one whose other end refuses or is
    not there, or None where nothing can go wrong. `told` gives what has come out at the other end, as texts.
    """

    def make_alert(self) -> Any:
        """The way under test."""
        raise NotImplementedError

    def make_broken(self) -> Any:
        """The same with nobody at the other end."""
        raise NotImplementedError

    def told(self) -> list[str]:
        """What has come out."""
        raise NotImplementedError

    async def test_it_provides_the_interface(self) -> None:
        """All of `IAlert`, with the right signatures."""
        alert = self.make_alert()
        verifyObject(IAlert, alert)
        self.assertRegex(alert.name, r"^[a-z][a-z0-9_-]*$")

    async def test_what_begins_and_what_is_over_can_be_told_apart(self) -> None:
        """Name and sentence arrive, in their order, and twice what is told twice."""
        way = self.make_alert()
        await way.start()
        for alert in (FIRING, FIRING, OVER):
            await way.deliver(alert)
        await way.stop()
        told = self.told()
        self.assertEqual(len(told), 3)
        for text in told:
            self.assertIn("DiskSpace", text)
            self.assertIn("The disk is nearly full.", text)
        self.assertNotEqual(told[0], told[2])

    async def test_line_ends_in_texts_do_no_harm(self) -> None:
        """No text of an alert becomes a line of its own where lines mean something."""
        way = self.make_alert()
        await way.start()
        await way.deliver(HOSTILE)
        await way.stop()
        (text,) = self.told()
        head = text.partition("\n\n")[0].splitlines()
        self.assertFalse([line for line in head if line.startswith(("Bcc:", "st:"))])

    async def test_what_does_not_arrive_is_an_alert_error(self) -> None:
        """So that it is tried again."""
        way = self.make_broken()
        if way is None:
            return
        await way.start()
        try:
            with self.assertRaises(AlertError):
                await way.deliver(FIRING)
        finally:
            await way.stop()
