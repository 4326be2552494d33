"""The WebSocket of a running server: who may open it, what it tells, how it ends; plain and by TLS.

Verifies: RFC 6455, 4.2.2, 7.4.1, 10.2; docs/operate/monitoring.md, Dashboard
"""

from __future__ import annotations

import json
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, CloseConnection, Ping, RejectConnection, Request, TextMessage

from davd.admin.live import MOST_STREAMS
from davd.admin.socket_page import foreign
from tests.daemon.test_admin_plane import Plane
from tests.daemon.twistd import Running

SECONDS = 30


class TestOrigin:
    """Verifies: RFC 6455, 10.2"""

    def test_a_page_of_ours(self) -> None:
        for host, origin in (
            ("localhost:8444", "http://localhost:8444"),
            ("davd.example", "https://davd.example"),
            ("[::1]:8444", "https://[::1]:8444"),
        ):
            assert not foreign({"host": host, "origin": origin}, True), origin
            assert not foreign({"host": host, "origin": origin, "sec-fetch-site": "same-origin"}, True)

    @pytest.mark.parametrize(
        "origin",
        [
            "http://evil.example",
            "http://localhost",
            "http://localhost:8443",
            "http://localhost:8444.evil.example",
            "http://localhost:8444@evil.example",
            "file://",
            "null",
            "",
        ],
    )
    def test_a_page_of_others(self, origin: str) -> None:
        for by_session in (True, False):
            assert foreign({"host": "localhost:8444", "origin": origin}, by_session)
            assert foreign({"host": "localhost:8444", "origin": origin, "sec-fetch-site": "same-origin"}, by_session)

    def test_what_the_browser_says_itself_has_to_agree(self) -> None:
        ours = {"host": "localhost", "origin": "http://localhost"}
        assert foreign(ours | {"sec-fetch-site": "cross-site"}, True)
        assert foreign(ours | {"sec-fetch-site": "same-site"}, True)

    def test_without_an_origin_the_token_is_needed(self) -> None:
        assert foreign({"host": "localhost"}, True)
        assert not foreign({"host": "localhost"}, False)


@pytest.fixture(scope="module")
def davd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A running server with an admin plane."""
    with Running(tmp_path_factory.mktemp("socket"), config="[observe]\n", words=["--admin", "tcp:0"]) as running:
        yield running


class Browser:
    """A client with a WebSocket; `status` is that of the answer to its handshake."""

    def __init__(self, davd: Running, context: ssl.SSLContext | None = None, **fields: str) -> None:
        place = urlsplit(davd.admin)
        assert place.port is not None
        self._socket: socket.socket = socket.create_connection(("127.0.0.1", place.port), SECONDS)
        if context is not None:
            self._socket = context.wrap_socket(self._socket, server_hostname="localhost")
        self._end = WSConnection(ConnectionType.CLIENT)
        headers = [(name.replace("_", "-").encode(), value.encode()) for name, value in fields.items()]
        opening = Request(host=f"localhost:{place.port}", target="/live/ws", extra_headers=headers)
        self._socket.sendall(self._end.send(opening))
        self.status = 0
        self.code = 0
        self.texts: list[str] = []
        while not self.status:
            self.read()

    def read(self, answering: bool = True) -> None:
        """Take what comes next; Pings are answered."""
        data = self._socket.recv(65536)
        self._end.receive_data(data or None)
        piece = ""
        for event in self._end.events():
            if isinstance(event, AcceptConnection):
                self.status = 101
            elif isinstance(event, RejectConnection):
                self.status = event.status_code
            elif isinstance(event, TextMessage):
                piece += event.data
                self.texts.append(event.data)
            elif isinstance(event, Ping) and answering:
                self._socket.sendall(self._end.send(event.response()))
            elif isinstance(event, CloseConnection) and not self.code:
                self.code = int(event.code)
                if data:
                    self._socket.sendall(self._end.send(event.response()))

    def message(self) -> dict[str, object]:
        """The first message."""
        while True:
            try:
                told: dict[str, object] = json.loads("".join(self.texts))
                return told
            except ValueError:
                self.read()

    def until_closed(self) -> int:
        """The code of the server's farewell."""
        while not self.code:
            self.read()
        return self.code

    def close(self) -> None:
        """Go without a word."""
        self._socket.close()


