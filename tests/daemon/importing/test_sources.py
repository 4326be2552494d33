"""Which collections there are in files and folders.

Verifies: RFC 5545, 3.4; RFC 6350, 3.3
"""

from __future__ import annotations

import json

import pytest

from davd.daemon.importing.sources import PROPS, SourceError, sources
from tests.caldav.calendars import event
from tests.daemon.importing.test_cards import card


class TestFiles:
    """Verifies: RFC 5545, 3.4; RFC 6350, 3.3"""

    @pytest.mark.parametrize(
        ("name", "data", "kind"),
        [
            ("a.ics", event(), "calendar"), ("a.ICS", b"", "calendar"), ("a", event(), "calendar"),
            ("a.vcf", card("FN:A"), "addressbook"), ("a.txt", card("FN:A"), "addressbook"),
        ],
    )  # fmt: skip
    def test_one(self, tmp_path, name, data, kind):
        (tmp_path / name).write_bytes(data)
        (source,) = sources(str(tmp_path / name))
        assert (source.kind, source.loose) == (kind, True)
        assert len(list(source.items())) == bool(data)

    def test_what_is_none(self, tmp_path):
        (tmp_path / "a.txt").write_text("hello")
        with pytest.raises(SourceError):
            sources(str(tmp_path / "a.txt"))


class TestFolders:
    """Verifies: RFC 5545, 3.4; RFC 6350, 3.3"""

    def test_a_vdir_tree(self, tmp_path):
        for name, file, data in (
            ("work", "1.ics", event("1")), ("work", "2.ics", event("2")), ("people", "a.vcf", card("FN:A")),
            ("both", "1.ics", event("1")), ("both", "a.vcf", card("FN:A")),
        ):  # fmt: skip
            (tmp_path / name).mkdir(exist_ok=True)
            (tmp_path / name / file).write_bytes(data)
        (tmp_path / "work" / "displayname").write_text("Work & play\n")
        (tmp_path / "work" / "color").write_text("#FF0000")
        (tmp_path / "people" / "description").write_text("Friends")
        (tmp_path / "work" / ".hidden.ics").write_bytes(event("3"))
        (tmp_path / "work" / "notes.txt").write_bytes(b"hello")
        (tmp_path / ".cache").mkdir()
        (tmp_path / ".cache" / "1.ics").write_bytes(event("1"))
        found = {(source.name, source.kind): source for source in sources(str(tmp_path))}
        assert list(found) == [
            ("both", "calendar"), ("both", "addressbook"), ("people", "addressbook"), ("work", "calendar")
        ]  # fmt: skip
        work = found["work", "calendar"]
        assert [(item.uid, item.name) for item in work.items()] == [("1", "1.ics"), ("2", "2.ics")]
        assert (work.count, work.loose) == (2, False)
        assert work.properties == {
            "{DAV:}displayname": "Work & play",
            "{http://apple.com/ns/ical/}calendar-color": "#FF0000",
        }
        people = found["people", "addressbook"]
        assert people.properties == {"{urn:ietf:params:xml:ns:carddav}addressbook-description": "Friends"}

    def test_one_collection_by_itself(self, tmp_path):
        (tmp_path / "1.ics").write_bytes(event("1"))
        (source,) = sources(str(tmp_path))
        assert (source.name, source.loose) == (tmp_path.name, False)

    def test_folders_of_radicale(self, tmp_path):
        folder = tmp_path / "collection-root" / "alice" / "0f1e"
        folder.mkdir(parents=True)
        props = {
            "tag": "VCALENDAR", "D:displayname": "Tasks", "C:supported-calendar-component-set": "VTODO,VJOURNAL",
            "ICAL:calendar-color": "#00ff00ff", "C:calendar-description": "d", "X:other": "x",
        }  # fmt: skip
        (folder / PROPS).write_text(json.dumps(props))
        (folder / ".Radicale.cache").mkdir()
        (folder / ".Radicale.cache" / "x.ics").write_bytes(event())
        (source,) = sources(str(tmp_path))
        assert (source.name, source.kind, source.components) == ("0f1e", "calendar", ("VTODO", "VJOURNAL"))
        assert source.properties == {
            "{DAV:}displayname": "Tasks",
            "{urn:ietf:params:xml:ns:caldav}calendar-description": "d",
            "{http://apple.com/ns/ical/}calendar-color": "#00ff00ff",
        }
        assert list(source.items()) == []

    def test_what_cannot_be_read_is_told(self, tmp_path):
        (tmp_path / "1.ics").write_bytes(event("1"))
        (tmp_path / "2.ics").write_bytes(b"hello")
        (tmp_path / "3.ics").write_bytes(event("3"))
        (tmp_path / PROPS).write_text("no JSON")
        (source,) = sources(str(tmp_path))
        (tmp_path / "3.ics").unlink()
        assert [bool(item.problem) for item in source.items()] == [False, True, True]

    def test_an_empty_one(self, tmp_path):
        with pytest.raises(SourceError):
            sources(str(tmp_path))
