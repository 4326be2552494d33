"""Alerts handed in at a mail server that knows nothing of davd or Twisted: STARTTLS, implicit TLS, log-in.

Verifies: RFC 5321, 3; RFC 3207, 4; RFC 4954, 4; RFC 8314, 3.3; docs/operate/monitoring.md, Alerts
"""

from __future__ import annotations

import asyncio
import ssl
from email import message_from_bytes, policy
from pathlib import Path
from threading import Event, Thread
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater
from twisted.internet.tcp import Client
from twisted.trial.unittest import TestCase

from davd.interfaces.alert import AlertError
from davd.net.certificates import self_signed
from davd.observe.mail import MailAlert, make
from davd.testing.alert_conformance import FIRING

USER, PASSWORD = "davd", "pass word \u00fc"


class MailServer:
    """aiosmtpd on a loop and in a thread of its own. `received` has each message, and who has sent it over what."""

    def __init__(
        self,
        folder: str,
        implicit: bool = False,
        starttls: bool = True,
        log_in: bool = False,
        address: str = "127.0.0.1",
    ) -> None:
        self.received: list[tuple[bytes, list[str], bool, bool]] = []
        self.port = 0
        self._loop = asyncio.new_event_loop()
        self._implicit = implicit
        self._options: dict[str, Any] = {"hostname": "localhost", "loop": self._loop}
        self._address = address
        self._ends: list[SMTP] = []
        files = self_signed(Path(folder), ("localhost",))
        self.ca = str(files.certificate)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(files.certificate, files.key)
        if starttls and not implicit:
            self._options["tls_context"] = self.context
        if log_in:
            self._options |= {"authenticator": self._authenticate, "auth_required": True}
            self._options["auth_require_tls"] = not implicit
        self._listens = Event()
        self._thread = Thread(target=self._run, daemon=True)
        self._thread.start()
        assert self._listens.wait(30)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._serve())
        self._listens.set()
        self._loop.run_forever()
        self._server.close()
        for end in self._ends:
            if end.transport is not None:
                end.transport.abort()
        conversations = asyncio.all_tasks(self._loop)
        for conversation in conversations:
            conversation.cancel()
        self._loop.run_until_complete(asyncio.gather(*conversations, return_exceptions=True))
        self._loop.close()

    def _end(self) -> SMTP:
        self._ends.append(SMTP(self, **self._options))
        return self._ends[-1]

    async def _serve(self) -> None:
        context = self.context if self._implicit else None
        make = self._loop.create_server(self._end, self._address, 0, ssl=context)
        self._server = await make
        self.port = self._server.sockets[0].getsockname()[1]

    def stop(self) -> None:
        """End it."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(30)
        assert not self._thread.is_alive()

    def _authenticate(self, server: Any, session: Session, envelope: Envelope, how: str, data: Any) -> AuthResult:
        right = isinstance(data, LoginPassword) and data == LoginPassword(USER.encode(), PASSWORD.encode())
        return AuthResult(success=right, handled=False)

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:
        """Takes mail for example.com alone."""
        if not address.endswith("@example.com"):
            return "550 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        """Keep the message."""
        protected = session.ssl is not None or self._implicit
        self.received.append((envelope.content, envelope.rcpt_tos, protected, bool(session.authenticated)))
        return "250 OK"


async def hung_up() -> None:
    """Return when this process has no connection to a mail server any more."""
    running: Any = reactor
    while any(isinstance(one, Client) for one in running.getReaders() + running.getWriters()):
        await deferLater(running, 0)


class MailServerTests(TestCase):
    """Verifies: RFC 3207, 4; RFC 4954, 4; RFC 8314, 3.3; docs/operate/monitoring.md, Alerts"""

    def _server(self, **options: Any) -> MailServer:
        folder = self.mktemp()
        Path(folder).mkdir()
        server = MailServer(folder, **options)
        self.addCleanup(self._end, server)
        return server

    def _end(self, server: MailServer) -> Deferred[None]:
        server.stop()
        return Deferred.fromCoroutine(hung_up())

    def _alert(self, server: MailServer, **section: Any) -> MailAlert:
        plain = {"to": ["ops@example.com"], "sender": "davd@example.com", "host": "localhost", "port": server.port}
        return make(plain | section)

    async def test_starttls_with_a_log_in(self) -> None:
        server = self._server(log_in=True)
        alert = self._alert(server, tls="require", ca=server.ca, user=USER, password=PASSWORD)
        await alert.start()
        await alert.deliver(FIRING)
        [(content, to, protected, logged_in)] = server.received
        self.assertEqual((to, protected, logged_in), (["ops@example.com"], True, True))
        told = message_from_bytes(content, policy=policy.default)
        self.assertEqual(told["Subject"], "[davd critical] DiskSpace on host")
        self.assertIn(FIRING.sentence(), told.get_content())

    async def test_implicit_tls_with_a_log_in(self) -> None:
        server = self._server(implicit=True, log_in=True)
        await self._alert(server, tls="implicit", ca=server.ca, user=USER, password=PASSWORD).deliver(FIRING)
        self.assertEqual(server.received[0][1:], (["ops@example.com"], True, True))

    async def test_implicit_tls_without_one(self) -> None:
        server = self._server(implicit=True)
        await self._alert(server, tls="implicit", ca=server.ca).deliver(FIRING)
        self.assertEqual(server.received[0][2:], (True, False))

    async def test_starttls_is_used_where_it_is_there(self) -> None:
        server = self._server()
        await self._alert(server, ca=server.ca).deliver(FIRING)
        self.assertTrue(server.received[0][2])
        plain = self._server(starttls=False)
        await self._alert(plain, ca=plain.ca).deliver(FIRING)
        self.assertFalse(plain.received[0][2])

    async def test_none_never_asks_for_it(self) -> None:
        server = self._server()
        await self._alert(server, tls="none").deliver(FIRING)
        self.assertFalse(server.received[0][2])

    async def test_a_certificate_that_nobody_trusts_gets_no_password(self) -> None:
        for options in ({"tls": "require"}, {"tls": "starttls"}, {"tls": "implicit"}):
            server = self._server(implicit=options["tls"] == "implicit", log_in=True)
            with self.assertRaises(AlertError):
                await self._alert(server, user=USER, password=PASSWORD, **options).deliver(FIRING)
            self.assertEqual(server.received, [])

    async def test_a_certificate_for_another_name(self) -> None:
        # The certificate has localhost and 127.0.0.1.
        server = self._server(implicit=True, address="127.0.0.2")
        other = self._alert(server, tls="implicit", ca=server.ca, host="127.0.0.2")
        with self.assertRaises(AlertError):
            await other.deliver(FIRING)

    async def test_without_tls_there_is_no_log_in(self) -> None:
        server = self._server(starttls=False, log_in=True)
        with self.assertRaises(AlertError):
            await self._alert(server, ca=server.ca, user=USER, password=PASSWORD).deliver(FIRING)
        self.assertEqual(server.received, [])

    async def test_a_wrong_password(self) -> None:
        server = self._server(log_in=True)
        with self.assertRaises(AlertError) as refused:
            await self._alert(server, ca=server.ca, user=USER, password="wrong").deliver(FIRING)
        self.assertNotIn("wrong", str(refused.exception))
        self.assertEqual(server.received, [])

    async def test_one_of_two_is_refused(self) -> None:
        server = self._server()
        to = ["ops@example.com", "gone@elsewhere.example"]
        await self._alert(server, ca=server.ca, to=to).deliver(FIRING)
        self.assertEqual(server.received[0][1], ["ops@example.com"])

    async def test_a_file_without_certificates(self) -> None:
        nothing = self.mktemp()
        Path(nothing).write_text("nothing")
        for path in (nothing, nothing + "-not-there"):
            section = {"to": ["a@b"], "sender": "a@b", "ca": path}
            with self.assertRaises(AlertError):
                await make(section).start()
