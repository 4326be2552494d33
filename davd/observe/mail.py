"""Alerts as e-mail.

Implements: RFC 5321, 3; RFC 5322, 2.2, 3.6; RFC 3834, 5; docs/operate/monitoring.md, Alerts
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct
from twisted.internet.error import ConnectError, ConnectionLost
from zope.interface import implementer

from davd.interfaces.alert import AlertError, IAlert
from davd.model.alert import Alert


class MailSettings(Struct, forbid_unknown_fields=True, kw_only=True):
    """Where mail is handed in, and for whom.

    `tls` says how the connection is protected: `starttls` asks for it if the server has it, `require` insists, `none`
    never asks. `user` and `password` log in; then TLS is insisted on.
    """

    to: Annotated[list[str], Meta(min_length=1)]
    sender: str
    host: str = "localhost"
    port: Annotated[int, Meta(ge=1, le=65535)] = 25
    tls: str = "starttls"
    user: str = ""
    password: str = ""


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
        if settings.tls not in ("starttls", "require", "none"):
            raise AlertError("alerts.delivery.email.tls: expected starttls, require or none")

    async def stop(self) -> None:
        """Connections are not kept."""

    async def deliver(self, alert: Alert) -> None:
        """AlertError when the mail server does not take it for everybody."""
        # Imports the reactor, which must not be chosen before twistd has done so.
        from twisted.mail.smtp import SMTPClientError, sendmail

        settings = self._settings
        options: dict[str, Any] = {}
        if settings.user:
            options |= {"username": settings.user, "password": settings.password, "requireAuthentication": True}
        insist = settings.tls == "require" or (bool(settings.user) and settings.tls != "none")
        try:
            await sendmail(
                settings.host,
                settings.sender,
                settings.to,
                message(settings, alert).as_bytes(),
                port=settings.port,
                requireTransportSecurity=insist,
                **options,
            )
        except (SMTPClientError, ConnectError, ConnectionLost, OSError) as error:
            raise AlertError(f"the mail server {settings.host} did not take it: {error}") from error


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
