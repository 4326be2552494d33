"""The npm `webdav` client (what most browser and Node programs use), its version pinned by npm/package-lock.json.

Verifies: RFC 4918, 9, 10, 15
Verifies: RFC 9110, 14.2
"""

import json
import time
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.daemon import Daemon
from tests.conformance.programs import program, run

FOLDER = Path(__file__).parent / "npm"


@pytest.fixture(scope="session")
def installed() -> Path:
    """The folder of the script with its packages installed as locked; nothing is done when they are there."""
    wanted = json.loads((FOLDER / "package-lock.json").read_text())["packages"]["node_modules/webdav"]["version"]
    package = FOLDER / "node_modules" / "webdav" / "package.json"
    if not package.exists() or json.loads(package.read_text())["version"] != wanted:
        run([program("npm"), "ci", "--no-audit", "--no-fund", "--ignore-scripts"], cwd=FOLDER, timeout=300)
    return FOLDER


class TestNpmWebdav:
    """Verifies: RFC 4918, 9, 10, 15"""

    def test_script(self, daemon: Daemon, folder: str, installed: Path) -> None:
        """Every call of the client on one collection, with the daemon's certificate as the trusted one."""
        env = {
            "DAV_USER": daemon.user,
            "DAV_PASSWORD": daemon.password,
            "NODE_EXTRA_CA_CERTS": str(daemon.certificate),
        }
        done = run([program("node", "nodejs"), "script.mjs", daemon.url + folder], cwd=installed, env=env)
        seen: dict[str, Any] = json.loads(done.stdout)
        name = "/sub folder/näme + #1 100%.txt"
        assert {"1", "2", "3"} <= set(seen.pop("compliance"))
        assert abs(seen.pop("modified") / 1000 - time.time()) < 120
        quota = seen.pop("quota")
        assert quota["used"] > 100_000 and quota["available"] > 0
        assert seen.pop("etag")
        assert seen.pop("timeout").startswith("Second-")
        assert seen == {
            "put": True,
            "putAgain": False,
            "get": "0123456789",
            "part": "2345",
            "binary": True,
            "stat": {"filename": name, "size": 10, "type": "file"},
            "mime": "application/octet-stream",
            "list": ["/binary", "/sub folder"],
            "deep": ["/binary", "/sub folder", name, "/sub folder/ünter %20", "/sub folder/ünter %20/deep"],
            "copied": "0123456789",
            "copyRefused": 412,
            "movedAway": False,
            "moved": True,
            "whole": ["/whole/näme + #1 100%.txt", "/whole/ünter %20", "/whole/ünter %20/deep"],
            "lockedOut": 423,
            "afterUnlock": "free",
            "gone": 404,
            "left": ["/binary", "/sub folder"],
        }
