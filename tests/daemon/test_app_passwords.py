"""App passwords of a server that runs: made, used and revoked beside it, in one process and in several.

Verifies: docs/operate/operate.md, App passwords; RFC 7617, 2
"""

from __future__ import annotations

import http.client
import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.daemon.twistd import PLAIN, SECONDS, Running, ask, basic, davctl

ADMIN = ["--admin", PLAIN]
PATH = "/files/admin/note"


def made(davd: Running, *words: str) -> dict[str, Any]:
    """An app password of `admin`, made by davctl."""
    done = davctl(davd.data, "app-password", "create", "admin", "--json", *words)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def kept(davd: Running) -> list[dict[str, Any]]:
    """The app passwords of `admin`, as davctl lists them."""
    done = davctl(davd.data, "app-password", "list", "admin", "--json")
    assert done.returncode == 0, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def statuses(davd: Running, login: dict[str, str], connections: list[http.client.HTTPConnection]) -> set[int]:
    """What connections that are open are answered, each twice."""
    return {ask(each, "GET", PATH, None, login).status for each in connections for _ in range(2)}


def api(davd: Running, method: str, path: str, content: Any = None) -> tuple[int, Any]:
    """A request to the JSON API."""
    found = re.fullmatch(r"http://(\S+):(\d+)/\S*", davd.admin)
    assert found is not None
    connection = http.client.HTTPConnection(found.group(1), int(found.group(2)), timeout=SECONDS)
    try:
        body = None if content is None else json.dumps(content).encode()
        answer = ask(connection, method, f"/api/v1{path}", body, davd.token())
        data: bytes = answer.content  # type: ignore[attr-defined]
        return answer.status, json.loads(data) if data else None
    finally:
        connection.close()


@pytest.mark.parametrize("words", [[], ["--workers", "2"]], ids=["alone", "workers"])
def test_made_and_revoked_while_the_server_runs(tmp_path: Path, words: list[str]) -> None:
    log = tmp_path / "access"
    config = f'[observe]\naccess_log = "{log}"\naccess_format = "json"\n'
    with Running(tmp_path, words=words, config=config) as davd:
        own = basic("admin", davd.password)
        assert davd.ask("PUT", PATH, b"x", own).status == 201
        phone, laptop = made(davd, "--label", "phone"), made(davd)
        device, other = basic("admin", phone["password"]), basic("admin", laptop["password"])
        # Enough of them that every worker has some, with what it remembers of log-ins and of answers.
        connections = [davd.connect() for _ in range(12)]
        for login in (device, other, own):
            assert statuses(davd, login, connections) == {200}
        done = davctl(davd.data, "app-password", "revoke", "admin", phone["id"])
        assert (done.returncode, done.stdout) == (0, f"revoked {phone['id']} (phone)\n")
        assert ask(connections[0], "GET", PATH, None, device).status == 401
        assert statuses(davd, device, connections[1:]) <= {401, 429}
        assert statuses(davd, other, connections) == {200}
        (left,) = kept(davd)
        assert left["id"] == laptop["id"] and left["last_used"] >= laptop["created"]
        for each in connections:
            each.close()
    rows = [json.loads(line) for line in log.read_text().splitlines()]
    assert {row["account"] for row in rows if row["status"] == 200} == {"admin"}
    assert sum(row["status"] == 200 for row in rows) == 4 * 24
    for password in (phone["password"], laptop["password"]):
        assert password[10:] not in log.read_text() + davd.log()


@pytest.mark.parametrize("words", [[], ["--workers", "2"]], ids=["alone", "workers"])
def test_by_the_json_api(tmp_path: Path, words: list[str]) -> None:
    config = "[authentication]\nmax_app_passwords = 2\n"
    with Running(tmp_path, words=[*ADMIN, *words], config=config) as davd:
        place = "/accounts/admin/app-passwords"
        status, phone = api(davd, "POST", place, {"label": "phone"})
        assert (status, phone["label"], phone["last_used"], phone["expired"]) == (201, "phone", None, False)
        status, brief = api(davd, "POST", place, {"expires": phone["created"] + 3600})
        assert (status, brief["expires"]) == (201, phone["created"] + 3600)
        status, refused = api(davd, "POST", place, {"label": "one more"})
        assert status == 409 and "max_app_passwords" in refused["error"]
        for wrong in ({"label": "x" * 101}, {"expires": 5}, {"expires": "soon"}, {"days": 5}, []):
            status, _ = api(davd, "POST", place, wrong)
            assert status in (409, 422)
        login = basic("admin", phone["password"])
        assert davd.ask("GET", "/files/admin/", None, login).status == 200
        status, told = api(davd, "GET", place)
        assert status == 200
        assert [set(one) for one in told["app_passwords"]] == [set(phone) - {"password"}] * 2
        assert [one["id"] for one in told["app_passwords"]] == [phone["id"], brief["id"]]
        assert api(davd, "DELETE", f"{place}/{phone['id']}") == (204, None)
        assert davd.ask("GET", "/files/admin/", None, login).status == 401
        assert api(davd, "DELETE", f"{place}/{phone['id']}")[0] == 404
        assert api(davd, "DELETE", place) == (200, {"revoked": 1})
        for method, path in (("GET", "/accounts/eve/app-passwords"), ("POST", "/accounts/eve/app-passwords")):
            assert api(davd, method, path, {} if method == "POST" else None)[0] == 404


@pytest.mark.parametrize("by", ["disabling", "removing"])
def test_they_end_with_the_account(tmp_path: Path, by: str) -> None:
    with Running(tmp_path, words=ADMIN) as davd:
        login = basic("admin", made(davd)["password"])
        connection = davd.connect()
        assert ask(connection, "GET", "/files/admin/", None, login).status == 200
        if by == "disabling":
            assert api(davd, "PATCH", "/accounts/admin", {"disabled": True})[0] == 200
        else:
            assert davctl(davd.data, "user", "remove", "admin").returncode == 0
        assert ask(connection, "GET", "/files/admin/", None, login).status == 401
        connection.close()


def test_an_app_password_is_no_account_s_own(tmp_path: Path) -> None:
    with Running(tmp_path, words=ADMIN) as davd:
        password = made(davd)["password"]
        status, refused = api(davd, "PUT", "/accounts/admin/password", {"password": password})
        assert status == 422 and "app password" in refused["error"]
        done = davctl(davd.data, "user", "passwd", "admin", "--password-file", "-", text=password)
        assert done.returncode == 1 and "app password" in done.stderr
