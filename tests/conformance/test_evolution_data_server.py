"""evolution-data-server, what Evolution and GNOME's programs speak through, without a screen.

Verifies: RFC 6764, 5, 6
Verifies: RFC 4791, 5.3.2, 7.9
Verifies: RFC 6352, 6.3, 8.7
"""

import json
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.conformance.daemon import Daemon
from tests.conformance.dialogue import Account
from tests.conformance.programs import program, run

_SCRIPT = Path(__file__).parent / "evolution_data_server.py"


@pytest.mark.timeout(180)
def test_discovery_calendar_and_contacts(daemon: Daemon, tmp_path: Path) -> None:
    """It finds the collections from the bare origin, writes an event and a contact, changes and reads them."""
    password = "gnome reads calendars"
    daemon.add_user("gnome", password)
    origin = urlsplit(daemon.plain_url)
    places = {f"XDG_{name}_HOME": str(tmp_path / name) for name in ("CONFIG", "DATA", "CACHE")}
    argv = [
        program("dbus-run-session", "dbus"),
        "--",
        "/usr/bin/python3",
        str(_SCRIPT),
        str(origin.hostname),
        str(origin.port),
    ]
    done = run([*argv, "gnome"], env={"HOME": str(tmp_path), **places}, stdin=password, timeout=150)
    seen = json.loads(done.stdout.splitlines()[-1])
    assert seen == {
        "calendars": ["/calendars/gnome/calendar/"],
        "books": ["/addressbooks/gnome/contacts/"],
        "writable": True,
        "events": ["Changed"],
        "contacts": ["Ada Lovelace"],
    }
    for path, word in (("/calendars/gnome/calendar/", b"SUMMARY:Changed"), ("/addressbooks/gnome/contacts/", b"Ada")):
        with Account(daemon.url, "gnome", password) as account:
            assert word in account.ask("GET", path, ("Accept", "text/calendar, text/vcard")).body
