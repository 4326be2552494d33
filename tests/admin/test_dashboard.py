"""The dashboard's pages, as a running server sends them to a browser that runs no scripts.

Verifies: docs/operate/monitoring.md, Dashboard
"""

from __future__ import annotations

import http.client
import json
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

    def test_app_passwords_are_made_shown_once_and_revoked(self, visitor: Visitor, davd: Running) -> None:
        visitor.log_in()
        visitor.do("create", name="ola")
        made = visitor.do("app-password", of="ola", label="phone", days="30").content.decode()
        [password] = re.findall(r'id="new-password"[^>]*>([^<]+)<', made)
        assert davd.ask("GET", "/files/ola/", None, basic("ola", password)).status == 200
        page = visitor.ask("GET", "/?account=ola").content.decode()
        id = password[4:10]
        assert password not in page and f"app-{id}" in page and "phone" in page
        gone = visitor.do("revoke-app-password", of="ola", id=id).content.decode()
        assert "is revoked" in gone and "phone" not in gone
        assert davd.ask("GET", "/files/ola/", None, basic("ola", password)).status == 401
        for status, form in (
            (404, {"id": id}), (422, {"days": "0"}), (422, {"days": "3651"}), (422, {"days": "x"}),
            (422, {"label": "a\nb"}),
        ):  # fmt: skip
            refused = visitor.do("revoke-app-password" if "id" in form else "app-password", of="ola", **form)
            assert (refused.status, b"Not done" in refused.content) == (status, True)
        # Without scripts the whole page comes, with the notice.
        whole = visitor.ask("POST", "/do/app-password", {"of": "ola", "label": "laptop", "csrf": visitor.csrf})
        assert whole.status == 200 and len(html.fromstring(whole.content.decode()).xpath("//output")) == 1

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

    @pytest.mark.parametrize("query", ["account=nobody", "account=admin&trash_after=x"])
    def test_what_cannot_be_is_said_without_scripts_whatever_the_page_was_of(
        self, visitor: Visitor, query: str
    ) -> None:
        visitor.log_in()
        refused = visitor.ask("POST", f"/do/app-password?{query}", {"of": "nobody", "csrf": visitor.csrf})
        assert (refused.status, b"Not done: " in refused.content) == (404, True)
        [place] = html.fromstring(refused.content.decode()).xpath("//section[@id='account']")
        assert place.get("hidden") is not None

    def test_deleted_is_deleted(self, visitor: Visitor) -> None:
        visitor.log_in()
        visitor.do("create", name="tom")
        visitor.do("delete", of="tom", sure="yes", data="delete")
        assert visitor.ask("GET", "/panel/account?account=tom").status == 404


class TestWhatAnAccountHas:
    """Verifies: docs/operate/monitoring.md, Dashboard; docs/operate/backup.md, The trash"""

    def test_what_is_made_and_removed_is_in_the_trash_with_a_harmless_name(self, visitor: Visitor) -> None:
        visitor.log_in()
        made = visitor.do("collection-create", of="admin", kind="calendar", display_name=HOSTILE, name="x")
        assert made.status == 200
        page = html.fromstring(made.content.decode())
        assert "<script>alert" not in made.content.decode() and "\u202e" not in page.text_content()
        [row] = [row for row in page.xpath("//section[@id='collections']//tbody/tr") if "/x/" in row.text_content()]
        [id] = row.xpath(".//form[@action='/do/collection-remove']//input[@name='id']/@value")
        assert visitor.do("collection-remove", of="admin", id=id).status == 422
        gone = visitor.do("collection-remove", of="admin", id=id, sure="yes")
        assert b"It is removed, and is in the trash." in gone.content
        page = html.fromstring(gone.content.decode())
        [entry] = page.xpath("//section[@id='trash']//input[@name='id']/@value")
        assert visitor.do("trash-purge", of="admin", id=entry).status == 422
        assert b"It is back" in visitor.do("trash-restore", of="admin", id=entry).content

    def test_what_cannot_be_is_said(self, visitor: Visitor) -> None:
        visitor.log_in()
        for action, form, status in (
            ("collection-create", {"of": "admin", "kind": "brewery"}, 422),
            ("collection-create", {"of": "nobody", "kind": "calendar"}, 404),
            ("collection-rename", {"of": "admin", "id": "1"}, 404),
            ("collection-rename", {"of": "admin", "id": "x"}, 422),
            ("trash-restore", {"of": "admin"}, 422),
            ("trash-restore", {"of": "admin", "id": "9" * 30}, 422),
            ("trash-empty", {"of": "admin"}, 422),
        ):
            refused = visitor.do(action, **form)
            assert (refused.status, b"Not done: " in refused.content) == (status, True), action
        for path in (
            "/panel/trash?account=admin&trash_after=x",
            "/panel/collections?account=admin&collections_after=x",
        ):
            assert visitor.ask("GET", path).status == 422
        assert visitor.ask("POST", "/do/trash-empty", {"of": "admin", "sure": "yes"}).status == 403


