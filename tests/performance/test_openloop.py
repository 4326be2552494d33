"""The open-loop load and what is told of a rung.

Verifies: docs/architecture.md, Measuring
"""

import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.performance.ladder.openloop import Line, Load, arrivals, quantiles
from tests.performance.ladder.requests import COLLECTIONS, Kind, Requests, content, name_of
from tests.performance.ladder.result import Result
from tests.performance.ladder.rungs import RUNGS, Offered

STALL = 0.2


def job(mix: dict[str, float]) -> dict[str, Any]:
    """A job without its connections."""
    return {
        "host": "127.0.0.1",
        "port": 1,
        "authorization": "Basic eA==",
        "mix": mix,
        "seed": 1,
        "written": "/written/",
        "there": [COLLECTIONS * 1000],
        "asked": [("get", "GET", "/small", "", "", 200, "hello")],
    }


class TestPlan:
    """Verifies: docs/architecture.md, Measuring"""

    def test_arrivals_have_the_rates_of_their_phases(self) -> None:
        """About as many as planned, all in order, none beyond the end."""
        plan = list(arrivals([(10, 100), (10, 1000)], 1))
        assert plan == sorted(plan)
        assert 900 < sum(at < 10 for at in plan) < 1100
        assert 9_600 < sum(at >= 10 for at in plan) < 10_400
        assert plan[-1] < 20

    def test_a_cycle_is_repeated_for_the_whole_time(self) -> None:
        """The last part is cut where the time ends."""
        bursts = RUNGS["bursts"]
        assert isinstance(bursts, Offered)
        assert bursts.phases(7) == [(2, 1500), (1, 3000), (2, 1500), (1, 3000), (1, 1500)]

    def test_quantiles(self) -> None:
        """Nearest rank."""
        assert quantiles([float(value) for value in range(1000)]) == {
            "p50": 500.0,
            "p95": 950.0,
            "p99": 990.0,
            "p99.9": 999.0,
            "max": 999.0,
        }
        assert quantiles([]) == {}


class TestRequests:
    """Verifies: docs/architecture.md, Measuring"""

    def test_only_what_was_acknowledged_is_deleted(self) -> None:
        """What is there first, then what was made; with nothing left something is made instead."""
        requests = Requests(job({"delete": 1}))
        kind, number, data = requests.choose()
        assert kind.name == "delete"
        assert data.startswith(f"DELETE /written/{name_of(COLLECTIONS * 1000)} HTTP/1.1\r\n".encode())
        requests.answered(kind, number)
        kind, made, data = requests.choose()
        assert kind.name == "put" and data.endswith(content(made))
        assert requests.choose()[0].name == "put"
        requests.answered(kind, made)
        assert requests.choose()[:2] == (Kind("delete", b"204"), made)
        assert (requests.created, requests.deleted) == (1, 1)

    def test_wrong_answers(self) -> None:
        """Another status or another body is a fault, whatever body where none is known."""
        kind = Kind("get", b"200", b"hello")
        assert kind.fault(b"200", b"hello") == ""
        assert kind.fault(b"500", b"hello") == "status 500"
        assert kind.fault(b"200", b"hullo") == "other octets"
        assert Kind("put", b"201").fault(b"201", b"anything") == ""


class Stalling:
    """A server that answers each request of one connection as `answers` say, the first one late."""

    def __init__(self, answers: list[bytes]) -> None:
        self._answers = answers
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self.thread = threading.Thread(target=self._serve)
        self.thread.start()

    def _serve(self) -> None:
        connection, _ = self._listening.accept()
        with connection:
            for number, answer in enumerate(self._answers):
                while not connection.recv(65_536).endswith(b"\r\n\r\n"):
                    pass
                if not number:
                    time.sleep(STALL)
                connection.sendall(answer)
        self._listening.close()


RIGHT = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"


@pytest.fixture
def load(request: pytest.FixtureRequest) -> Iterator[Load]:
    """A load of five requests planned for the first hundredth of a second, on one connection."""
    server = Stalling(request.param)
    line = Line(("127.0.0.1", server.port), 0)
    yield Load([line], Requests(job({"get": 1})), iter([0.0, 0.002, 0.004, 0.006, 0.008]))
    line.socket.close()
    server.thread.join()


class TestLoad:
    """Verifies: docs/architecture.md, Measuring"""

    @pytest.mark.parametrize("load", [[RIGHT] * 5], indirect=True)
    def test_who_waits_behind_a_stall_is_counted_as_waiting(self, load: Load) -> None:
        """All five were planned before the stall was over, so each of them took what was left of it."""
        load.run()
        assert load.planned == 5
        assert load.faults == {}
        latencies = load.latencies["get"]
        assert len(latencies) == 5
        assert all(latency >= 1000 * (STALL - 0.01) for latency in latencies)

    @pytest.mark.parametrize("load", [[RIGHT, RIGHT.replace(b"200", b"404"), RIGHT[:-1] + b"x", RIGHT]], indirect=True)
    def test_faults(self, load: Load) -> None:
        """A status, a body, and a connection that was closed with a request on it."""
        load.run()
        assert load.faults.pop("get: status 404") == 1
        assert load.faults.pop("get: other octets") == 1
        assert sum(load.faults.values()) >= 1
        assert len(load.latencies["get"]) == 4


class TestResult:
    """Verifies: docs/architecture.md, Measuring"""

    def test_a_rung_holds_when_nothing_is_unmet(self) -> None:
        """And says plainly when it does not."""
        result = Result("get", "GETs", None, 10.0, {"get": {"p50": 1.0, "count": 3}}, 5.0, 1.0, 0.5, 0.1, 60.0, "all")
        assert result.holds and result.text().endswith("  HOLDS")
        result.unmet.append("too slow")
        assert not result.holds and result.text().endswith("  DOES NOT HOLD: too slow")
        assert result.as_json()["holds"] is False
