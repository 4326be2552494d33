"""The admin plane of a running server: who gets in, and what it tells.

Verifies: docs/operate/monitoring.md, Admin plane, Health, Metrics, JSON API, Access log
"""

from __future__ import annotations

import http.client
import json
import re
import signal
import socket
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics
from prometheus_client.parser import text_string_to_metric_families as read_text

from davd.daemon.admin_plane import MOST_CONTENT
from davd.observe.alert_settings import AlertSettings
from davd.observe.metrics import names
from davd.observe.rules import rules_of
from tests.daemon.twistd import PLAIN, Running, ask, basic, davctl

PROPFIND = b'<propfind xmlns="DAV:"><prop><getetag/></prop></propfind>'


class Plane:
    """A client of the admin plane."""

    def __init__(self, davd: Running) -> None:
        match = re.fullmatch(r"http://localhost:(\d+)/", davd.admin)
        assert match is not None
        self.port = int(match.group(1))
        self.token = davd.token()

    def ask(self, method: str, path: str, body: Any = None, **fields: str) -> Any:
        """One request; the response with `.content`. Fields are given with underscores."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        headers = {name.replace("_", "-"): value for name, value in fields.items()}
        data = None if body is None else json.dumps(body).encode()
        try:
            return ask(connection, method, path, data, headers)
        finally:
            connection.close()

    def get(self, path: str) -> Any:
        """What a page says, as JSON."""
        response = self.ask("GET", path, **self.token)
        assert response.status == 200, response.content
        return json.loads(response.content)


@pytest.fixture(scope="module", params=[1, 2], ids=["alone", "workers"])
def davd(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Running]:
    """A running server with an admin plane and an access log, of one process or of two that serve."""
    folder = tmp_path_factory.mktemp("admin")
    config = f'[observe]\naccess_log = "{folder}/access"\n'
    with Running(folder, config=config, words=["--admin", "tcp:0", "--workers", str(request.param)]) as running:
        yield running


@pytest.fixture
def plane(davd: Running) -> Plane:
    """A client of its admin plane."""
    return Plane(davd)


class TestWhoGetsIn:
    """Verifies: docs/operate/monitoring.md, Admin plane"""

    def test_an_endpoint_without_an_interface_is_on_loopback(self, davd: Running) -> None:
        assert davd.admin.startswith("http://localhost:")
        assert (davd.data / "admin-token").stat().st_mode & 0o777 == 0o600
        assert "Bearer " + davctl(davd.data, "admin-token").stdout.strip() == davd.token()["Authorization"]

    def test_nobody_has_it_keep_more_than_a_page_wants(self, plane: Plane) -> None:
        """Verifies: RFC 9110, 15.5.14. Before it is known who asks, too, and whether a length is told or not."""
        content = b"token=" + b"a" * MOST_CONTENT
        for length, framed in (
            ("Content-Length: 100000000", content),
            ("Transfer-Encoding: chunked", b"%x\r\n%b\r\n" % (len(content), content)),
        ):
            with socket.create_connection(("127.0.0.1", plane.port), 30) as connection:
                fields = f"Host: elsewhere\r\nContent-Type: application/x-www-form-urlencoded\r\n{length}\r\n\r\n"
                connection.sendall(b"POST /login HTTP/1.1\r\n" + fields.encode() + framed)
                assert connection.makefile("rb").read().startswith(b"HTTP/1.1 413 ")
        client = http.client.HTTPConnection("127.0.0.1", plane.port, timeout=30)
        fits = "token=" + "a" * (MOST_CONTENT - len("token="))
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        assert ask(client, "POST", "/login", fits.encode(), form).status in (401, 429)
        client.close()

    def test_who_asked_is_logged_with_the_date(self, davd: Running, plane: Plane) -> None:
        assert plane.ask("GET", "/health/live?dated").status == 200
        (found,) = re.findall(r"\[(\S+) \+0000\] \"GET /health/live\?dated HTTP/1.1\" 200", davd.log())
        asked = datetime.strptime(found, "%d/%b/%Y:%H:%M:%S").replace(tzinfo=UTC)
        assert abs(datetime.now(UTC) - asked) < timedelta(minutes=5)

    def test_health_is_free_and_nothing_else(self, plane: Plane) -> None:
        for path in ("/health", "/health/live", "/health/ready"):
            assert plane.ask("GET", path).status == 200
        document = plane.get("/api/v1/openapi.json")
        for path, operations in document["paths"].items():
            for method, operation in operations.items():
                status = plane.ask(method.upper(), path.replace("{name}", "x")).status
                assert (status == 401) == (operation.get("security") != []), (method, path, status)

    def test_a_challenge_and_strict_headers(self, plane: Plane) -> None:
        response = plane.ask("GET", "/metrics")
        assert [field.split()[0] for field in response.headers.get_all("WWW-Authenticate")] == ["Bearer", "Basic"]
        assert "default-src 'none'" in response.headers["Content-Security-Policy"]
        assert "unsafe" not in response.headers["Content-Security-Policy"]
        assert response.headers["X-Content-Type-Options"] == "nosniff"

    def test_basic_with_the_token_as_password(self, plane: Plane) -> None:
        token = plane.token["Authorization"].removeprefix("Bearer ")
        assert plane.ask("GET", "/metrics", **basic("anybody", token)).status == 200
        assert plane.ask("GET", "/metrics", **basic("anybody", token + "x")).status == 401
        assert plane.ask("GET", "/metrics", Authorization="Basic %%%").status == 401
        assert plane.ask("GET", "/metrics", Authorization="Digest x").status == 401

    def test_other_names_and_other_sites_are_refused(self, plane: Plane) -> None:
        assert plane.ask("GET", "/health", Host="evil.example").status == 421
        refused = plane.ask("POST", "/api/v1/chores/sweep/run", Origin="http://evil.example", **plane.token)
        assert refused.status == 403
        refused = plane.ask("POST", "/api/v1/chores/sweep/run", Sec_Fetch_Site="cross-site", **plane.token)
        assert refused.status == 403

    def test_one_host_and_no_more_and_no_fewer(self, plane: Plane) -> None:
        """Verifies: RFC 9112, 3.2"""
        for version, fields, status in (
            ("1.1", ["Host: localhost"], 200),
            ("1.1", [], 400),
            ("1.1", ["Host: localhost", "Host: localhost"], 400),
            ("1.1", ["Host: localhost", "Host: evil.example"], 400),
            ("1.0", ["Host: localhost", "Host: localhost"], 400),
            ("1.0", [], 421),
        ):
            with socket.create_connection(("127.0.0.1", plane.port), 30) as connection:
                lines = [f"GET /health HTTP/{version}", *fields, "Connection: close", "", ""]
                connection.sendall("\r\n".join(lines).encode())
                assert int(connection.makefile("rb").read().split()[1]) == status, (version, fields)

    def test_a_browser_has_a_session_and_proves_that_a_page_of_ours_asks(self, plane: Plane) -> None:
        opened = plane.ask("POST", "/api/v1/session", **plane.token)
        cookie, csrf = opened.headers["Set-Cookie"], json.loads(opened.content)["csrf"]
        assert "HttpOnly" in cookie and "SameSite=Strict" in cookie
        value = {"Cookie": cookie.partition(";")[0]}
        assert json.loads(plane.ask("GET", "/api/v1/session", **value).content)["csrf"] == csrf
        run = "/api/v1/chores/sweep/run"
        assert plane.ask("POST", run, **value).status == 403
        assert plane.ask("POST", run, X_CSRF_Token=csrf + "x", **value).status == 403
        assert plane.ask("POST", run, X_CSRF_Token=csrf, **value).status == 200
        assert plane.ask("DELETE", "/api/v1/session", X_CSRF_Token=csrf, **value).status == 204
        assert plane.ask("GET", "/api/v1/session", **value).status == 401
        assert plane.ask("GET", "/api/v1/session", **plane.token).status == 404


class TestGuessing:
    """Verifies: docs/operate/monitoring.md, Admin plane"""

    def test_who_guesses_is_put_off_and_the_administrator_is_not(self, tmp_path: Path) -> None:
        with Running(tmp_path, words=["--admin", PLAIN]) as davd:
            plane = Plane(davd)
            found = [plane.ask("GET", "/metrics", Authorization="Bearer no") for _ in range(12)]
            assert [response.status for response in found] == [401] * 10 + [429] * 2
            assert int(found[-1].headers["Retry-After"]) > 0
            assert plane.ask("GET", "/metrics", **plane.token).status == 200


class TestMetrics:
    """Verifies: docs/operate/monitoring.md, Metrics"""

    def test_what_was_sent_is_what_is_told(self, davd: Running, plane: Plane) -> None:
        def counts() -> Counter[tuple[str, str, str]]:
            text = plane.ask("GET", "/metrics", **plane.token).content.decode()
            found: Counter[tuple[str, str, str]] = Counter()
            for family in read_text(text):
                for sample in family.samples:
                    if sample.name == "davd_requests_total":
                        labels = sample.labels
                        found[labels["method"], labels["class"], labels["status"]] = int(sample.value)
            return found

        login = basic("admin", davd.password)
        before = counts()
        connection = davd.connect()
        for number in range(5):
            ask(connection, "PUT", f"/files/admin/{number}", b"content", login)
            ask(connection, "GET", "/files/admin/0", None, login)
            ask(connection, "PROPFIND", "/files/admin/", PROPFIND, login | {"Depth": "1"})
        ask(connection, "GET", "/files/admin/", None, login)
        ask(connection, "BREW", "/", None, login)
        ask(connection, "BAKE", "/", None, login)
        ask(connection, "GET", "/files/admin/0")
        connection.close()
        assert counts() - before == {
            ("PUT", "high", "201"): 5,
            ("GET", "high", "200"): 5,
            ("PROPFIND", "normal", "207"): 5,
            ("GET", "low", "200"): 1,
            ("other", "normal", "501"): 2,
            ("GET", "critical", "401"): 1,
        }

    def test_both_formats_are_read_and_every_family_is_known(self, plane: Plane) -> None:
        told = plane.ask("GET", "/metrics", **plane.token)
        openly = plane.ask("GET", "/metrics", Accept="application/openmetrics-text", **plane.token)
        assert openly.headers["Content-Type"].startswith("application/openmetrics-text")
        first = {family.name: family for family in read_text(told.content.decode())}
        second = {family.name: family for family in read_openmetrics(openly.content.decode())}
        assert {name.removesuffix("_total") for name in first} == set(second)
        assert set(second) <= {name.removesuffix("_total") for name in names()}
        for name in ("davd_request_duration_seconds", "davd_store_commits", "davd_reactor_delay_seconds"):
            assert second[name].samples
        assert second["davd_connections_limit"].samples[0].value == 10_000
        assert {sample.labels["chore"] for sample in second["davd_chore_runs"].samples} >= {"sweep", "checkpoint"}
        histogram = second["davd_response_size_bytes"].samples
        assert len({sample.labels["method"] for sample in histogram}) <= 17

    def test_a_commit_and_its_bytes_are_seen(self, davd: Running, plane: Plane) -> None:
        def value(name: str, **labels: str) -> float:
            families = plane.get("/api/v1/metrics")["families"]
            (family,) = [family for family in families if family["name"] == name]
            return sum(
                sample["value"]
                for sample in family["samples"]
                if not sample["suffix"] and labels.items() <= sample["labels"].items()
            )

        before = value("davd_store_commits"), value("davd_request_content_bytes", method="PUT")
        davd.ask("PUT", "/files/admin/bytes", b"x" * 1000, basic("admin", davd.password))
        after = value("davd_store_commits"), value("davd_request_content_bytes", method="PUT")
        assert (after[0] - before[0], after[1] - before[1]) == (1, 1000)


class TestAPI:
    """Verifies: docs/operate/monitoring.md, JSON API"""

    def test_an_account_from_its_making_to_its_end(self, davd: Running, plane: Plane) -> None:
        accounts = "/api/v1/accounts"
        made = plane.ask("POST", accounts, {"name": "ann", "password": "long enough"}, **plane.token)
        assert (made.status, json.loads(made.content)["disabled"]) == (201, False)
        again = plane.ask("POST", accounts, {"name": "ann", "password": "long enough"}, **plane.token)
        assert (again.status, json.loads(again.content)) == (409, {"error": "there is an account ann already"})
        login = basic("ann", "long enough")
        assert davd.ask("PUT", "/files/ann/a", b"content", login).status == 201
        told = plane.get(accounts + "/ann")
        assert (told["name"], told["quota"]["used"]) == ("ann", 7)
        assert [account["name"] for account in plane.get(accounts)["accounts"]] == ["admin", "ann"]
        paths = [row["path"] for row in plane.get(accounts + "/ann/collections")["collections"]]
        assert "/files/ann/" in paths and "/calendars/ann/" in paths

        def change(**changes: Any) -> Any:
            return plane.ask("PATCH", accounts + "/ann", changes, **plane.token)

        assert json.loads(change(disabled=True).content)["disabled"] is True
        assert davd.ask("GET", "/files/ann/a", None, login).status == 401
        assert json.loads(change(disabled=False, quota=5, display_name="Ann").content)["quota"]["limit"] == 5
        assert davd.ask("GET", "/files/ann/a", None, login).status == 200
        assert davd.ask("PUT", "/files/ann/b", b"content", login).status == 507
        assert change(quota=-1).status == change(colour="red").status == 422
        assert change(quota=1 << 63).status == change(quota=1 << 80).status == 422
        assert json.loads(change(quota=(1 << 63) - 1).content)["quota"]["limit"] == (1 << 63) - 1
        password = plane.ask("PUT", accounts + "/ann/password", {"password": "another one"}, **plane.token)
        assert password.status == 204
        assert davd.ask("GET", "/files/ann/a", None, login).status == 401
        assert plane.ask("PUT", accounts + "/ann/password", {"password": "short"}, **plane.token).status == 422
        assert plane.ask("DELETE", accounts + "/ann?data=delete", **plane.token).status == 204
        assert plane.ask("GET", accounts + "/ann", **plane.token).status == 404

    def test_chores_are_told_and_done(self, plane: Plane) -> None:
        done = json.loads(plane.ask("POST", "/api/v1/chores/checkpoint/run", **plane.token).content)
        assert (done["name"], done["outcome"]) == ("checkpoint", "done")
        report = {chore["name"]: chore for chore in plane.get("/api/v1/chores")["chores"]}
        assert report["checkpoint"]["runs"] >= 1 and report["checkpoint"]["next_run"] > report["checkpoint"]["last_run"]
        assert plane.ask("POST", "/api/v1/chores/none/run", **plane.token).status == 404

    def test_the_other_pages(self, davd: Running, plane: Plane) -> None:
        davd.ask("GET", "/files/admin/", None, basic("admin", davd.password))
        # A busy machine may well have one in force.
        known = {rule.name for rule in rules_of(AlertSettings())}
        assert {alert["name"] for alert in plane.get("/api/v1/alerts")["alerts"]} <= known
        settings = {row["key"]: row["value"] for row in plane.get("/api/v1/configuration")["settings"]}
        assert settings["observe.access_log"].endswith("/access")
        assert plane.get("/api/v1/connections")["accepted"] >= 1
        assert plane.get("/api/v1/routes")["routes"][0]["cpu"] > 0
        assert "requests" in plane.get("/api/v1/history?signal=requests&since=0")["values"]
        assert plane.ask("GET", "/api/v1/history?signal=none", **plane.token).status == 422
        assert plane.ask("GET", "/api/v1/history?since=x", **plane.token).status == 422
        assert plane.get("/api/v1/statistics")["pool"]["in_flight"] == 0

    def test_ready_tells_of_each_part(self, plane: Plane) -> None:
        several = "workers" in plane.get("/api/v1/statistics")
        parts = ("workers", "staying") if several else ("store", "staying", "caches")
        assert json.loads(plane.ask("GET", "/health/ready").content) == {
            "status": "ok",
            "parts": dict.fromkeys(parts, True),
        }


class TestAccessLog:
    """Verifies: docs/operate/monitoring.md, Access log"""

    def test_each_request_has_its_line_and_moved_files_are_left(self, tmp_path: Path) -> None:
        config = f'[observe]\naccess_log = "{tmp_path}/access"\naccess_format = "json"\n'
        with Running(tmp_path, config=config) as davd:
            login = basic("admin", davd.password)
            connection = davd.connect()
            ask(connection, "PUT", "/files/admin/a", b"content", login)
            for _ in range(3):
                ask(connection, "GET", "/files/admin/a", None, login)
            ask(connection, "PROPFIND", "/files/admin/", PROPFIND, login | {"Depth": "1"})
            ask(connection, "GET", "/files/admin/%0aforged?secret=1")
            connection.close()
            (tmp_path / "access").rename(tmp_path / "moved")
            davd.process.send_signal(signal.SIGUSR1)
            davd.wait_for("log files opened again")
            davd.ask("GET", "/files/admin/after", None, login)
        lines = [json.loads(line) for line in (tmp_path / "moved").read_text().splitlines()]
        lines += [json.loads(line) for line in (tmp_path / "access").read_text().splitlines()]
        assert [(line["method"], line["path"], line["status"], line["account"]) for line in lines] == [
            ("PUT", "/files/admin/a", 201, "admin"),
            *[("GET", "/files/admin/a", 200, "admin")] * 3,
            ("PROPFIND", "/files/admin/", 207, "admin"),
            ("GET", "/files/admin/%0aforged", 401, ""),
            ("GET", "/files/admin/after", 404, "admin"),
        ]
        assert (lines[0]["received"], lines[4]["depth"], lines[4]["items"]) == (7, "1", 2)
        assert any(line["memory"] for line in lines[1:4])
        text = (tmp_path / "moved").read_text()
        assert davd.password not in text and login["Authorization"].split()[1] not in text and "secret" not in text
