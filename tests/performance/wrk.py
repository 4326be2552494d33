"""wrk with scripts that report exact figures."""

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SCRIPTS = Path(__file__).parent / "lua"


class WrkError(Exception):
    """wrk did not run to its end, or printed no report."""


@dataclass(frozen=True, slots=True)
class Load:
    """The result of one run: answers, seconds, octets received (heads included), latency in milliseconds.

    `created` counts the answers the script counts itself as right (201 to a PUT, a body that is known), None where it
    counts none. `errors` has what went wrong by kind: connect, read, write, timeout, and status for every answer from
    400 on.
    """

    requests: int
    seconds: float
    octets: int
    p50: float
    p99: float
    created: int | None
    errors: dict[str, int]
    p95: float = 0.0
    p999: float = 0.0

    @property
    def rate(self) -> float:
        """Answers a second."""
        return self.requests / self.seconds

    def faults(self, octets_each: int | None = None) -> str:
        """What was wrong with the answers, in words; empty when nothing was.

        `octets_each` is the length of one right answer, head included: the mean may differ by 1 % of it.
        """
        words = [f"{count} {kind}" for kind, count in self.errors.items() if count]
        if not self.requests:
            words.append("no answer")
        elif octets_each is not None and abs(self.octets / self.requests - octets_each) > octets_each * 0.01 + 8:
            words.append(f"{self.octets / self.requests:.0f} octets an answer, not {octets_each}")
        if self.created is not None and abs(self.requests - self.created) > 0:
            words.append(f"{self.requests - self.created} not as wanted")
        return ", ".join(words)


def parse(output: str) -> Load:
    """The load that lua/report.lua tells on the last line but blank ones of wrk's output."""
    for line in output.splitlines():
        if line.startswith("REPORT "):
            report: dict[str, Any] = json.loads(line.removeprefix("REPORT "))
            return Load(
                requests=report["requests"],
                seconds=report["microseconds"] / 1e6,
                octets=report["bytes"],
                p50=report["p50"] / 1000,
                p99=report["p99"] / 1000,
                created=report["wanted"] if report["wanted"] >= 0 else None,
                errors=report["errors"],
                p95=report.get("p95", 0) / 1000,
                p999=report.get("p999", 0) / 1000,
            )
    raise WrkError(f"no report in {output!r}")


def run(
    url: str,
    authorization: str,
    connections: int,
    seconds: int,
    script: str = "get",
    settings: Mapping[str, str] | None = None,
    threads: int = 1,
) -> Load:
    """Load `url` for `seconds` from `threads`; `script` names a file of lua/, `settings` its environment."""
    executable = shutil.which("wrk")
    if executable is None:
        raise WrkError("wrk is not installed: apt-get install -y wrk")
    argv = [executable, f"-t{threads}", f"-c{connections}", f"-d{seconds}s", "--timeout", "30s", "--latency"]
    argv += ["-s", str(SCRIPTS / f"{script}.lua"), "-H", f"Authorization: {authorization}", url]
    env = os.environ | {"WRK_SCRIPTS": str(SCRIPTS)} | dict(settings or {})
    done = subprocess.run(argv, env=env, capture_output=True, text=True, timeout=seconds + 120)
    if done.returncode:
        raise WrkError(f"status {done.returncode}: {done.stdout}{done.stderr}")
    return parse(done.stdout)