class TestProgramsInterface:
    """Verifies: docs/operate/monitoring.md, JSON API"""

    def ask(self, visitor: Visitor, method: str, path: str, content: Any = None) -> tuple[int, Any]:
        """Status and JSON of a request by the token."""
        connection = http.client.HTTPConnection("127.0.0.1", visitor.plane.port, timeout=30)
        body = None if content is None else json.dumps(content)
        connection.request(method, f"/api/v1/accounts/admin/{path}", body, visitor.plane.token)
        response = connection.getresponse()
        found = response.read()
        connection.close()
        return response.status, json.loads(found) if found else None

    def test_collections_and_the_trash(self, visitor: Visitor) -> None:
        status, made = self.ask(visitor, "POST", "collections", {"kind": "addressbook", "display_name": "Büro"})
        assert (status, made["path"], made["members"]) == (201, "/addressbooks/admin/buro/", 0)
        one = f"collections/{made['id']}"
        assert self.ask(visitor, "PATCH", one, {"display_name": "Office"})[1]["display_name"] == "Office"
        status, page = self.ask(visitor, "GET", "collections?limit=1")
        assert status == 200, page
        assert [each["path"] for each in page["collections"]] == ["/addressbooks/admin/"] == [page["next"]]
        status, page = self.ask(visitor, "GET", f"collections?limit=1&after={quote(page['next'])}")
        assert page["collections"][0]["display_name"] == "Office"
        status, removed = self.ask(visitor, "DELETE", one)
        assert status == 200 and self.ask(visitor, "GET", one)[0] == 404
        entry = f"trash/{removed['trash']}"
        assert self.ask(visitor, "GET", entry)[1]["name"] == "buro"
        found = self.ask(visitor, "GET", "trash?find=BUR&limit=5")[1]
        assert [each["id"] for each in found["entries"]] == [removed["trash"]] and found["next"] is None
        restored = self.ask(visitor, "POST", "trash/restore", {"ids": [removed["trash"]]})[1]["restored"]
        assert restored == [{"id": removed["trash"], "path": "/addressbooks/admin/buro"}]
        for number in range(3):
            made = self.ask(visitor, "POST", "collections", {"kind": "calendar", "name": f"c{number}"})[1]
            self.ask(visitor, "DELETE", f"collections/{made['id']}")
        first, second, *_ = self.ask(visitor, "GET", "trash?find=c")[1]["entries"]
        assert self.ask(visitor, "DELETE", f"trash/{first['id']}")[0] == 204
        assert self.ask(visitor, "DELETE", f"trash/{first['id']}")[0] == 404
        assert self.ask(visitor, "POST", "trash/purge", {"ids": [second["id"]]}) == (200, {"removed": 1})
        assert self.ask(visitor, "DELETE", "trash")[1]["removed"] >= 1

    @pytest.mark.parametrize(
        ("method", "path", "content", "status"),
        [
            ("GET", "trash?limit=0", None, 422),
            ("GET", "trash?before=-1", None, 422),
            ("GET", "trash/x", None, 404),
            ("GET", "trash/" + "9" * 40, None, 404),
            ("POST", "trash/restore", {"ids": []}, 422),
            ("POST", "trash/restore", {"ids": [1], "force": True}, 422),
            ("GET", "collections?limit=1000", None, 422),
            ("POST", "collections", {"kind": "calendar", "name": "../x"}, 422),
            ("DELETE", "collections/1", None, 404),
        ],
    )
    def test_what_cannot_be_is_said(self, visitor: Visitor, method: str, path: str, content: Any, status: int) -> None:
        told, error = self.ask(visitor, method, path, content)
        assert (told, bool(error["error"])) == (status, True)

    def test_content_that_is_no_text_is_refused(self, visitor: Visitor) -> None:
        """Verifies: RFC 8259, 8.1; RFC 9110, 15.5.1"""
        connection = http.client.HTTPConnection("127.0.0.1", visitor.plane.port, timeout=30)
        content = b'{"kind": "calendar", "display_name": "\xff"}'
        connection.request("POST", "/api/v1/accounts/admin/collections", content, visitor.plane.token)
        response = connection.getresponse()
        assert (response.status, "UTF-8" in json.loads(response.read())["error"]) == (400, True)
        connection.close()


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
