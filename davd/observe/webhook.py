"""Alerts as requests to a URL.

Implements: RFC 9110, 9.3.3; docs/operate/monitoring.md, Alerts
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import msgspec
import treq
from msgspec import Struct
from twisted.internet.defer import CancelledError
from zope.interface import implementer

from davd.interfaces.alert import AlertError, IAlert
from davd.model.alert import Alert


class WebhookSettings(Struct, forbid_unknown_fields=True, kw_only=True):
    """`url` is where the POST goes, `secret` signs it (`X-Davd-Signature: sha256=HMAC`), `headers` are sent along."""

    url: str
    secret: str = ""
    headers: dict[str, str] = {}


@implementer(IAlert)
class WebhookAlert:
    """Posts each alert as JSON: its fields, and `text` with all of it in a sentence, as chat programs want it."""

    name = "webhook"

    def __init__(self, settings: WebhookSettings, agent: Any = None) -> None:
        self._settings = settings
        self._agent = agent

    async def start(self) -> None:
        """AlertError unless the URL is one."""
        parts = urlsplit(self._settings.url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise AlertError("alerts.delivery.webhook.url: expected an http or https URL")

    async def stop(self) -> None:
        """Connections are not kept."""

    async def deliver(self, alert: Alert) -> None:
        """AlertError for any answer but a 2xx."""
        body = msgspec.json.encode({**msgspec.to_builtins(alert), "text": alert.sentence()})
        headers: dict[bytes | str, bytes | str] = {"Content-Type": "application/json"}
        headers["User-Agent"] = "davd"
        for name, value in self._settings.headers.items():
            headers[name] = value
        if self._settings.secret:
            digest = hmac.new(self._settings.secret.encode(), body, "sha256").hexdigest()
            headers["X-Davd-Signature"] = f"sha256={digest}"
        options: dict[str, Any] = {} if self._agent is None else {"agent": self._agent}
        try:
            response = await treq.post(
                self._settings.url, data=body, headers=headers, persistent=False, allow_redirects=False, **options
            )
            await treq.content(response)
        except CancelledError:
            raise
        except Exception as error:
            # Connections fail in many ways, each of which has a class of its own.
            raise AlertError(f"the webhook cannot be reached: {error}") from error
        if not 200 <= response.code < 300:
            raise AlertError(f"the webhook answered {response.code}")


def make(section: Mapping[str, Any]) -> WebhookAlert:
    """From `[alerts.delivery.webhook]`; ValueError for wrong settings."""
    return WebhookAlert(msgspec.convert(section, WebhookSettings))
