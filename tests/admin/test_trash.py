"""The trash of accounts, as the admin plane shows it.

Verifies: docs/operate/backup.md, The trash
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from davd.admin import trash as trash_of_accounts
from davd.admin.trash import TrashBin
from davd.application.putting_back import PuttingBack
from davd.interfaces.store import IStore
from davd.model.errors import HTTPError
from davd.model.resource import COLLECTION
from davd.model.trash import DAY, TrashLimits
from davd.stores.memory.store import MemoryStore
from davd.stores.sqlite.store import SQLiteStore
from davd.testing.exchange import Trial, run
from tests.application.test_putting_back import limit_trash
from tests.caldav.calendars import ICS, WORK, event, mkcalendar, trial_with_calendars

NOW = 40 * DAY


async def fill(store: IStore, names: list[str], owner: str = "alice") -> None:
    """Folders of these names, deleted one after the other a second apart."""
    async with store.write() as transaction:
        home = (await transaction.resolve(["files"]))[-1]
        for number, name in enumerate(names):
            made = await transaction.create(home, name, COLLECTION, owner, 1.0)
            await transaction.delete(made, 30 * DAY + number)


def bin_of(trial: Trial) -> TrashBin:
    return TrashBin(trial.store, PuttingBack(trial.store, trial.registry, trial.settings), lambda: NOW)


@pytest.fixture(params=["memory", "sqlite"])
def trial(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Trial]:
    if request.param == "memory":
        yield trial_with_calendars()
        return
    store = SQLiteStore(tmp_path / "data")
    run(store.start())
    yield trial_with_calendars(store=store)
    run(store.stop())


class TestPages:
    """Verifies: docs/operate/backup.md, The trash"""

    def test_the_newest_come_first_page_by_page(self, trial: Trial) -> None:
        trash = bin_of(trial)
        run(fill(trial.store, [f"n{number}" for number in range(7)]))
        run(fill(trial.store, ["other"], "bob"))
        first = run(trash.page("alice", limit=3))
        second = run(trash.page("alice", limit=3, before=first["next"]))
        third = run(trash.page("alice", limit=3, before=second["next"]))
        names = [[entry["name"] for entry in page["entries"]] for page in (first, second, third)]
        assert names == [["n6", "n5", "n4"], ["n3", "n2", "n1"], ["n0"]]
        assert third["next"] is None and first["bytes"] == 7 * 512
        assert run(trash.page("nobody")) == {"entries": [], "next": None, "bytes": 0, "limit": 2 << 30}
        for limit in (0, 501):
            with pytest.raises(HTTPError):
                run(trash.page("alice", limit=limit))

    def test_an_entry_tells_what_when_and_why(self, trial: Trial) -> None:
        trash = bin_of(trial)
        run(fill(trial.store, ["a b"]))
        (entry,) = run(trash.page("alice"))["entries"]
        assert entry == {
            "id": entry["id"], "name": "a b", "path": "/files/a%20b/", "type": "collection", "reason": "deleted",
            "deleted": 30 * DAY, "expires": 60 * DAY, "bytes": 512, "count": 1, "uid": "",
        }  # fmt: skip
        assert run(trash.show("alice", entry["id"])) == entry
        for owner, id in (("bob", entry["id"]), ("alice", entry["id"] + 1)):
            with pytest.raises(HTTPError, match="404"):
                run(trash.show(owner, id))

    def test_names_are_searched_whatever_their_case(self, trial: Trial) -> None:
        trash = bin_of(trial)
        run(fill(trial.store, ["STRASSE", "straße 2", "other", "Cafe\u0301".replace("e\u0301", "\u00e9")]))
        found = run(trash.page("alice", "stra\u00dfe"))["entries"]
        assert [entry["name"] for entry in found] == ["straße 2", "STRASSE"]
        assert [entry["name"] for entry in run(trash.page("alice", "CAFE\u0301"))["entries"]] == ["Caf\u00e9"]
        assert run(trash.page("alice", "nothing"))["entries"] == []

    def test_a_search_that_finds_little_goes_on_from_where_it_stopped(
        self, trial: Trial, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """However many entries there are, one answer looks through so many of them."""
        monkeypatch.setattr(trash_of_accounts, "MOST_LOOKED", 1000)
        run(fill(trial.store, ["wanted", *[f"n{number}" for number in range(1100)]]))
        trash = bin_of(trial)
        first = run(trash.page("alice", "wanted"))
        assert first["entries"] == [] and first["next"] is not None
        second = run(trash.page("alice", "wanted", first["next"]))
        assert [entry["name"] for entry in second["entries"]] == ["wanted"] and second["next"] is None


class TestRestore:
    """Verifies: docs/operate/backup.md, The trash"""

    def test_some_come_back_and_of_others_is_told_why_not(self, trial: Trial) -> None:
        trash = bin_of(trial)
        assert mkcalendar(trial).status == 201
        for name in ("1", "2"):
            assert trial.request("PUT", f"{WORK}{name}.ics", ICS, event(name)).status == 201
            assert trial.request("DELETE", f"{WORK}{name}.ics").status == 204
        assert trial.request("PUT", WORK + "again.ics", ICS, event("1", "SUMMARY:Again")).status == 201
        second, first = [entry["id"] for entry in run(trash.page("alice"))["entries"]]
        assert run(trash.restore([first, second, 1], False, "alice")) == [
            {"id": first, "problem": "again.ics has the same UID", "taken": True},
            {"id": second, "path": WORK + "2.ics"},
            {"id": 1, "problem": "there is no entry 1 in the trash", "taken": False},
        ]
        assert "problem" in run(trash.restore([first], True, "bob"))[0]
        assert run(trash.restore([first], True, "alice")) == [{"id": first, "path": WORK + "again.ics"}]

    def test_of_those_chosen_together_none_vanishes(self, trial: Trial) -> None:
        """The content that gives way would be one too many in its place, where another one that is chosen waits."""
        trash = TrashBin(trial.store, PuttingBack(trial.store, trial.registry, trial.settings), lambda: trial.now)
        limit_trash(trial, versions=1)
        assert mkcalendar(trial).status == 201
        for name, uid in (("1", "one"), ("again", "x"), ("again", "x")):
            assert trial.request("PUT", f"{WORK}{name}.ics", ICS, event(uid)).status == 201
            assert trial.request("DELETE", f"{WORK}{name}.ics").status == 204
        assert trial.request("PUT", WORK + "again.ics", ICS, event("one", "SUMMARY:Again")).status == 201
        waiting, _, one = [entry["id"] for entry in run(trash.page("alice"))["entries"]]
        first, second = run(trash.restore([one, waiting], True, "alice"))
        assert first["problem"] == "the trash would lose another entry that is to come back; put that back first"
        assert second == {"id": waiting, "path": WORK + "again%20(2).ics"}
        assert run(trash.restore([one], True, "alice")) == [{"id": one, "path": WORK + "again.ics"}]

    def test_so_many_at_once(self, trial: Trial) -> None:
        trash = bin_of(trial)
        for ids in ([], [1] * 501, [0], [1 << 63]):
            with pytest.raises(HTTPError, match="422"):
                run(trash.restore(ids, False, "alice"))
            with pytest.raises(HTTPError, match="422"):
                run(trash.purge("alice", ids))


class TestPurge:
    """Verifies: docs/operate/backup.md, The trash"""

    def test_what_is_chosen_goes_and_nothing_of_others(self, trial: Trial) -> None:
        trash = bin_of(trial)
        run(fill(trial.store, ["a", "b", "c"]))
        run(fill(trial.store, ["other"], "bob"))
        ids = [entry["id"] for entry in run(trash.page("alice"))["entries"]]
        (other,) = run(trash.page("bob"))["entries"]
        assert run(trash.purge("alice", [ids[0], other["id"], 1, ids[0]])) == 1
        assert [entry["id"] for entry in run(trash.page("alice"))["entries"]] == ids[1:]
        assert run(trash.empty("alice")) == 2
        assert len(run(trash.page("bob"))["entries"]) == 1

    def test_whether_anything_is_kept(self) -> None:
        for limits, keeps in ((TrashLimits(), True), (TrashLimits(days=0), False), (TrashLimits(bytes=0), False)):
            trial = Trial()
            trial.store = MemoryStore(limits)
            assert bin_of(trial).keeps is keeps
