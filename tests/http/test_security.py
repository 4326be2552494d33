"""Headers that disarm content, and the guard against other sites.

Verifies: RFC 6454, 7; RFC 6797, 6.1, 7.2; RFC 6266, 4
"""

from __future__ import annotations

import pytest

from davd.http.security import SECURITY_HEADERS, cross_site, secured, stored_type

_OWN = frozenset(("dav.example", "dav.example:8443"))


class TestHeaders:
    """Verifies: RFC 6797, 6.1, 7.2; RFC 9111, 5.2.2"""

    @pytest.mark.parametrize("status", [200, 207, 304, 401, 404, 500])
    @pytest.mark.parametrize("tls", [True, False])
    def test_every_response_has_them(self, status: int, tls: bool) -> None:
        headers = secured({"ETag": '"a"'}, status, tls)
        assert headers.items() >= {**SECURITY_HEADERS, "ETag": '"a"'}.items()
        assert headers["Cache-Control"] == ("no-store" if status >= 400 else "private, no-cache")
        assert ("Strict-Transport-Security" in headers) is tls

    def test_what_the_response_says_itself_stays(self) -> None:
        own = {"Content-Security-Policy": "default-src 'none'; style-src 'self'"}
        assert secured(own, 200, True)["Content-Security-Policy"] == own["Content-Security-Policy"]
        assert secured({}, 200, True)["Content-Security-Policy"] == SECURITY_HEADERS["Content-Security-Policy"]


class TestStoredTypes:
    """Verifies: RFC 6266, 4; RFC 9110, 8.3"""

    @pytest.mark.parametrize(
        "content_type",
        ["text/html", "Text/HTML; charset=utf-8", "image/svg+xml", "application/xhtml+xml", "application/atom+xml"]
        + ["text/xml", "application/pdf", "text/javascript", "multipart/related; boundary=x", "message/rfc822"],
    )
    def test_script_capable(self, content_type: str) -> None:
        assert stored_type(content_type) == (content_type, True)

    @pytest.mark.parametrize("content_type", ["text/plain", "image/png", "text/calendar;charset=utf-8", "a/b"])
    def test_harmless(self, content_type: str) -> None:
        assert stored_type(content_type) == (content_type, False)

    @pytest.mark.parametrize("content_type", ["", "text", "text/html\r\nX: y", 'text/html;a="', "text/html, a/b"])
    def test_no_type(self, content_type: str) -> None:
        assert stored_type(content_type) == ("application/octet-stream", False)

    @pytest.mark.parametrize("content_type", ["*/*", "text/*", "unknown/unknown", "Application/Unknown; a=b"])
    def test_a_type_that_asks_to_be_guessed(self, content_type: str) -> None:
        assert stored_type(content_type) == ("application/octet-stream", False)


class TestCrossSite:
    """Verifies: RFC 6454, 7, 7.1"""

    @pytest.mark.parametrize(
        ("headers", "foreign"),
        [
            ({}, False),
            ({"sec-fetch-site": "same-origin"}, False),
            ({"sec-fetch-site": "none"}, False),
            ({"sec-fetch-site": "same-site"}, True),
            ({"sec-fetch-site": "cross-site"}, True),
            ({"sec-fetch-site": "Cross-Site", "origin": "https://dav.example"}, True),
            ({"sec-fetch-site": "odd"}, True),
            ({"origin": "https://dav.example"}, False),
            ({"origin": "HTTPS://DAV.example:443"}, False),
            ({"origin": "http://dav.example:80"}, False),
            ({"origin": "https://dav.example:8443"}, False),
            ({"origin": "https://dav.example:8444"}, True),
            ({"origin": "https://evil.example"}, True),
            ({"origin": "https://dav.example.evil.example"}, True),
            ({"origin": "null"}, True),
            ({"origin": ""}, True),
            ({"origin": "moz-extension://dav.example"}, True),
        ],
    )
    def test_state_changing_methods(self, headers: dict[str, str], foreign: bool) -> None:
        for method in ("PUT", "POST", "DELETE", "MKCOL", "MOVE", "LOCK", "X-UNKNOWN"):
            assert cross_site(headers, method, _OWN) is foreign

    def test_reading_is_left_to_the_browser(self) -> None:
        for method in ("GET", "HEAD", "OPTIONS", "PROPFIND", "REPORT"):
            assert not cross_site({"sec-fetch-site": "cross-site", "origin": "null"}, method, _OWN)
