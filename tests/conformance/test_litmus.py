"""litmus 0.13: all five suites, every test, no skip, no warning.

Verifies: RFC 4918, 8, 9, 10, 18
"""

import re
from pathlib import Path

from tests.conformance.daemon import Daemon
from tests.conformance.programs import program, run

COUNTS = {"basic": 16, "copymove": 13, "props": 30, "locks": 41, "http": 4}
SUITE = re.compile(r"^-> running `(\w+)':$")
TEST = re.compile(r"^ ?(\d+)\. (\w+)\.*( .*)?$")
SUMMARY = re.compile(r"^<- summary for `(\w+)': of (\d+) tests run: (\d+) passed, (\d+) failed\.")
EXPECT_100 = "SKIPPED (skipping for SSL server)"


def outcomes(output: str) -> dict[str, dict[str, str]]:
    """litmus's output as {suite: {"NUMBER name": outcome}}; a line that fits no known form fails.

    litmus writes a test's name when it begins and, after a carriage return (here a line end), with its outcome.
    """
    suites: dict[str, dict[str, str]] = {}
    current: dict[str, str] = {}
    for line in output.splitlines():
        if match := SUITE.match(line):
            current = suites.setdefault(match[1], {})
        elif match := TEST.match(line):
            current[f"{match[1]} {match[2]}"] = (match[3] or "").strip()
        elif match := SUMMARY.match(line):
            assert suites[match[1]] is current
            assert int(match[2]) == int(match[3]) and match[4] == "0", line
        else:
            assert line in {"", "-> 1 test was skipped."}, f"unknown line of litmus: {line!r}"
    return suites


def litmus(url: str, daemon: Daemon, folder: Path, suites: str) -> dict[str, dict[str, str]]:
    """Run the named suites against a URL; the exchange is left in `folder`/debug.log."""
    done = run(
        [program("litmus"), "-k", url, daemon.user, daemon.password],
        cwd=folder,
        env={"TESTS": suites},
        timeout=120,
        status=None,
    )
    assert not done.stderr, done.stderr
    return outcomes(done.stdout)


class TestLitmus:
    """Verifies: RFC 4918, 8, 9, 10, 18"""

    def test_over_tls(self, either: Daemon, either_folder: str, tmp_path: Path) -> None:
        """All five suites; litmus itself leaves one test of `http` out on TLS, which the next test runs."""
        found = litmus(either.url + either_folder, either, tmp_path, " ".join(COUNTS))
        assert found["http"].pop("2 expect100") == EXPECT_100
        assert {suite: len(tests) for suite, tests in found.items()} == COUNTS | {"http": COUNTS["http"] - 1}
        other = {f"{suite} {test}": what for suite, tests in found.items() for test, what in tests.items()}
        assert {test: what for test, what in other.items() if what != "pass"} == {}

    def test_over_plain_tcp(self, either: Daemon, either_folder: str, tmp_path: Path) -> None:
        """The `http` suite in full, with `Expect: 100-continue`."""
        found = litmus(either.plain_url + either_folder, either, tmp_path, "http")
        assert len(found["http"]) == COUNTS["http"]
        assert set(found["http"].values()) == {"pass"}, found
