"""The npm `tsdav` client (what programs in a browser or on Node use for calendars), pinned by npm/package-lock.json.

Verifies: RFC 4791, 5.3, 7.8, 7.9
Verifies: RFC 6352, 8.6, 8.7
Verifies: RFC 6578, 3
Verifies: RFC 6764, 6
"""

import json
from pathlib import Path
from typing import Any

from tests.conformance.daemon import Daemon
from tests.conformance.programs import program, run

FOLDER = Path(__file__).parent / "npm"


class TestNpmTsdav:
    """Verifies: RFC 4791, 5.3, 7.8, 7.9"""

    def test_script(self, daemon: Daemon) -> None:
        """Discovery from the bare origin, then each call for calendars and address books."""
        password = "node reads calendars"
        daemon.add_user("tsdav", password)
        env = {"DAV_USER": "tsdav", "DAV_PASSWORD": password, "NODE_EXTRA_CA_CERTS": str(daemon.certificate)}
        done = run([program("node", "nodejs"), "calendars.mjs", daemon.url], cwd=FOLDER, env=env)
        seen: dict[str, Any] = json.loads(done.stdout)
        assert [row[1] for row in seen.pop("calendars")] == [["VEVENT"], ["VJOURNAL", "VTODO"]]
        assert "Mäde" in seen.pop("names")
        assert seen == {
            "made": [[201, True], [201, True], [201, True]],
            "madeTwice": 412,
            "all": ["01.ics", "02.ics", "20.ics"],
            "early": ["01.ics", "02.ics"],
            "updated": 204,
            "stale": 412,
            "dirty": True,
            "changes": 3,
            "deleted": 204,
            "makeCalendar": 201,
            "cards": [201, 201],
            "book": [True, True],
        }
