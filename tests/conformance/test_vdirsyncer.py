"""vdirsyncer between folders and the daemon, with khal and todoman on top of the folders.

Verifies: RFC 6764, 5, 6
Verifies: RFC 4791, 5.3, 7.9
Verifies: RFC 6352, 8.7
"""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conformance.daemon import Daemon
from tests.conformance.programs import client, run

_CONFIG = """
[general]
status_path = "{folder}/status/"

[pair calendars]
a = "near"
b = "far"
collections = ["from a", "from b"]
conflict_resolution = {resolution}
metadata = ["color", "displayname"]

[storage near]
type = "filesystem"
path = "{folder}/calendars/"
fileext = ".ics"

[storage far]
type = "caldav"
url = "{url}/"
username = "{user}"
password = "{password}"
verify = "{certificate}"

[pair books]
a = "near_books"
b = "far_books"
collections = ["from a", "from b"]
conflict_resolution = {resolution}

[storage near_books]
type = "filesystem"
path = "{folder}/books/"
fileext = ".vcf"

[storage far_books]
type = "carddav"
url = "{url}/"
username = "{user}"
password = "{password}"
verify = "{certificate}"
"""

_KHAL = """
[calendars]
[[home]]
path = {folder}/calendars/calendar
type = calendar
[locale]
local_timezone = Europe/Berlin
default_timezone = Europe/Berlin
timeformat = %H:%M
dateformat = %Y-%m-%d
longdateformat = %Y-%m-%d
datetimeformat = %Y-%m-%d %H:%M
longdatetimeformat = %Y-%m-%d %H:%M
[default]
default_calendar = home
"""

_TODOMAN = """
path = "{folder}/calendars/*"
date_format = "%Y-%m-%d"
time_format = "%H:%M"
default_list = "tasks"
cache_path = "{folder}/todoman.sqlite"
"""

_EVENT = """BEGIN:VCALENDAR\r
VERSION:2.0\r
PRODID:-//davd//tests//EN\r
BEGIN:VEVENT\r
UID:{uid}\r
DTSTAMP:20261101T000000Z\r
DTSTART:20261201T100000Z\r
DTEND:20261201T110000Z\r
SUMMARY:{summary}\r
END:VEVENT\r
END:VCALENDAR\r
"""

_CARD = "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:{uid}\r\nFN:{name}\r\nN:{name};;;;\r\nEND:VCARD\r\n"


class Side:
    """One person's computer: folders that vdirsyncer keeps in step with the daemon."""

    def __init__(self, folder: Path, daemon: Daemon, user: str, password: str, resolution: str = '"a wins"') -> None:
        self.folder = folder
        self.folder.mkdir()
        (folder / "config").write_text(
            _CONFIG.format(
                folder=folder,
                url=daemon.url,
                user=user,
                password=password,
                certificate=daemon.certificate,
                resolution=resolution,
            )
        )

    def run(self, *words: str, status: int | None = 0) -> subprocess.CompletedProcess[str]:
        """Run vdirsyncer; it is told yes whatever it asks."""
        return run(
            [client("vdirsyncer"), "-c", str(self.folder / "config"), *words],
            env={"HOME": str(self.folder)},
            stdin="y\n" * 50,
            status=status,
        )

    def sync(self) -> None:
        """Discover and synchronise everything."""
        self.run("discover")
        self.run("sync")
        self.run("metasync")

    def items(self, kind: str) -> dict[str, str]:
        """What is in the folders of a kind: content by its UID."""
        found = {}
        for path in (self.folder / kind).rglob("*.*"):
            if path.suffix in (".ics", ".vcf"):
                text = path.read_text()
                found[text.partition("UID:")[2].partition("\n")[0].strip()] = text
        return found

    def file(self, kind: str, uid: str) -> Path:
        """The file of an item."""
        return next(path for path in (self.folder / kind).rglob("*.*") if f"UID:{uid}" in path.read_text())


