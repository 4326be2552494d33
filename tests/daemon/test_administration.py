"""What only one process does, where several serve.

Verifies: docs/operate/scaling.md, The process that looks after the others; docs/operate/operate.md, Signals
"""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from davd.daemon.command_call import call
from davd.daemon.command_socket import Progress
from tests.daemon.test_admin_plane import Plane
from tests.daemon.test_workers import ADMIN, until, workers
from tests.daemon.twistd import Running, ask, basic, wait_until_ended

ALERTS = "[alerts]\ndisk_free = 1.0\nhold_seconds = 0\n"


def puts(plane: Plane) -> float:
    """How many PUTs the metrics tell of."""
    families = plane.get("/api/v1/metrics")["families"]
    (requests,) = [family for family in families if family["name"] == "davd_requests"]
    return sum(sample["value"] for sample in requests["samples"] if sample["labels"]["method"] == "PUT")


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Running]:
    """Two workers, whose disk is never free enough."""
    with Running(tmp_path, words=ADMIN, config=ALERTS + "[daemon]\ndrain_seconds = 0.5\n") as davd:
        yield davd


def put(davd: Running, times: int) -> None:
    """So many PUTs, each on a connection of its own."""
    for number in range(times):
        assert davd.ask("PUT", f"/files/admin/{number}", b"x", basic("admin", davd.password)).status in (201, 204)


class TestTogether:
    """Verifies: docs/operate/scaling.md, The process that looks after the others."""

    def test_alerts_are_judged_once_by_the_figures_of_all(self, pair: Running) -> None:
        plane = Plane(pair)
        until(lambda: "DiskSpace" in str(plane.get("/api/v1/alerts")["alerts"]))
        until(lambda: plane.get("/api/v1/history?signal=disk_free&since=0")["values"]["disk_free"])
        told = [line for line in pair.log().splitlines() if "davd.alerts#" in line]
        assert len(told) == len({re.sub(r"^\S+ ", "", line) for line in told}) >= 1

    def test_no_counter_goes_back_when_workers_end(self, pair: Running) -> None:
        plane = Plane(pair)
        put(pair, 20)
        assert puts(plane) == 20
        old = workers(pair)
        outcome = call(str(pair.data), "restart")
        assert (outcome.ok, outcome.sentence) == (True, "all 2 workers are new")
        for pid in old:
            wait_until_ended(pid)
        assert puts(plane) == 20
        put(pair, 20)
        assert puts(plane) == 40
        os.kill(workers(pair)[0], signal.SIGKILL)
        until(lambda: len(workers(pair)) == 2)
        assert puts(plane) == 40

    def test_the_settings_of_the_admin_plane_are_read_again(self, pair: Running) -> None:
        plane = Plane(pair)
        (pair.folder / "davd.toml").write_text("[authentication]\nmax_failures = 2\n[alerts]\ndisk_free = 0\n")
        pair.wait_for("in force now: ", 3)
        refused = [plane.ask("GET", "/metrics", Authorization="Bearer no").status for _ in range(4)]
        assert refused == [401, 401, 429, 429]
        rows = {row["key"]: row for row in call(str(pair.data), "configuration").settings}
        assert (rows["alerts.disk_free"]["value"], rows["authentication.max_failures"]["value"]) == (0.0, 2)
        assert rows["authentication.max_failures"]["origin"].startswith("file ")
        outcome = call(str(pair.data), "reload")
        assert (outcome.ok, outcome.applied, outcome.restart) == (True, (), ("daemon.drain_seconds",))

    def test_a_file_that_is_refused_takes_no_worker(self, pair: Running) -> None:
        file = pair.folder / "davd.toml"
        file.write_text("[net]\nmax_conections = 5\n")
        pair.wait_for("the settings stay as they were")
        outcome = call(str(pair.data), "reload")
        assert not outcome.ok
        assert "there is no setting called `max_conections`" in outcome.sentence
        os.kill(workers(pair)[0], signal.SIGKILL)
        until(lambda: len(workers(pair)) == 2)
        assert call(str(pair.data), "restart").ok
        assert "the new workers have the settings that are in force" in pair.log()

    def test_new_workers_have_what_waits_for_a_restart(self, pair: Running) -> None:
        (pair.folder / "davd.toml").write_text('[dav]\nprefix = "/dav"\n')
        pair.wait_for("after a restart: ")
        login = basic("admin", pair.password)
        os.kill(workers(pair)[0], signal.SIGKILL)
        until(lambda: len(workers(pair)) == 2)
        assert {pair.ask("PROPFIND", "/files/admin/", None, login).status for _ in range(8)} == {207}
        assert call(str(pair.data), "restart").ok
        until(lambda: len(call(str(pair.data), "status").workers) == 2)
        assert {pair.ask("PROPFIND", "/dav/files/admin/", None, login).status for _ in range(8)} == {207}
        rows = {row["key"]: row["value"] for row in call(str(pair.data), "configuration").settings}
        assert rows["dav.prefix"] == "/dav"
        assert call(str(pair.data), "reload").restart == ("daemon.drain_seconds",)


class TestRestart:
    """Verifies: docs/operate/operate.md, Signals, Commands to a running davd."""

    def test_another_one_comes_after_the_one_that_is_under_way(self, pair: Running) -> None:
        idle = pair.connect()
        assert ask(idle, "OPTIONS", "/").status == 200
        first = workers(pair)
        told: list[Progress] = []
        pair.process.send_signal(signal.SIGUSR2)
        pair.wait_for("restarting 2 workers")
        outcome = call(str(pair.data), "restart", told.append)
        assert told[0].progress.startswith("another restart is under way")
        assert [(one.done, one.of) for one in told[1:]] == [(1, 2), (2, 2)]
        assert outcome.ok
        assert pair.log().count("all workers are new") == 2
        assert not set(first) & {worker["pid"] for worker in outcome.workers if not worker["leaving"]}
        idle.close()

    def test_one_process_has_none_to_replace(self, tmp_path: Path) -> None:
        with Running(tmp_path) as davd:
            outcome = call(str(davd.data), "restart")
            assert not outcome.ok
            assert outcome.sentence.startswith("davd runs in one process: there are no workers to replace")
            davd.process.send_signal(signal.SIGUSR2)
            davd.wait_for("there are no workers to replace")
            assert call(str(davd.data), "status").pid == davd.process.pid
            assert call(str(davd.data), "reload").sentence == "the settings were read again: nothing has changed"
