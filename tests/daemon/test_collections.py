"""`davctl calendar`, `book`, `import` and `export`, on a store that no server uses.

Verifies: RFC 4791, 4.1, 5.3.1; RFC 6352, 5.1, 6.3.1
"""

from __future__ import annotations

import json
import pathlib

import pytest
from click.testing import CliRunner, Result

from davd.config.load import load
from davd.daemon.davctl import main
from davd.daemon.importing.sources import PROPS
from davd.daemon.offline import Context
from davd.formats.icalendar.object import parse
from davd.interfaces.store import IStore
from tests.caldav.calendars import event, series
from tests.daemon.importing.test_calendars import file, one
from tests.daemon.importing.test_cards import card


@pytest.fixture
def folder(tmp_path: pathlib.Path) -> pathlib.Path:
    for name in ("alice", "bob"):
        done = CliRunner().invoke(
            main, ["--data", str(tmp_path / "data"), "user", "add", name, "--password-file", "-"], input="wonderland\n"
        )
        assert done.exit_code == 0, done.output
    return tmp_path


def davctl(folder: pathlib.Path, *words: str, user: str = "alice", input: str | None = None) -> Result:
    done = CliRunner().invoke(main, ["--data", str(folder / "data"), *words, "--user", user], input=input)
    assert "Traceback" not in done.output
    assert done.exception is None or isinstance(done.exception, SystemExit)
    return done


def calendars(folder: pathlib.Path, user: str = "alice", kind: str = "calendar") -> dict[str, tuple[str, ...]]:
    done = davctl(folder, kind, "list", user=user)
    assert done.exit_code == 0
    return {line.split("\t")[0]: tuple(line.split("\t")[1:]) for line in done.output.splitlines()}


class TestCollections:
    """Verifies: RFC 4791, 5.3.1; RFC 6352, 6.3.1"""

    def test_create_list_remove(self, folder):
        words = ["--display-name", "Work & play", "--color", "#FF0000", "--time-zone", "Europe/Berlin"]
        done = davctl(folder, "calendar", "create", "work", *words, "--components", "vevent, vtodo")
        assert (done.exit_code, done.output) == (0, "created work\n")
        assert calendars(folder) == {
            "calendar": ("0", "Calendar"),
            "tasks": ("0", "Tasks"),
            "work": ("0", "Work & play"),
        }
        assert davctl(folder, "calendar", "remove", "work", input="n\n").exit_code == 1
        done = davctl(folder, "calendar", "remove", "work", "--yes")
        assert (done.exit_code, done.output) == (0, "removed work\n")
        assert list(calendars(folder)) == ["calendar", "tasks"]

    def test_an_address_book(self, folder):
        assert davctl(folder, "book", "create", "friends", "--display-name", "Friends").exit_code == 0
        assert calendars(folder, kind="book") == {"contacts": ("0", "Contacts"), "friends": ("0", "Friends")}
        assert davctl(folder, "book", "remove", "friends", "--yes").exit_code == 0
        assert list(calendars(folder, kind="book")) == ["contacts"]

    @pytest.mark.parametrize(
        ("words", "sentence"),
        [
            (["calendar", "create", "calendar"], "there is a calendar already"),
            (["calendar", "create", "a/b"], "there is nothing to make it in"),
            (["calendar", "create", "calendar/b"], "valid-resourcetype"),
            (["calendar", "create", "/"], "has to have a name"),
            (["calendar", "create", "x", "--time-zone", "Mars"], "it cannot have this calendar-timezone-id"),
            (["calendar", "create", "x", "--components", "X-CAKE"], "it cannot have this supported-calendar-component"),
            (["calendar", "create", "x", "--display-name", "a\x01"], "cannot be kept"),
            (["calendar", "create", "x", "--color", "red"], "'red' is no colour such as #336699"),
            (["calendar", "create", "x", "--color", "#33669"], "'#33669' is no colour such as #336699"),
            (["calendar", "remove", "none", "--yes"], "alice has no none"),
            (["book", "remove", "none", "--yes"], "alice has no none"),
        ],
    )
    def test_what_cannot_be(self, folder, words, sentence):
        done = davctl(folder, *words)
        assert done.exit_code == 1
        assert sentence in done.output

    def test_nobody(self, folder):
        for words in (["calendar", "list"], ["calendar", "create", "x"], ["export", "--output", str(folder / "out")]):
            done = davctl(folder, *words, user="nobody")
            assert (done.exit_code, "there is no account nobody" in done.output) == (1, True)


