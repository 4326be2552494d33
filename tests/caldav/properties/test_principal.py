"""What a principal says of its calendars.

Verifies: RFC 4791, 6.2.1; RFC 6638, 2.4.1, 2.4.2
"""

from __future__ import annotations

import pytest

from davd.model.principal import ROOM, Account
from davd.testing.exchange import run
from tests.caldav.calendars import CS, HOME, C, D, trial_with_calendars
from tests.dav.answers import by_href, prop
from tests.dav.sharing import add_group, add_principal

ALICE = "/principals/users/alice/"
NAMES = [
    C + "calendar-home-set",
    C + "calendar-user-address-set",
    C + "calendar-user-type",
    CS + "email-address-set",
]


def told(trial, path: str = ALICE):
    return by_href(trial, trial.request("PROPFIND", path, {"Depth": "0"}, prop(*NAMES)))[path]


def hrefs(element) -> list[str]:
    return [href.text for href in element.findall(D + "href")]


def with_account(**values):
    trial = trial_with_calendars()

    async def change() -> None:
        async with trial.store.write() as transaction:
            await transaction.update_account(Account("alice", **values))

    run(change())
    return trial


class TestPrincipal:
    """Verifies: RFC 4791, 6.2.1; RFC 6638, 2.4.1, 2.4.2"""

    def test_with_an_address(self):
        found = told(with_account(email="alice+cal@example.com"))
        assert hrefs(found.element(NAMES[0])) == [HOME]
        assert hrefs(found.element(NAMES[1])) == ["mailto:alice+cal@example.com", ALICE]
        assert found.text(NAMES[2]) == "INDIVIDUAL"
        assert [element.text for element in found.element(NAMES[3])] == ["alice+cal@example.com"]

    def test_without_one(self):
        found = told(with_account())
        assert hrefs(found.element(NAMES[1])) == [ALICE]
        assert len(found.element(NAMES[3])) == 0

    @pytest.mark.parametrize("kind", ["group", "room", "resource"])
    def test_a_kind(self, kind):
        found = told(with_account(kind=kind))
        assert found.text(NAMES[2]) == kind.upper()
        # Groups have no homes.
        assert found.statuses()[NAMES[0]] == (404 if kind == "group" else 200)

    @pytest.mark.parametrize("path", ["/", HOME, HOME + "calendar/"])
    def test_nothing_else_has_them(self, path):
        assert told(trial_with_calendars(), path).found() == []


def search(trial, name: str, text: str, user: str = "alice") -> list[str]:
    body = (
        '<D:principal-property-search xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"'
        ' xmlns:S="http://calendarserver.org/ns/" test="anyof">'
        f"<D:property-search><D:prop><{name}/></D:prop><D:match>{text}</D:match></D:property-search>"
        "<D:property-search><D:prop><S:first-name/></D:prop><D:match>nobody</D:match></D:property-search>"
        "<D:prop><D:displayname/><C:calendar-user-address-set/></D:prop></D:principal-property-search>"
    )
    return sorted(by_href(trial, trial.request("REPORT", "/principals/", {}, body.encode(), user)))


class TestSearch:
    """Verifies: RFC 3744, 9.4; RFC 6638, 2.4.1"""

    @pytest.mark.parametrize(
        ("name", "text", "found"),
        [
            ("C:calendar-user-address-set", "mailto:Alice@example.com", True),
            ("C:calendar-user-address-set", "/principals/users/alice/", True),
            ("C:calendar-user-address-set", "bob", False),
            ("C:calendar-user-type", "individual", True),
            ("C:calendar-user-type", "room", False),
            ("S:email-address-set", "example.com", True),
            ("S:email-address-set", "mailto:", False),
        ],
    )
    def test_by_what_calendars_know_of_people(self, name, text, found):
        trial = with_account(email="alice@example.com")
        assert search(trial, name, text) == ([ALICE] if found else [])

    def test_rooms_in_the_same_groups(self):
        trial = trial_with_calendars()
        add_principal(trial, "hall", ROOM, email="hall@example.com")
        assert search(trial, "S:email-address-set", "hall") == []
        add_group(trial, "staff", "alice", "hall")
        assert search(trial, "S:email-address-set", "hall") == ["/principals/rooms/hall/"]
        assert search(trial, "C:calendar-user-type", "room") == ["/principals/rooms/hall/"]
        found = told(trial, "/principals/rooms/hall/")
        assert hrefs(found.element(NAMES[0])) == ["/calendars/hall/"]
