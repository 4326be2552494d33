"""The database is the wheel's, not the operating system's.

Verifies: docs/architecture.md, Data
"""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
import tzdata  # type: ignore[import-untyped]

from davd.formats.icalendar.zones.database import RELEASE, RELEASED, load, names, spelled
from tests.formats.icalendar.zones.oracle import seconds


def test_names_and_release() -> None:
    assert RELEASE == tzdata.IANA_VERSION
    assert seconds(int(RELEASE[:4])) == RELEASED
    assert len(names()) > 590
    assert list(names()) == sorted(names())
    assert {"Europe/Berlin", "US/Eastern", "Asia/Calcutta", "Etc/GMT+12", "UTC"} <= set(names())


def test_names_in_any_case() -> None:
    assert spelled("eUROPE/bERLIN") == "Europe/Berlin"
    assert spelled("etc/gmt+3") == "Etc/GMT+3"
    assert spelled("Europe/Nowhere") is None


@pytest.mark.parametrize(
    "name", ["europe/berlin", "", ".", "..", "../zones", "zones", "tzdata.zi", "Europe", "/etc/passwd"]
)
def test_only_exact_names_are_files(name: str) -> None:
    with pytest.raises(KeyError):
        load(name)


def test_every_zone_can_be_read() -> None:
    for name in names():
        assert load(name).footer is not None


def test_the_systems_data_are_not_asked() -> None:
    # A folder with a wrong Berlin stands first on zoneinfo's path; nobody looks there.
    code = (
        "from davd.formats.icalendar.zones.identifiers import named\n"
        "import sys\n"
        "assert 'zoneinfo' not in sys.modules\n"
        "print(named('Europe/Berlin').offset(1_750_000_000))\n"
        "assert 'zoneinfo' not in sys.modules\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONTZPATH": os.path.dirname(__file__)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "7200\n"
