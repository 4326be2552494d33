"""Alerts as e-mail.

Implements: RFC 5321, 3; RFC 5322, 2.2, 3.6; RFC 3207, 4; RFC 8314, 3.3; RFC 3834, 5; docs/operate/monitoring.md, Alerts
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from io import BytesIO
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta, Struct
from OpenSSL.SSL import Error as OpenSSLError
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectError, ConnectionLost
from twisted.logger import Logger
from twisted.protocols.tls import TLSMemoryBIOFactory
from zope.interface import implementer

from davd.interfaces.alert import AlertError, IAlert
from davd.model.alert import Alert

log = Logger(namespace="davd.alerts")

WAYS: Final = ("starttls", "require", "implicit", "none")
# A server that says nothing for so long is left.
SILENCE_SECONDS: Final = 30
PEM: Final = re.compile(rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)


class MailSettings(Struct, forbid_unknown_fields=True, kw_only=True):
    """Where mail is handed in, and for whom.

    `tls` says how the connection is protected: `starttls` asks for it if the server has it, `require` insists on that,
    `implicit` begins with it (port 465), `none` never asks. The certificate has to be one for `host` by an authority
    that the system trusts, or, where `ca` is the path of a PEM file, one of those in it. `user` and `password` log in;
    unless `tls` is `none`, TLS is insisted on then.
    """

    to: Annotated[list[str], Meta(min_length=1)]
    sender: str
    host: str = "localhost"
    port: Annotated[int, Meta(ge=1, le=65535)] = 25
    tls: str = "starttls"
    user: str = ""
    password: str = ""
    ca: str = ""


@implementer(IAlert)
class MailAlert:
    """Sends each alert as a message of plain text."""

    name = "email"

    def __init__(self, settings: MailSettings) -> None:
        self._settings = settings

    async def start(self) -> None:
        """AlertError for addresses and words that cannot be right."""
        settings = self._settings
        for address in (settings.sender, *settings.to):
            if "@" not in address or any(sign.isspace() or not sign.isprintable() for sign in address):
                raise AlertError(f"alerts.delivery.email: {address!r} is no e-mail address")
        if settings.tls not in WAYS:
            raise AlertError(f"alerts.delivery.email.tls: expected one of {', '.join(WAYS)}")
        if settings.ca:
            _authorities(settings.ca)

    async def stop(self) -> None:
        """Connections are not kept."""

    async def deliver(self, alert: Alert) -> None:
        """AlertError when the mail server takes it for nobody; for whom else it does not is logged."""
        # Imports the reactor, which must not be chosen before twistd has done so.
        from twisted.mail.smtp import SMTPClientError

        settings = self._settings
        try:
            _, answers = await _hand_in(settings, message(settings, alert).as_bytes())
        except (SMTPClientError, ConnectError, ConnectionLost, OSError) as error:
            raise AlertError(f"the mail server {settings.host} did not take it: {error}") from error
        for address, code, _ in answers:
            if not 200 <= code < 300:
                log.warn("the mail server does not take alerts for {address}: {code}", address=str(address), code=code)


def _hand_in(settings: MailSettings, content: bytes) -> Deferred[Any]:
    """Fires with how many recipients were accepted, and what was said to each; to cancel it ends the connection."""
    from twisted.internet.ssl import optionsForClientTLS, trustRootFromCertificates
    from twisted.mail import smtp

    reactor: Any = vars(smtp)["reactor"]

    def cancel(_: object) -> None:
        factory.sendFinished = True
        if factory.currentProtocol is not None:
            factory.currentProtocol.transport.abortConnection()
        else:
            connector.disconnect()

    done: Deferred[Any] = Deferred(cancel)
    trust = trustRootFromCertificates(_authorities(settings.ca)) if settings.ca else None
    # Without a context the client never says STARTTLS.
    context: Any = None if settings.tls == "none" else optionsForClientTLS(settings.host, trust)
    factory: Any = smtp.ESMTPSenderFactory(
        settings.user.encode(),
        settings.password.encode(),
        settings.sender,
        list(settings.to),
        BytesIO(content),
        done,
        # It is tried again by whoever sends alerts, after a while.
        retries=0,
        timeout=SILENCE_SECONDS,
        contextFactory=context,
        heloFallback=not settings.user,
        requireAuthentication=bool(settings.user),
        # RFC 8314, 3.3: with implicit TLS there is nothing left to ask for.
        requireTransportSecurity=settings.tls == "require" or (bool(settings.user) and settings.tls == "starttls"),
    )
    outer: Any = TLSMemoryBIOFactory(context, True, factory) if settings.tls == "implicit" else factory
    connector = reactor.connectTCP(settings.host, settings.port, outer)
    return done


def _authorities(path: str) -> list[Any]:
    """The certificates of a PEM file; AlertError when there is none."""
    from twisted.internet.ssl import Certificate

    try:
        with open(path, "rb") as file:
            found = [Certificate.loadPEM(pem) for pem in PEM.findall(file.read())]
    except (OSError, ValueError, OpenSSLError):
        found = []
    if not found:
        raise AlertError(f"alerts.delivery.email.ca: {path} has no certificate")
    return found


def message(settings: MailSettings, alert: Alert) -> EmailMessage:
    """The message; line ends in what an alert says do not get into its fields."""
    made = EmailMessage()
    state = alert.severity if alert.firing else "over"
    made["Subject"] = _line(f"[davd {state}] {alert.name}{f' on {alert.host}' if alert.host else ''}")
    made["From"] = settings.sender
    made["To"] = ", ".join(settings.to)
    made["Date"] = format_datetime(datetime.fromtimestamp(alert.at, UTC))
    made["Message-ID"] = make_msgid(domain=settings.sender.rpartition("@")[2])
    # RFC 3834, 5: "The Auto-Submitted field [...] SHOULD be used" so that nobody's holiday notice answers.
    made["Auto-Submitted"] = "auto-generated"
    since = datetime.fromtimestamp(alert.since, UTC).isoformat(timespec="seconds")
    made.set_content(f"{alert.sentence()}\n\nSince {since}.\n")
    return made


def _line(text: str) -> str:
    return "".join(sign if sign.isprintable() else " " for sign in text)


def make(section: Mapping[str, Any]) -> MailAlert:
    """From `[alerts.delivery.email]`; ValueError for wrong settings."""
    return MailAlert(msgspec.convert(section, MailSettings))
