"""Alerts as requests.

Verifies: docs/operate/monitoring.md, Alerts
"""

from __future__ import annotations

import hmac
import json
from typing import Any

from twisted.internet import reactor
from twisted.trial.unittest import TestCase
from twisted.web.resource import Resource
from twisted.web.server import Site

from davd.interfaces.alert import AlertError
from davd.observe.webhook import WebhookAlert, make
from davd.testing.alert_conformance import FIRING, AlertConformance


class Hook(Resource):
    """The other end."""

    isLeaf = True

    def __init__(self) -> None:
        super().__init__()
        self.status = 204
        self.requests: list[tuple[dict[str, str], bytes]] = []

    def render_POST(self, request: Any) -> bytes:
        fields = {
            name.decode().lower(): values[0].decode() for name, values in request.requestHeaders.getAllRawHeaders()
        }
        self.requests.append((fields, request.content.read()))
        request.setResponseCode(self.status)
        return b""


class WebhookAlertTests(AlertConformance, TestCase):
    """Verifies: docs/operate/monitoring.md, Alerts"""

    def setUp(self) -> None:
        self.hook = Hook()
        listening: Any = reactor
        self.port = listening.listenTCP(0, Site(self.hook), interface="127.0.0.1")
        self.addCleanup(self.port.stopListening)
        self.url = f"http://127.0.0.1:{self.port.getHost().port}/hook"

    def make_alert(self) -> WebhookAlert:
        return make({"url": self.url, "secret": "key", "headers": {"X-Room": "ops"}})

    def make_broken(self) -> WebhookAlert:
        self.hook.status = 500
        return make({"url": self.url})

    def told(self) -> list[str]:
        return [body.decode() for _, body in self.hook.requests]

    async def test_what_arrives(self) -> None:
        await self.make_alert().deliver(FIRING)
        ((fields, body),) = self.hook.requests
        self.assertEqual(fields["x-davd-signature"], "sha256=" + hmac.new(b"key", body, "sha256").hexdigest())
        self.assertEqual((fields["content-type"], fields["x-room"]), ("application/json", "ops"))
        told = json.loads(body)
        self.assertEqual((told["name"], told["firing"], told["text"]), ("DiskSpace", True, FIRING.sentence()))

    async def test_nobody_is_there(self) -> None:
        await self.port.stopListening()
        with self.assertRaises(AlertError):
            await self.make_alert().deliver(FIRING)

    async def test_wrong_settings(self) -> None:
        for section in ({}, {"url": 1}, {"url": "http://x", "colour": "red"}):
            self.assertRaises(ValueError, make, section)
        with self.assertRaises(AlertError):
            await make({"url": "ftp://example.com/"}).start()