class TestImport:
    """Verifies: RFC 4791, 4.1, 5.3.2.1; RFC 6352, 5.1"""

    def test_a_file_goes_where_its_objects_belong(self, folder):
        (folder / "a.ics").write_bytes(file(one("1"), one("2", kind="VTODO"), one("3", kind="VJOURNAL")))
        done = davctl(folder, "import", str(folder / "a.ics"))
        assert (done.exit_code, done.output) == (0, "3 added\n")
        assert calendars(folder) == {"calendar": ("1", "Calendar"), "tasks": ("2", "Tasks")}
        (folder / "a.vcf").write_bytes(card("FN:A") + card("FN:B"))
        assert davctl(folder, "import", str(folder / "a.vcf")).output == "2 added\n"
        assert calendars(folder, kind="book") == {"contacts": ("2", "Contacts")}

    def test_into_a_collection_that_is_made(self, folder):
        data = file(one("1"), one("2", kind="VTODO"), head="X-WR-CALNAME:From elsewhere\r\nX-WR-TIMEZONE:Mars\r\n")
        (folder / "a.ics").write_bytes(data)
        assert davctl(folder, "import", str(folder / "a.ics"), "--collection", "new").exit_code == 0
        assert calendars(folder)["new"] == ("2", "From elsewhere")

    def test_twice_is_once(self, folder):
        (folder / "a.ics").write_bytes(file(one("1"), one("")))
        davctl(folder, "import", str(folder / "a.ics"))
        done = davctl(folder, "import", str(folder / "a.ics"))
        assert (done.exit_code, done.output) == (0, "2 there already\n")

    def test_what_differs_is_replaced_only_when_that_is_wished(self, folder):
        (folder / "1.ics").write_bytes(event("1", "SUMMARY:old"))
        davctl(folder, "import", str(folder / "1.ics"))
        (folder / "1.ics").write_bytes(event("1", "SUMMARY:new"))
        done = davctl(folder, "import", str(folder / "1.ics"))
        assert done.output == "1 there already in another form, and left as they are\n"
        assert "old" in davctl(folder, "export", "--collection", "calendar").output
        assert davctl(folder, "import", str(folder / "1.ics"), "--replace").output == "1 replaced\n"
        assert "new" in davctl(folder, "export", "--collection", "calendar").output

    def test_what_is_refused_is_told_and_the_rest_is_kept(self, folder):
        many = [one(str(number)) for number in range(120)]
        many[60] = one("bad", "DTEND:nonsense")
        many[70] = one("worse", "no line")
        (folder / "a.ics").write_bytes(file(*many))
        done = davctl(folder, "import", str(folder / "a.ics"))
        assert done.exit_code == 1
        first, second, last = done.output.splitlines()
        assert "VEVENT bad: " in first and "valid-calendar-data" in first
        assert "no colon" in second
        assert last == "118 added, 2 refused"
        assert calendars(folder)["calendar"][0] == "118"

    def test_a_tree(self, folder):
        tree = folder / "tree"
        (tree / "work").mkdir(parents=True)
        (tree / "people").mkdir()
        (tree / "empty").mkdir()
        (tree / "work" / "some name.ics").write_bytes(series("1", "20260106T100000Z"))
        (tree / "people" / "a.vcf").write_bytes(card("UID:1", "FN:A"))
        props = {"tag": "VCALENDAR", "C:supported-calendar-component-set": "VTODO", "D:displayname": "To do"}
        (tree / "empty" / PROPS).write_text(json.dumps(props))
        assert davctl(folder, "import", str(tree)).output == "2 added\n"
        assert calendars(folder)["work"] == ("1",)
        assert calendars(folder)["empty"] == ("0", "To do")
        assert calendars(folder, kind="book")["people"] == ("1",)
        (tree / "empty" / "1.ics").write_bytes(event("1"))
        done = davctl(folder, "import", str(tree))
        assert "supported-calendar-component" in done.output
        done = davctl(folder, "import", str(tree), "--collection", "one")
        assert (done.exit_code, "and there are more" in done.output) == (2, True)

    @pytest.mark.parametrize(
        ("name", "data", "words", "sentence"),
        [
            ("a.txt", b"hello", [], "neither an iCalendar nor a vCard file"),
            ("a.vcf", card("FN:A"), ["--collection", "a/b"], "/addressbooks/alice/a/b/ cannot be made: status 409"),
            ("a.ics", event(), ["--collection", "calendar/x"], "cannot be made: valid-resourcetype"),
            ("a.ics", event(), ["--collection", "plain"], "/calendars/alice/plain/ is no calendar"),
        ],
    )
    def test_what_cannot_be(self, folder, name, data, words, sentence):
        async def make_plain(store: IStore) -> None:
            async with store.write() as transaction:
                home = (await transaction.resolve(("calendars", "alice")))[-1]
                await transaction.create(home, "plain", "collection", "alice", 1.0)

        Context(load(None, {"DAVD_DATA": str(folder / "data")})).with_store(make_plain)
        (folder / name).write_bytes(data)
        done = davctl(folder, "import", str(folder / name), *words)
        assert (done.exit_code, sentence in done.output) == (1, True), done.output


