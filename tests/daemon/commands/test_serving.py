"""The commands that speak to a running davd: `status`, `reload`, `restart`, `config show --running`, `check-config`.

Verifies: docs/operate/davctl.md, What holds for all commands
"""

from __future__ import annotations

import json
import re
import threading
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.daemon import script
from tests.daemon.commands.test_json import EVENT, checked
from tests.daemon.twistd import Running, ask, basic, davctl, run

CONFIG = "[net]\nserver = 'one'\n[admin]\n"


def words(running: Running, *more: str) -> list[str]:
    return [script("davctl"), "--config", str(running.folder / "davd.toml"), *more]


def told(running: Running, *more: str, status: int = 0) -> Any:
    """The document that a command tells of the server."""
    done = run(words(running, *more, "--json"), running.folder, {"DAVD_DATA": str(running.data)})
    assert done.returncode == status, done.stdout + done.stderr
    name: tuple[str, ...] = ("config", "show") if more[0] == "config" else (more[0],)
    return checked(name, done.stdout)


def refused(running: Running, *more: str) -> str:
    done = run(words(running, *more), running.folder, {"DAVD_DATA": str(running.data)})
    assert (done.returncode, done.stdout) == (1, ""), done.stdout
    (line,) = done.stderr.splitlines()
    return line.removeprefix("Error: ")


def test_one_process(tmp_path: Path) -> None:
    with Running(tmp_path, config=CONFIG) as running:
        file = tmp_path / "davd.toml"
        state = told(running, "status")
        assert (state["running"], state["healthy"], state["pid"]) == (True, True, running.process.pid)
        assert state["backup_at"] is None and state["ready"]["store"] and state["alerts"] == []
        connection = running.connect()
        ask(connection, "OPTIONS", "/")
        assert told(running, "status")["connections"] == 1
        connection.close()
        assert "there are no workers" in refused(running, "restart")
        assert told(running, "check-config") == {"valid": True, "running": True, "applied": [], "restart": []}

        before = told(running, "config", "show", "net.server", "--running")
        assert [(row["value"], row["hot"]) for row in before] == [("one", True)]
        # Beside the file that the server watches, so that nothing but the command brings it into force.
        other = tmp_path / "other.toml"
        other.write_text("[net]\nserver = 'two'\n[store]\ncache_mb = 9\n")
        line = [script("davctl"), "--config", str(other), "check-config", "--json"]
        foretold = json.loads(run(line, tmp_path, {"DAVD_DATA": str(running.data)}).stdout)
        assert (foretold["applied"], foretold["restart"]) == (["net.server"], ["store.cache_mb"])

        file.write_text(other.read_text())
        done = told(running, "reload")
        assert done["ok"] and done["restart"] == ["store.cache_mb"]
        (after,) = told(running, "config", "show", "net.server", "--running")
        assert after["value"] == "two"

        file.write_text("[net]\nserver = 'three'\nbody_rate = 0\n")
        # The command itself reads the file first; by the data folder alone the server is asked all the same.
        assert "net.body_rate" in refused(running, "reload")
        done = davctl(running.data, "reload")
        assert done.returncode == 1 and "net.body_rate" in done.stderr and done.stdout == ""
        (after,) = json.loads(davctl(running.data, "config", "show", "net.server", "--running", "--json").stdout)
        assert after["value"] == "two"

        done = davctl(running.data, "backup", str(tmp_path / "backup"))
        assert done.returncode == 0
        lines = davctl(running.data, "status").stdout.splitlines()
        assert len(lines) <= 10 and any(str(tmp_path / "backup") in line for line in lines)
        done = davctl(running.data, "restore", str(tmp_path / "backup"), "--to", str(running.data), "--replace")
        assert done.returncode == 1 and "stop it first" in done.stderr
    stopped = davctl(tmp_path / "data", "status")
    assert stopped.returncode == 1 and "does not run" in stopped.stdout
    assert "no davd runs on" in davctl(tmp_path / "data", "reload").stderr


