"""Run the client programs a conformance test needs, with a bound on their time and their output at hand."""

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from tests.conformance.daemon import ROOT


def program(name: str, package: str | None = None) -> str:
    """The path of an installed program; without it the test fails and says what to type."""
    path = shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin")
    if path is None:
        pytest.fail(f"{name} is not installed: apt-get install -y {package or name}", pytrace=False)
    return path


def client(name: str) -> str:
    """The path of a program that requirements/clients.txt brings; without it the test fails and says what to type."""
    path = ROOT / ".venv-clients" / "bin" / name
    if not path.exists():
        pytest.fail(f"{name} is not installed: tools/test-programs.sh", pytrace=False)
    return str(path)


def run(
    argv: Sequence[str],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    stdin: str | None = None,
    timeout: float = 120.0,
    status: int | None = 0,
) -> subprocess.CompletedProcess[str]:
    """Run a program to its end and return what it wrote.

    `env` is laid over the test's own environment. A status other than the wanted one (None: any) fails the test with
    all of the output; running longer than `timeout` seconds fails it too.
    """
    try:
        done = subprocess.run(
            argv,
            cwd=cwd,
            env=os.environ | dict(env or {}),
            input=stdin if stdin is not None else "",
            text=True,
            errors="replace",
            capture_output=True,
            timeout=timeout,
        )
    except subprocess.TimeoutExpired as error:
        pytest.fail(f"{' '.join(argv)}: still running after {timeout:.0f} s\n{error.stdout!r}\n{error.stderr!r}")
    if status is not None and done.returncode != status:
        pytest.fail(f"{' '.join(argv)}: status {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done
