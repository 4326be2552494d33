"""The dashboard's pages, as a running server sends them to a browser that runs no scripts.

Verifies: docs/operate/monitoring.md, Dashboard
"""

from __future__ import annotations

import http.client
import re
import socket
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from lxml import html

from davd.admin.live import MOST_STREAMS
from tests.daemon.test_admin_plane import Plane
from tests.daemon.twistd import Running, basic

HOSTILE = "<script>alert(1)</script>\u202e\"'&"


@pytest.fixture(scope="module")
def davd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A running server with an admin plane, and a secret in its settings."""
    folder = tmp_path_factory.mktemp("pages")
    config = '[caches]\nredis = "redis://:hidden-word@127.0.0.1:1/0"\n'
    with Running(folder, config=config, words=["--admin", "tcp:0"]) as running:
        yield running


class Visitor:
    """A browser without scripts: it keeps its cookie, and sends forms as they stand in pages."""

    def __init__(self, davd: Running) -> None:
        self.plane = Plane(davd)
        self.fields: dict[str, str] = {}
        self.csrf = ""

    def ask(self, method: str, path: str, form: dict[str, str] | None = None, **fields: str) -> Any:
        """One request; the response with `.content`."""
        connection = http.client.HTTPConnection("127.0.0.1", self.plane.port, timeout=30)
        headers = self.fields | {name.replace("_", "-"): value for name, value in fields.items()}
        if form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        connection.request(method, path, None if form is None else urlencode(form), headers)
        response: Any = connection.getresponse()
        response.content = response.read()
        connection.close()
        return response

    def log_in(self) -> html.HtmlElement:
        """The dashboard."""
        token = self.plane.token["Authorization"].removeprefix("Bearer ")
        answer = self.ask("POST", "/login", {"token": token})
        assert (answer.status, answer.headers["Location"]) == (303, "/")
        self.fields["Cookie"] = answer.headers["Set-Cookie"].partition(";")[0]
        page = html.fromstring(self.ask("GET", "/").content.decode())
        self.csrf = page.get("data-csrf") or page.find(".//body").get("data-csrf")
        return page

    def do(self, action: str, **form: str) -> Any:
        """Send a form of the dashboard as htmx does."""
        return self.ask("POST", f"/do/{action}", form, HX_Request="true", X_CSRF_Token=self.csrf)


@pytest.fixture
def visitor(davd: Running) -> Visitor:
    """Somebody who is not logged in."""
    return Visitor(davd)


class TestLogIn:
    """Verifies: docs/operate/monitoring.md, Dashboard"""

    def test_the_page_leads_to_the_form_and_its_pieces_say_401_without_a_dialogue(self, visitor: Visitor) -> None:
        assert visitor.ask("GET", "/").headers["Location"] == "/login"
        for path, field in (("/events", {"Accept": "text/event-stream"}), ("/panel/accounts", {"HX_Request": "true"})):
            refused = visitor.ask("GET", path, **field)
            assert (refused.status, refused.headers["WWW-Authenticate"]) == (401, 'Bearer realm="davd admin"')
            assert refused.headers["HX-Redirect"] == "/login"
        assert visitor.ask("POST", "/do/run", {"of": "sweep"}).status == 401

    def test_a_wrong_token_is_refused(self, visitor: Visitor) -> None:
        refused = visitor.ask("POST", "/login", {"token": "wrong\ud7ff"})
        assert refused.status == 401 and b"That is not the token." in refused.content
        assert "Set-Cookie" not in refused.headers
        assert visitor.ask("POST", "/login", {"token": "x"}, Sec_Fetch_Site="cross-site").status == 403
        assert visitor.ask("POST", "/login", {"token": "x"}, Origin="http://evil.example").status == 403

    def test_what_changes_something_needs_the_value_of_the_session(self, visitor: Visitor) -> None:
        visitor.log_in()
        assert visitor.ask("POST", "/do/run", {"of": "sweep"}).status == 403
        assert visitor.ask("POST", "/do/run", {"of": "sweep", "csrf": "x"}).status == 403
        assert visitor.ask("POST", "/do/run", {"of": "sweep", "csrf": visitor.csrf}).status == 200
        assert visitor.ask("POST", "/logout", {"csrf": visitor.csrf}).headers["Location"] == "/login"
        assert visitor.ask("GET", "/").status == 303


class TestPage:
    """Verifies: docs/operate/monitoring.md, Dashboard"""

    def test_it_has_everything_and_keeps_to_its_policy(self, visitor: Visitor) -> None:
        page = visitor.log_in()
        sections = {section.get("id") for section in page.iter("section")}
        assert sections >= {"now", "curves", "alerts", "queue", "caches", "connections", "workers", "routes"}
        assert sections >= {"consumers", "chores", "accounts", "configuration"}
        assert page.xpath("//script[not(@src)] | //style | //*[@style] | //@*[starts-with(name(), 'on')]") == []
        for place in page.xpath("//script/@src | //link/@href | //img/@src"):
            assert visitor.ask("GET", place).status == 200

    def test_settings_have_origins_and_no_secret(self, visitor: Visitor) -> None:
        page = visitor.log_in()
        rows = {
            row.find("th/code").text_content(): row for row in page.xpath("//section[@id='configuration']//tbody/tr")
        }
        told = rows["caches.redis"].text_content()
        assert "redis://:***@127.0.0.1:1/0" in told and "davd.toml" in told
        assert "default" in rows["pool.max_queue_size"].text_content()
        assert "hidden-word" not in html.tostring(page).decode()

    def test_names_and_paths_of_others_do_no_harm(self, visitor: Visitor, davd: Running) -> None:
        visitor.log_in()
        assert visitor.do("create", name="lea", display_name=HOSTILE, email=f"{HOSTILE}@x").status == 200
        connection = davd.connect()
        connection.request(
            "MKCOL", "/files/admin/" + quote(HOSTILE.replace("/", "")), headers=basic("admin", davd.password)
        )
        assert connection.getresponse().status == 201
        connection.close()
        assert visitor.do("create", name=HOSTILE).status == 422
        for path in (
            "/?account=lea",
            "/?account=admin",
            f"/?find={quote(HOSTILE)}",
            f"/panel/accounts?find={quote(HOSTILE)}",
        ):
            answer = visitor.ask("GET", path)
            assert answer.status == 200
            text = answer.content.decode()
            page = html.fromstring(text)
            assert "<script>alert" not in text and "\u202e" not in page.text_content()
            assert page.xpath("//script[not(@src)]") == []
        assert r"&lt;script&gt;alert(1)&lt;/script&gt;\u202e" in text
        refused = visitor.ask("GET", f"/?account={quote(HOSTILE)}")
        assert (refused.status, refused.headers["Content-Type"]) == (404, "text/plain; charset=utf-8")


class TestDoing:
    """Verifies: docs/operate/monitoring.md, Dashboard"""

    def test_passwords_are_shown_once(self, visitor: Visitor) -> None:
        visitor.log_in()
        made = visitor.do("create", name="noor").content.decode()
        [password] = re.findall(r'id="new-password"[^>]*>([^<]+)<', made)
        again = visitor.do("password", of="noor").content.decode()
        assert password not in again
        assert password not in visitor.ask("GET", "/?account=noor").content.decode()

    def test_what_cannot_be_is_said(self, visitor: Visitor) -> None:
        visitor.log_in()
        for action, form, status in (
            ("run", {"of": "nothing"}, 404),
            ("disable", {"of": "nobody"}, 404),
            ("quota", {"of": "admin", "quota": "nan"}, 422),
            ("quota", {"of": "admin", "quota": "-1"}, 422),
            ("delete", {"of": "admin"}, 422),
            ("brew", {"of": "admin"}, 404),
        ):
            refused = visitor.do(action, **form)
            assert (refused.status, b"Not done: " in refused.content) == (status, True), action

    def test_deleted_is_deleted(self, visitor: Visitor) -> None:
        visitor.log_in()
        visitor.do("create", name="tom")
        visitor.do("delete", of="tom", sure="yes", data="delete")
        assert visitor.ask("GET", "/panel/account?account=tom").status == 404


class TestEvents:
    """Verifies: docs/operate/monitoring.md, Dashboard"""

    def test_streams_are_counted_and_given_back(self, visitor: Visitor) -> None:
        visitor.log_in()
        line = f"GET /events HTTP/1.1\r\nHost: localhost\r\nCookie: {visitor.fields['Cookie']}\r\n\r\n".encode()
        for _ in range(2):
            streams = [opened(visitor.plane.port, line) for _ in range(MOST_STREAMS)]
            assert visitor.ask("GET", "/events").status == 503
            for stream in streams:
                stream.close()


def opened(port: int, line: bytes) -> socket.socket:
    """A stream that has told its first event; while a place is just being given back, it is asked for again."""
    while True:
        stream = socket.create_connection(("127.0.0.1", port), 30)
        stream.sendall(line)
        head = until(stream, b"\r\n\r\n")
        if head.startswith(b"HTTP/1.1 200"):
            assert b"event: look" in head or until(stream, b"event: look")
            return stream
        stream.close()


def until(stream: socket.socket, text: bytes) -> bytes:
    """What comes up to and with a text."""
    found = b""
    while text not in found:
        more = stream.recv(65536)
        assert more, found
        found += more
    return found