class TestExport:
    """Verifies: RFC 5545, 3.4; RFC 6350, 3.3"""

    def test_a_calendar(self, folder):
        (folder / "a.ics").write_bytes(file(one("1"), one("2")))
        davctl(folder, "import", str(folder / "a.ics"))
        done = davctl(folder, "export", "--collection", "calendar")
        assert {part.text("UID") for part in parse(done.stdout_bytes).components} == {"1", "2"}
        done = davctl(folder, "export", "--collection", "calendar", "--output", str(folder / "out.ics"))
        assert done.output == f"exported 1 collection to {folder / 'out.ics'}\n"
        assert len(parse((folder / "out.ics").read_bytes()).components) == 2
        done = davctl(folder, "export", "--collection", "calendar", "--output", str(folder / "out.ics"))
        assert (done.exit_code, "cannot write" in done.output) == (1, True)
        assert davctl(folder, "export", "--collection", "none").exit_code == 1
        assert davctl(folder, "export").exit_code == 2

    def test_an_address_book(self, folder):
        (folder / "a.vcf").write_bytes(card("UID:1", "FN:A") + card("UID:2", "FN:B"))
        davctl(folder, "import", str(folder / "a.vcf"))
        done = davctl(folder, "export", "--collection", "contacts")
        assert done.output.count("BEGIN:VCARD") == 2

    def test_everything_goes_there_and_back(self, folder):
        davctl(
            folder,
            "calendar",
            "create",
            "work",
            "--display-name",
            "Work",
            "--color",
            "#FF0000FF",
            "--components",
            "VEVENT",
        )
        for name, data in (("1.ics", event("1", "SUMMARY:ü")), ("2.ics", series("2", "20260106T100000Z"))):
            (folder / name).write_bytes(data)
            davctl(folder, "import", str(folder / name), "--collection", "work")
        (folder / "a.vcf").write_bytes(card("UID:1", "FN:A"))
        davctl(folder, "import", str(folder / "a.vcf"))
        out = folder / "out"
        done = davctl(folder, "export", "--output", str(out))
        assert done.output == f"exported 4 collections to {out}\n"
        assert (out / "calendars" / "work" / "1.ics").read_bytes() == event("1", "SUMMARY:ü")
        assert (out / "calendars" / "work" / "displayname").read_text() == "Work"
        done = davctl(folder, "import", str(out), user="bob")
        assert done.output == "3 added\n"
        assert calendars(folder, "bob") == calendars(folder)
        assert calendars(folder, "bob", "book") == calendars(folder, kind="book")
        assert davctl(folder, "import", str(out), user="bob").output == "3 there already\n"
        assert davctl(folder, "export", "--output", str(out)).exit_code == 1