def test_workers_are_replaced_while_they_serve(tmp_path: Path) -> None:
    with Running(tmp_path, words=["--workers", "2"], config=CONFIG) as running:
        alice = basic("admin", running.password)
        before = {worker["pid"] for worker in told(running, "status")["workers"]}
        assert len(before) == 2
        failures: list[str] = []
        stop = threading.Event()

        def ask_on() -> None:
            while not stop.is_set():
                try:
                    connection = running.connect()
                    response = ask(connection, "PUT", "/files/admin/x", b"x", alice)
                    connection.close()
                    if response.status not in (201, 204):
                        failures.append(str(response.status))
                except OSError as error:
                    failures.append(str(error))

        client = threading.Thread(target=ask_on)
        client.start()
        try:
            done = run(words(running, "restart", "--progress"), tmp_path, {"DAVD_DATA": str(running.data)})
        finally:
            stop.set()
            client.join()
        assert done.returncode == 0, done.stderr
        assert failures == []
        assert "of 2" in done.stderr
        now = {worker["pid"] for worker in told(running, "status")["workers"] if not worker["leaving"]}
        assert len(now) == 2 and not now & before
        assert told(running, "reload")["ok"]
        (row,) = told(running, "config", "show", "net.server", "--running")
        assert row["value"] == "one"


def test_what_clients_and_commands_write_at_the_same_time_is_all_there(tmp_path: Path) -> None:
    folder = tmp_path / "events"
    folder.mkdir()
    for number in range(30):
        (folder / f"i{number}.ics").write_text(EVENT.replace("UID:1", f"UID:i{number}"))
    with Running(tmp_path, words=["--workers", "2"]) as running:
        admin = {**basic("admin", running.password), "Content-Type": "text/calendar"}
        acknowledged: set[str] = set()
        stop = threading.Event()

        def write_on() -> None:
            connection = running.connect()
            number = 0
            while not stop.is_set():
                name = f"c{number}.ics"
                body = EVENT.replace("UID:1", f"UID:c{number}").encode()
                assert ask(connection, "PUT", f"/calendars/admin/calendar/{name}", body, admin).status == 201
                acknowledged.add(name)
                if number % 3 == 2:
                    assert ask(connection, "DELETE", f"/calendars/admin/calendar/{name}", None, admin).status == 204
                    acknowledged.discard(name)
                number += 1
            connection.close()

        client = threading.Thread(target=write_on)
        client.start()
        path = "/calendars/admin/calendar/"
        lines = [
            ["user", "add", "bob", "--password-file", "-"],
            ["import", str(folder), "--user", "admin", "--collection", "calendar"],
            ["group", "create", "staff"],
            ["group", "add", "staff", "bob"],
            ["grant", path, "staff", "read"],
            ["calendar", "create", "work", "--user", "admin"],
            ["backup", str(tmp_path / "backup")],
            ["trash", "empty", "--yes"],
            ["restore", str(tmp_path / "backup"), "--path", "/calendars/admin/work/"],
            ["migrate"],
            ["fsck"],
        ]
        try:
            for line in lines:
                done = davctl(running.data, *line, text="builder12\n")
                assert done.returncode == 0, done.stderr
        finally:
            stop.set()
            client.join()
        wanted = acknowledged | {f"i{number}.ics" for number in range(30)}
        seen = running.ask("PROPFIND", path, None, {**basic("bob", "builder12"), "Depth": "1"})
        assert seen.status == 207
        names = set(re.findall(rb"<D:href>/calendars/admin/calendar/([^<]+)</D:href>", seen.content))  # type: ignore[attr-defined]
        assert {name.decode() for name in names} == wanted
        assert len(acknowledged) > 1
        assert davctl(running.data, "fsck").stdout == "the store is sound\n"


@pytest.mark.parametrize("command", ["reload", "restart"])
def test_nobody_answers_where_none_runs(tmp_path: Path, command: str) -> None:
    davctl(tmp_path / "data", "migrate")
    done = davctl(tmp_path / "data", command, "--json")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"Error: no davd runs on {tmp_path / 'data'}; ")
