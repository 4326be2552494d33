"""The suite that vdirsyncer holds its storages, and with them servers, against.

Verifies: RFC 4791, 5.3, 7.8, 7.9
Verifies: RFC 6352, 5.1, 6.3, 8.7
"""

import shutil
from pathlib import Path

import pytest

from tests.conformance.daemon import ROOT, Daemon
from tests.conformance.programs import client, run

SUITES = ROOT / ".venv-clients" / "suites"
# It writes a line feed into a URL, which davd refuses like all control characters in names.
LEFT_OUT = "not test_newline_in_uid"
FEWEST = 100


@pytest.mark.timeout(300)
def test_its_own_suite(daemon: Daemon, tmp_path: Path) -> None:
    (source,) = SUITES.glob("vdirsyncer-*/")
    suite = tmp_path / "suite"
    shutil.copytree(source, suite)
    place = suite / "tests" / "storage" / "servers" / "davd"
    place.mkdir()
    shutil.copy(Path(__file__).with_name("vdirsyncer_server.py"), place / "__init__.py")
    password = "the suite's password"
    daemon.add_user("suite", password)
    env = {
        "DAV_SERVER": "davd",
        "DAV_ORIGIN": daemon.plain_url + "/",
        "DAV_USER": "suite",
        "DAV_PASSWORD": password,
        "PYTHONPATH": "",
    }
    argv = [client("python"), "-m", "pytest", "-q", "-o", "addopts=", "-p", "no:cacheprovider", "-k", LEFT_OUT]
    done = run([*argv, "tests/storage/dav"], cwd=suite, env=env, timeout=280)
    passed = next(
        word
        for word, what in zip(done.stdout.split(), done.stdout.split()[1:], strict=False)
        if what.startswith("passed")
    )
    assert int(passed) >= FEWEST, done.stdout[-2000:]
