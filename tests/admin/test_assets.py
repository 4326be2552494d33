"""The files of the dashboard.

Verifies: RFC 9110, 13.1.2; RFC 8246, 2; docs/operate/monitoring.md, Dashboard
"""

from __future__ import annotations

import re
from importlib.resources import files

from twisted.web.server import Request
from twisted.web.test.requesthelper import DummyChannel

from davd.admin.assets import NAMES, Assets


def request(**fields: str) -> Request:
    """A GET with these fields."""
    found = Request(DummyChannel(), False)
    found.method = b"GET"
    for name, value in fields.items():
        found.requestHeaders.setRawHeaders(name.replace("_", "-"), [value])
    return found


def field(asked: Request, name: str) -> str:
    """A field of the answer."""
    return (asked.responseHeaders.getRawHeaders(name) or [""])[0]


class TestAssets:
    """Verifies: RFC 8246, 2; docs/operate/monitoring.md, Dashboard"""

    def test_each_file_is_there_for_ever_under_its_digest(self) -> None:
        assets = Assets()
        for name in NAMES:
            asked = request()
            content = assets.answer(asked, assets.url(name).removeprefix("/static/"))
            assert content == files("davd.admin").joinpath("static", name).read_bytes()
            assert "immutable" in field(asked, "Cache-Control")
            assert field(asked, "Content-Type")

    def test_by_its_name_alone_it_is_asked_for_again(self) -> None:
        asked = request()
        assert Assets().answer(asked, "dashboard.css")
        assert field(asked, "Cache-Control") == "no-cache"

    def test_whoever_has_it_is_told_so(self) -> None:
        asked = request()
        Assets().answer(asked, "dashboard.js")
        again = request(If_None_Match=str(asked.etag, "ascii"))
        assert Assets().answer(again, "dashboard.js") == b""
        assert again.code == 304
        other = request(If_None_Match='"other"')
        assert Assets().answer(other, "dashboard.js")

    def test_nothing_else_is_there(self) -> None:
        assets = Assets()
        digest = assets.url("dashboard.css").split("/")[2]
        for path in ("", "x", f"{digest}/dashboard.js", "0/dashboard.css", "../plane.py", f"{digest}/../plane.py"):
            assert assets.answer(request(), path) is None

    def test_every_vendored_file_has_its_licence_beside_it(self) -> None:
        for name in (name for name in NAMES if name.startswith("vendor/") and not name.endswith("LICENSE")):
            library = re.split(r"[./]", name)[1]
            assert f"vendor/{library}.LICENSE" in NAMES

    def test_our_own_need_nothing_that_the_policy_refuses(self) -> None:
        for name in ("dashboard.js", "dashboard.css"):
            text = files("davd.admin").joinpath("static", name).read_text()
            assert not re.search(r"eval\(|new Function|innerHTML =|https?://|@import|url\(", text)
