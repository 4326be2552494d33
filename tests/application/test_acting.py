"""What is done in a user's name.

Verifies: docs/architecture.md, One request
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from davd.application.acting import Acting
from davd.dav.settings import DavSettings
from davd.formats.xml.writer import element
from davd.interfaces.store import ITransaction
from davd.model.errors import HTTPError
from davd.testing.exchange import Trial, run
from tests.caldav.calendars import event, trial_with_calendars

HOME = ("calendars", "alice")


@pytest.fixture
def trial() -> Trial:
    return trial_with_calendars(dav=DavSettings(inline_bytes=64))


def act(trial: Trial, work: Callable[[Acting, ITransaction], Awaitable[Any]], user: str = "alice") -> Any:
    acting = Acting(trial.store, trial.registry, trial.settings, user, trial.now)

    async def whole() -> Any:
        async with trial.store.write() as transaction:
            return await work(acting, transaction)

    return run(whole())


def put(*segments: str, data: bytes = b"", headers: dict[str, str] | None = None):
    return lambda acting, transaction: acting.perform(transaction, "PUT", segments, headers, data)


class TestVerbs:
    """Verifies: docs/architecture.md, One request"""

    def test_content_is_checked_and_stored(self, trial):
        assert act(trial, put(*HOME, "calendar", "1.ics", data=event())).status == 201
        assert trial.tree()["/calendars/alice/calendar/1.ics"] == event()

    @pytest.mark.parametrize(
        ("segments", "data", "user", "status"),
        [
            ((*HOME, "calendar", "1.ics"), b"x" * 100, "alice", 403),
            ((*HOME, "none", "1.ics"), event(), "alice", 409),
            ((*HOME, "calendar"), event(), "alice", 405),
            ((*HOME, "calendar", "1.ics"), event(), "bob", 409),
        ],
    )
    def test_what_is_refused_leaves_nothing_behind(self, trial, segments, data, user, status):
        before = trial.tree()
        with pytest.raises(HTTPError) as refused:
            act(trial, put(*segments, data=data), user)
        assert refused.value.status == status
        assert (trial.tree(), trial.store.blobs.names()) == (before, [])

    def test_a_condition_holds(self, trial):
        with pytest.raises(HTTPError) as refused:
            act(trial, put(*HOME, "calendar", "1.ics", data=event(), headers={"if-match": "*"}))
        assert refused.value.status == 412


class TestCollections:
    """Verifies: RFC 5689, 3"""

    def make(self, trial: Trial, *segments: str, properties: tuple[bytes, ...] = ()) -> Any:
        return act(trial, lambda acting, view: acting.make_collection(view, "calendar", segments, properties))

    def test_it_is_made_with_its_properties(self, trial):
        name = element("{DAV:}displayname", "Work", declared=frozenset())
        assert self.make(trial, *HOME, "work", properties=(name,)) == []
        body = trial.read(trial.request("PROPFIND", "/calendars/alice/work/", {"Depth": "0"}))
        assert b"<D:displayname" in body and b"urn:ietf:params:xml:ns:caldav" in body

    def test_what_it_cannot_have_is_told_and_nothing_made(self, trial):
        names = ["{DAV:}displayname", "{DAV:}getetag", "{urn:ietf:params:xml:ns:caldav}max-resource-size"]
        properties = tuple([element(name, "1", declared=frozenset()) for name in names])
        assert set(self.make(trial, *HOME, "work", properties=properties)) == set(names[1:])
        assert "/calendars/alice/work/" not in trial.tree()

    @pytest.mark.parametrize(
        ("segments", "status"),
        [((*HOME, "calendar"), 405), ((*HOME, "none", "work"), 409), ((*HOME, "calendar", "work"), 403)],
    )
    def test_where_none_can_be(self, trial, segments, status):
        with pytest.raises(HTTPError) as refused:
            self.make(trial, *segments)
        assert refused.value.status == status
