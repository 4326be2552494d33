"""Pages for people.

Verifies: RFC 9110, 9.3.1; docs/architecture.md, Rules
"""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256

from lxml import html

from davd.dav import page
from davd.dav.exchange import Exchange
from davd.dav.registry import Extension, Method
from davd.http.response import Response
from davd.testing.exchange import Trial


async def _show(exchange: Exchange) -> Response:
    title = exchange.request.query
    table = page.table("A <caption>", "One & two")
    return Response(200, page.headers(), (page.head(exchange, title) + table + page.TABLE_END).encode() + page.TAIL)


def shown(path: str, title: str = ""):
    trial = Trial(Extension("toy", methods=[Method("SHOW", _show)]))
    trial.request("MKCOL", "/files/alice/a&b/")
    return html.document_fromstring(trial.read(trial.request("SHOW", f"{path}?{title}" if title else path)))


def test_it_leads_back():
    document = shown("/files/alice/a&b/")
    assert document.findtext("head/title") == document.findtext(".//h1/bdi") == "a&b"
    assert [link.get("href") for link in document.iter("a")] == ["/", "/files/", "/files/alice/"]
    assert shown("/").findtext(".//h1/bdi") == "Start"


def test_texts_are_texts():
    document = shown("/files/alice/a&b/", "<b>")
    assert document.findtext(".//h1/bdi") == "<b>"
    assert document.findtext(".//caption") == "A <caption>"
    assert [cell.text for cell in document.iter("th")] == ["One & two"]


def test_nothing_but_its_own_style_is_allowed():
    (style,) = re.findall(r"<style>(.*)</style>", html.tostring(shown("/")).decode(), re.DOTALL)
    digest = b64encode(sha256(style.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in page.POLICY
    assert "default-src 'none'" in page.POLICY and "script-src" not in page.POLICY
