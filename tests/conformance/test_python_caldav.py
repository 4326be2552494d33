"""python-caldav, what most scripts use, against the daemon: from the bare host name to recurring events.

It runs in the environment of requirements/clients.txt, as a script whose last line is JSON.

Verifies: RFC 4791, 5.3, 7.8, 7.9, 7.10, 9.6
Verifies: RFC 6578, 3
"""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.daemon import Daemon
from tests.conformance.programs import client, run

_SCRIPT = Path(__file__).parent / "python_caldav.py"


@pytest.fixture
def seen(either: Daemon, request: pytest.FixtureRequest) -> dict[str, Any]:
    """What the script saw, with an account of its own in each variant."""
    password = "scripts read calendars"
    either.add_user("script", password)
    argv = [client("python"), str(_SCRIPT), either.url + "/", "script", str(either.certificate)]
    done = run(argv, stdin=password)
    sys.stdout.write(done.stdout)
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


def test_script(seen: dict[str, Any]) -> None:
    assert seen == {
        "components": [["VEVENT"], ["VJOURNAL", "VTODO"]],
        "made": "Wörk",
        "events": 3,
        "in a week": ["Standup", "Standup", "Standup", "Standup", "Standup", "moved"],
        "unexpanded": 1,
        "by text": ["Once"],
        "busy": ["20261214T080000Z/20261214T081500Z", "20261215T080000Z/20261215T081500Z"],
        "pending": ["Buy milk"],
        "all todos": 2,
        "journals": ["Dear diary"],
        "changed": ["Twice"],
        "deleted": 1,
        "stale": "PutError 412",
        "uid twice": "PutError 409",
        "moved": True,
        "gone": True,
    }
