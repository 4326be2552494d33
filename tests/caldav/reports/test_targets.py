"""Which calendars a report is about.

Verifies: RFC 4791, 7.2, 7.8, 7.10
"""

from __future__ import annotations

import pytest

from davd.caldav.extension import make
from davd.caldav.reports.targets import Target, calendars, is_object
from davd.caldav.settings import CalDavSettings
from davd.dav.exchange import Exchange
from davd.dav.registry import Extension, Report
from davd.http.response import Response
from davd.model.errors import HTTPError
from davd.testing.exchange import Trial
from tests.caldav.reports.questions import event

ALL = float("inf")


class Asked:
    """A tree with calendars at three depths, and a report that asks for the targets."""

    def __init__(self) -> None:
        self.levels = 0.0
        self.found: list[Target] = []
        self.object: bool | None = None
        self.rests_on_store = False
        report = Report("{urn:x}targets", self.respond)
        self.tree = Trial(make(CalDavSettings(calendar_name="", tasks_name="")), Extension("x", reports=[report]))
        for path in ("one/", "plain/two/", "plain/deep/three/"):
            for end in range(path.count("/") - 1):
                self.tree.request("MKCOL", "/calendars/alice/" + "/".join(path.split("/")[: end + 1]) + "/")
            assert self.tree.request("MKCALENDAR", "/calendars/alice/" + path).status == 201
        content = event("a", "DTSTART:20260105T100000Z").encode()
        for path in ("/calendars/alice/one/a.ics", "/calendars/alice/plain/a.ics"):
            assert self.tree.request("PUT", path, {"Content-Type": "text/calendar"}, content).status == 201

    async def respond(self, exchange: Exchange) -> Response:
        self.found, self.object = [], None
        self.object = is_object(exchange)
        if not self.object:
            self.found = await calendars(exchange, self.levels)
        self.rests_on_store = exchange.rests_on_store
        return Response(200)

    def ask(self, path: str, levels: float = ALL) -> list[str]:
        self.levels = levels
        response = self.tree.request("REPORT", path, {}, b'<targets xmlns="urn:x"/>')
        if response.status != 200:
            raise HTTPError(response.status)
        return [target.calendar.name for target in self.found]


@pytest.mark.parametrize(
    ("path", "levels", "expected"),
    [
        ("/calendars/alice/one/", 0, ["one"]),
        ("/calendars/alice/one/", ALL, ["one"]),
        ("/calendars/alice/", 0, []),
        ("/calendars/alice/", 1, ["one"]),
        ("/calendars/alice/", 2, ["one", "two"]),
        ("/calendars/alice/", 3, ["one", "two", "three"]),
        ("/calendars/alice/", ALL, ["one", "two", "three"]),
        ("/calendars/alice/plain/", 1, ["two"]),
        ("/calendars/", ALL, ["one", "two", "three"]),
        ("/", ALL, ["one", "two", "three"]),
        ("/", 2, []),
        ("/principals/", ALL, []),
    ],
)
def test_levels(path: str, levels: float, expected: list[str]) -> None:
    asked = Asked()
    assert asked.ask(path, levels) == expected
    # What lies deeper than the members is not in the version of the target.
    assert asked.rests_on_store or not expected or path.endswith("/one/")


def test_hrefs_and_chains() -> None:
    asked = Asked()
    asked.ask("/calendars/alice/")
    assert [target.base for target in asked.found] == [
        "/calendars/alice/one/",
        "/calendars/alice/plain/two/",
        "/calendars/alice/plain/deep/three/",
    ]
    assert [resource.name for resource in asked.found[2].chain[1:]] == ["calendars", "alice", "plain", "deep", "three"]
    asked.ask("/calendars/alice/one/")
    assert not asked.rests_on_store


def test_objects_and_other_files() -> None:
    asked = Asked()
    asked.ask("/calendars/alice/one/a.ics")
    assert asked.object is True
    with pytest.raises(HTTPError) as caught:
        asked.ask("/calendars/alice/plain/a.ics")
    assert caught.value.status == 403


def test_many_members_are_looked_through() -> None:
    asked = Asked()
    for number in range(510):
        asked.tree.request("PUT", f"/calendars/alice/plain/a{number}.txt", {}, b"x")
    assert asked.ask("/calendars/alice/plain/", 1) == ["two"]
