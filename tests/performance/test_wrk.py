"""The reading of wrk's report, and wrk itself against a small server.

Verifies: docs/architecture.md, Measuring
"""

import shutil
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from tests.performance.wrk import Load, WrkError, parse, run

REPORT = (
    'Running 1s test\nREPORT {"requests": 200, "microseconds": 1000000, "bytes": 20000, '
    '"p50": 1500, "p95": 8000, "p99": 9000, "p999": 9500, '
    '"wanted": -1, "errors": {"connect": 0, "read": 0, "write": 0, "status": 0, "timeout": 0}}\n'
)


class TestParse:
    """Verifies: docs/architecture.md, Measuring"""

    def test_figures_and_units(self) -> None:
        """Microseconds become milliseconds and seconds; a count of -1 is no count."""
        load = parse(REPORT)
        assert (load.requests, load.rate, load.created) == (200, 200.0, None)
        assert (load.p50, load.p95, load.p99, load.p999) == (1.5, 8.0, 9.0, 9.5)

    def test_no_report(self) -> None:
        """Output without the line is an error, not a load of zero."""
        with pytest.raises(WrkError):
            parse("Running 1s test\n")

    def test_right_answers_have_no_fault(self) -> None:
        """200 answers of 100 octets each are right when one is 100 octets long."""
        assert parse(REPORT).faults(100) == ""

    def test_wrong_length(self) -> None:
        """The mean length tells answers of another kind."""
        assert parse(REPORT).faults(150) == "100 octets an answer, not 150"

    @pytest.mark.parametrize("kind", ["connect", "read", "write", "status", "timeout"])
    def test_every_error_is_a_fault(self, kind: str) -> None:
        """One error of any kind is told."""
        assert parse(REPORT.replace(f'"{kind}": 0', f'"{kind}": 3')).faults() == f"3 {kind}"

    def test_other_status_than_created(self) -> None:
        """Answers that the script does not count as right are told."""
        assert parse(REPORT.replace('"wanted": -1', '"wanted": 190')).faults() == "10 not as wanted"

    def test_nothing_answered(self) -> None:
        """A load without answers is at fault."""
        assert Load(0, 1.0, 0, 0, 0, None, {}).faults(100) == "no answer"


class Digits(BaseHTTPRequestHandler):
    """Answers GET with ten octets, PUT with 201."""

    protocol_version = "HTTP/1.1"

    def _answer(self, status: int, body: bytes) -> None:
        self.wfile.write(b"HTTP/1.1 %d OK\r\nContent-Length: %d\r\n\r\n%b" % (status, len(body), body))

    def do_GET(self) -> None:
        self._answer(200 if self.headers["Authorization"] == "Basic Zm9v" else 401, b"0123456789")

    def do_PUT(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self._answer(201 if self.path.startswith("/put/") else 409, b"")


@pytest.fixture
def origin() -> Iterator[str]:
    """The origin of the small server."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Digits)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.skipif(shutil.which("wrk") is None, reason="wrk is not installed")
class TestRun:
    """Verifies: docs/architecture.md, Measuring"""

    def test_get(self, origin: str) -> None:
        """The account reaches the server, and the octets counted are those sent."""
        load = run(origin + "/", "Basic Zm9v", 2, 1)
        assert load.requests > 10
        assert load.faults(len("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n") + 10) == ""

    def test_refusals_are_told(self, origin: str) -> None:
        """A load of 401s is a fault, however fast."""
        load = run(origin + "/", "Basic wrong", 2, 1)
        assert load.faults() == f"{load.requests} status"

    def test_put_counts_what_was_created(self, origin: str) -> None:
        """The script counts 201 answers itself."""
        load = run(origin + "/put/", "Basic Zm9v", 2, 1, "put", {"WRK_SIZE": "4096"})
        assert load.created == load.requests > 10