@pytest.fixture
def sides(daemon: Daemon, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[tuple[Side, Side]]:
    """Two computers of one new user."""
    name, password = request.node.name.replace("_", "-")[:40], "vdirs in step"
    daemon.add_user(name, password)
    yield Side(tmp_path / "one", daemon, name, password), Side(tmp_path / "two", daemon, name, password)


def test_two_ways(sides: tuple[Side, Side]) -> None:
    """What is new, changed and removed on one side is so on the other, in calendars and address books."""
    one, two = sides
    one.sync()
    calendars = sorted(path.name for path in (one.folder / "calendars").iterdir())
    books = sorted(path.name for path in (one.folder / "books").iterdir())
    assert "calendar" in calendars and books
    calendar, book = one.folder / "calendars" / "calendar", one.folder / "books" / books[0]
    for number in range(20):
        (calendar / f"e{number}.ics").write_text(_EVENT.format(uid=f"event-{number}", summary=f"Événement {number}"))
        (book / f"c{number}.vcf").write_text(_CARD.format(uid=f"card-{number}", name=f"Jürgen {number}"))
    one.sync()
    two.sync()
    assert two.items("calendars") == one.items("calendars") and len(two.items("calendars")) == 20
    assert two.items("books") == one.items("books") and len(two.items("books")) == 20
    two.file("calendars", "event-3").write_text(_EVENT.format(uid="event-3", summary="changed"))
    two.file("books", "card-4").unlink()
    two.sync()
    one.sync()
    assert "changed" in one.items("calendars")["event-3"]
    assert one.items("books").keys() == two.items("books").keys() and "card-4" not in one.items("books")


def test_conflict(sides: tuple[Side, Side]) -> None:
    """Both sides have changed the same event: the one that synchronises last decides, and nothing is doubled."""
    one, two = sides
    one.sync()
    (one.folder / "calendars" / "calendar" / "x.ics").write_text(_EVENT.format(uid="both", summary="first"))
    one.sync()
    two.sync()
    one.file("calendars", "both").write_text(_EVENT.format(uid="both", summary="by one"))
    two.file("calendars", "both").write_text(_EVENT.format(uid="both", summary="by two"))
    one.sync()
    two.sync()
    one.sync()
    assert one.items("calendars") == two.items("calendars")
    assert "by two" in one.items("calendars")["both"] and len(one.items("calendars")) == 1


def test_a_new_calendar_with_its_colour(sides: tuple[Side, Side]) -> None:
    """A folder becomes a calendar on the server, with its name and colour, and a folder on the other side."""
    one, two = sides
    folder = one.folder / "calendars" / "holidays"
    folder.mkdir(parents=True)
    (folder / "color").write_text("#ff8800")
    (folder / "displayname").write_text("Congés d’été")
    (folder / "h.ics").write_text(_EVENT.format(uid="h", summary="Holiday"))
    one.sync()
    two.sync()
    other = two.folder / "calendars" / "holidays"
    assert (other / "color").read_text().strip().lower()[:7] == "#ff8800"
    assert (other / "displayname").read_text().strip() == "Congés d’été"
    assert "h" in two.items("calendars")


def test_khal_and_todoman(sides: tuple[Side, Side]) -> None:
    """An appointment and a task that other programs have written come to the other side."""
    one, two = sides
    one.sync()
    home = {"HOME": str(one.folder), "XDG_CONFIG_HOME": str(one.folder / "config.d")}
    for name, text in (("khal/config", _KHAL), ("todoman/config.py", _TODOMAN)):
        path = one.folder / "config.d" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.format(folder=one.folder))
    run([client("khal"), "new", "2026-12-24 18:00", "2026-12-24 20:00", "Dinner with khal"], env=home)
    run([client("todo"), "new", "--list", "tasks", "Buy presents"], env=home)
    one.sync()
    two.sync()
    texts = list(two.items("calendars").values())
    assert any("Dinner with khal" in text and "Europe/Berlin" in text for text in texts)
    assert any("Buy presents" in text and "BEGIN:VTODO" in text for text in texts)