def cookie(plane: Plane) -> str:
    """The Cookie field of a new session."""
    opened = plane.ask("POST", "/api/v1/session", **plane.token)
    return str(opened.headers["Set-Cookie"].partition(";")[0])


class TestSocket:
    """Verifies: RFC 6455, 4.2.2, 10.2; docs/operate/monitoring.md, Dashboard"""

    def test_it_tells_what_the_events_tell(self, davd: Running) -> None:
        plane = Plane(davd)
        browser = Browser(davd, Cookie=cookie(plane), Origin=f"http://localhost:{plane.port}")
        told = browser.message()
        assert sorted(told) == ["at", "parts", "values"]
        parts = told["parts"]
        assert isinstance(parts, dict) and {"tiles", "workers", "chores"} <= set(parts)
        browser.close()

    def test_programs_come_with_the_token(self, davd: Running) -> None:
        browser = Browser(davd, **Plane(davd).token)
        assert browser.status == 101
        browser.close()

    def test_others_do_not_get_in(self, davd: Running) -> None:
        plane = Plane(davd)
        session = cookie(plane)
        for fields, status in (
            ({}, 401),
            ({"Cookie": session}, 403),
            ({"Cookie": session, "Origin": "http://evil.example"}, 403),
            ({"Cookie": session, "Origin": "http://localhost:1"}, 403),
            ({"Cookie": "davd_admin=x", "Origin": f"http://localhost:{plane.port}"}, 401),
            ({"Authorization": "Bearer wrong"}, 401),
        ):
            browser = Browser(davd, **fields)
            assert browser.status == status, fields
            browser.close()

    def test_a_plain_request_is_told_what_is_needed(self, davd: Running) -> None:
        plane = Plane(davd)
        answer = plane.ask("GET", "/live/ws", **plane.token)
        assert (answer.status, answer.headers["Upgrade"]) == (426, "websocket")

    def test_it_ends_with_the_session(self, davd: Running) -> None:
        plane = Plane(davd)
        opened = plane.ask("POST", "/api/v1/session", **plane.token)
        value, csrf = opened.headers["Set-Cookie"].partition(";")[0], json.loads(opened.content)["csrf"]
        browser = Browser(davd, Cookie=value, Origin=f"http://localhost:{plane.port}")
        browser.message()
        assert plane.ask("DELETE", "/api/v1/session", Cookie=value, X_CSRF_Token=csrf).status == 204
        assert browser.until_closed() == 1008

    def test_places_are_counted_and_given_back(self, davd: Running) -> None:
        token = Plane(davd).token
        for _ in range(2):
            browsers: list[Browser] = []
            # A place may just be being given back.
            while len(browsers) < MOST_STREAMS:
                browser = Browser(davd, **token)
                if browser.status == 101:
                    browsers.append(browser)
                else:
                    browser.close()
            refused = Browser(davd, **token)
            assert refused.status == 503
            for browser in [*browsers, refused]:
                browser.close()


class TestEnd:
    """Verifies: RFC 6455, 7.4.1"""

    @pytest.mark.parametrize("endpoint", ["tcp:0", "ssl:0"])
    def test_the_end_of_the_server_is_told(self, tmp_path: Path, endpoint: str) -> None:
        with Running(tmp_path, config="[observe]\n", words=["--admin", endpoint]) as davd:
            context = None
            if endpoint == "ssl:0":
                context = ssl.create_default_context(cafile=str(davd.data / "certificate.pem"))
                context.check_hostname = False
            port = urlsplit(davd.admin).port
            browser = Browser(davd, context, **davd.token(), Origin=f"{davd.admin[:-1]}")
            assert (browser.status, port is not None) == (101, True)
            browser.message()
            davd.process.terminate()
            assert browser.until_closed() == 1001
            assert davd.process.wait(60) == 0
