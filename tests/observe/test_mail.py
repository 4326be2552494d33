"""Alerts as e-mail.

Verifies: RFC 5322, 2.2, 3.6; RFC 3834, 5; docs/operate/monitoring.md, Alerts
"""

from __future__ import annotations

from email import message_from_bytes, policy
from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import Deferred, gatherResults, succeed
from twisted.internet.protocol import Factory
from twisted.mail.smtp import ESMTP, IMessage, IMessageDelivery, SMTPBadRcpt
from twisted.trial.unittest import TestCase
from zope.interface import implementer

from davd.interfaces.alert import AlertError
from davd.observe.mail import MailAlert, make
from davd.testing.alert_conformance import FIRING, OVER, AlertConformance


@implementer(IMessage)
class Received:
    """One message on its way in."""

    def __init__(self, box: list[bytes]) -> None:
        self._box = box
        self._lines: list[bytes] = []

    def lineReceived(self, line: bytes) -> None:
        self._lines.append(line)

    def eomReceived(self) -> Deferred[None]:
        self._box.append(b"\r\n".join(self._lines))
        return succeed(None)

    def connectionLost(self) -> None:
        """What has not ended is not kept."""


@implementer(IMessageDelivery)
class Box:
    """A mail server's delivery: takes mail for `example.com` alone."""

    def __init__(self) -> None:
        self.received: list[bytes] = []

    def receivedHeader(self, helo: Any, origin: Any, recipients: Any) -> bytes:
        return b"Received: by the test"

    def validateFrom(self, helo: Any, origin: Any) -> Any:
        return origin

    def validateTo(self, user: Any) -> Any:
        if user.dest.domain != b"example.com":
            raise SMTPBadRcpt(user)
        return lambda: Received(self.received)


class Server(ESMTP):
    """A mail server's end of a connection; `gone` fires when it has ended."""

    gone: Deferred[None]

    def connectionLost(self, reason: Any = None) -> None:
        """The client has gone."""
        super().connectionLost(reason)
        self.gone.callback(None)


class MailAlertTests(AlertConformance, TestCase):
    """Verifies: RFC 5322, 2.2, 3.6; docs/operate/monitoring.md, Alerts"""

    def setUp(self) -> None:
        self.box = Box()

        self.gone: list[Deferred[None]] = []
        listening: Any = reactor
        self.port = listening.listenTCP(0, Factory.forProtocol(self._serve), interface="127.0.0.1")
        self.addCleanup(self.port.stopListening)
        self.addCleanup(lambda: gatherResults(self.gone))

    def _serve(self) -> ESMTP:
        made = Server()
        made.delivery = self.box
        made.gone = Deferred()
        self.gone.append(made.gone)
        return made

    def _make(self, to: str) -> MailAlert:
        port = self.port.getHost().port
        return make({"to": [to], "sender": "davd@example.com", "host": "127.0.0.1", "port": port})

    def make_alert(self) -> MailAlert:
        return self._make("ops@example.com")

    def make_broken(self) -> MailAlert:
        return self._make("ops@elsewhere.example")

    def told(self) -> list[str]:
        return [message.decode().replace("\r\n", "\n") for message in self.box.received]

    async def test_what_arrives(self) -> None:
        for alert in (FIRING, OVER):
            await self.make_alert().deliver(alert)
        first, second = [message_from_bytes(message, policy=policy.default) for message in self.box.received]
        self.assertEqual(first["Subject"], "[davd critical] DiskSpace on host")
        self.assertEqual(second["Subject"], "[davd over] DiskSpace on host")
        self.assertEqual((first["From"], first["To"]), ("davd@example.com", "ops@example.com"))
        self.assertEqual(first["Auto-Submitted"], "auto-generated")
        self.assertTrue(first["Message-ID"] != second["Message-ID"] and first["Date"])
        self.assertIn(FIRING.sentence(), first.get_content())

    async def test_wrong_settings(self) -> None:
        for section in ({}, {"to": [], "sender": "a@b"}, {"to": ["a@b"], "sender": "a@b", "port": 0}):
            self.assertRaises(ValueError, make, section)
        for section in ({"to": ["a@b\r\nRCPT"], "sender": "a@b"}, {"to": ["a@b"], "sender": "nobody"}):
            with self.assertRaises(AlertError):
                await make(section).start()
        with self.assertRaises(AlertError):
            await make({"to": ["a@b"], "sender": "a@b", "tls": "maybe"}).start()
