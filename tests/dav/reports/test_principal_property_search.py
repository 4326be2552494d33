"""principal-property-search over a memory store.

Verifies: RFC 3744, 9.4
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

import pytest

from davd.dav.registry import Extension, LiveProperty, Search
from davd.dav.settings import DavSettings
from davd.http.response import Response
from davd.model.principal import INDIVIDUAL, RESOURCE, ROOM
from davd.testing.exchange import Trial
from tests.dav.answers import D, by_href, read
from tests.dav.sharing import add_group, add_principal, describe, set_members
from tests.dav.watched import Watch

NAME = D + "displayname"
MAIL = "{urn:x}mail"

EXTENSION = Extension(
    "mail",
    properties=[
        LiveProperty(
            MAIL,
            lambda view, row: None,
            in_allprop=False,
            search=Search("Address", lambda exchange, account: (account.email,) if account.email else ()),
        )
    ],
)


def criterion(text: str, *names: str, how: str = "") -> str:
    held = "".join([f'<x:{name[7:]} xmlns:x="urn:x"/>' if name.startswith("{urn") else f"<{name}/>" for name in names])
    return f"<property-search><prop>{held}</prop><match{how}>{text}</match></property-search>"


def search(
    trial: Trial,
    *criteria: str,
    path: str = "/principals/",
    user: str = "alice",
    attributes: str = "",
    more: str = "<prop><displayname/></prop>",
    **headers: str,
) -> Response:
    body = f'<principal-property-search xmlns="DAV:" {attributes}>{"".join(criteria)}{more}</principal-property-search>'
    return trial.request("REPORT", path, headers, body.encode(), user)


def found(trial: Trial, response: Response) -> list[str]:
    """The names of the principals in an answer, in its order."""
    return [answer.href.split("/")[-2] for answer in read(trial, response)]


def peopled(principal_search: str = "groups") -> Trial:
    """Staff: alice, bob, the hall, and by the group inner carol; dave is in another group, eve in none."""
    trial = Trial(EXTENSION, settings=DavSettings(principal_search=principal_search))
    for name in ("carol", "dave", "eve"):
        add_principal(trial, name, INDIVIDUAL)
    add_principal(trial, "hall", ROOM, display_name="Great Hall")
    add_principal(trial, "beamer", RESOURCE, display_name="Beamer of the hall")
    describe(trial, "alice", display_name="Alice Liddell", email="alice@example.org")
    describe(trial, "bob", display_name="Bob Staff", email="bob@example.org")
    describe(trial, "carol", display_name="Ca\u0301rol Ångström")
    describe(trial, "dave", display_name="Dave Staff", email="dave@example.org")
    add_group(trial, "inner", "carol")
    add_group(trial, "staff", "alice", "bob", "hall", "inner")
    add_group(trial, "others", "dave", "beamer")
    return trial


class TestWho:
    """Verifies: RFC 3744, 5.8, 9.4"""

    def test_people_in_the_same_groups_only(self) -> None:
        trial = peopled()
        assert found(trial, search(trial, criterion("", "displayname"))) == [
            "alice", "bob", "carol", "hall", "inner", "staff",
        ]  # fmt: skip
        assert found(trial, search(trial, criterion("", "displayname"), user="dave")) == ["beamer", "dave", "others"]
        assert found(trial, search(trial, criterion("", "displayname"), user="eve")) == ["eve"]

    def test_everybody_when_that_is_set(self) -> None:
        trial = peopled("all")
        everybody = ["alice", "beamer", "bob", "carol", "dave", "eve", "hall", "inner", "others", "staff"]
        assert found(trial, search(trial, criterion("", "displayname"), user="eve")) == everybody

    def test_who_is_found_can_be_read_and_nobody_else(self) -> None:
        for setting in ("groups", "all"):
            trial = peopled(setting)
            hits = found(trial, search(trial, criterion("", "displayname")))
            for name, segment in [*[(name, "users") for name in ("bob", "carol", "dave", "eve")], ("hall", "rooms"),
                                  ("beamer", "resources"), ("staff", "groups"), ("others", "groups")]:  # fmt: skip
                response = trial.request("PROPFIND", f"/principals/{segment}/{name}/", {"Depth": "0"})
                assert (response.status == 207) == (name in hits), name

    def test_a_member_who_left_is_not_found_any_more(self) -> None:
        trial = peopled()
        add_group(trial, "pair", "alice", "eve")
        assert "eve" in found(trial, search(trial, criterion("", "displayname")))
        set_members(trial, "pair", "alice")
        assert "eve" not in found(trial, search(trial, criterion("", "displayname")))


class TestMatching:
    """Verifies: RFC 3744, 9.4, 9.4.1"""

    @pytest.mark.parametrize(
        ("criteria", "attributes", "expected"),
        [
            ([criterion("STAFF", "displayname")], "", ["bob", "staff"]),
            ([criterion("liddel", "displayname")], "", ["alice"]),
            ([criterion("\u00c1ROL", "displayname")], "", ["carol"]),
            ([criterion("a\u030angstr", "displayname")], "", ["carol"]),
            ([criterion("example.org", MAIL)], "", ["alice", "bob"]),
            ([criterion("bob", "displayname", MAIL)], "", ["bob"]),
            ([criterion("staff", "displayname", MAIL)], "", []),
            ([criterion("staff", "displayname"), criterion("bob@", MAIL)], "", ["bob"]),
            ([criterion("staff", "displayname"), criterion("bob@", MAIL)], 'test="allof"', ["bob"]),
            ([criterion("liddell", "displayname"), criterion("bob@", MAIL)], 'test="anyof"', ["alice", "bob"]),
            ([criterion("", "displayname")], 'type="ROOM"', ["hall"]),
            ([criterion("", "displayname")], 'type="individual"', ["alice", "bob", "carol"]),
            ([criterion("", "displayname")], 'type="NONE"', []),
            ([criterion("bob", "displayname", how=' match-type="starts-with"')], "", ["bob"]),
            ([criterion("staff", "displayname", how=' match-type="starts-with"')], "", ["staff"]),
            ([criterion("staff", "displayname", how=' match-type="ends-with"')], "", ["bob", "staff"]),
            ([criterion("staff", "displayname", how=' match-type="equals"')], "", ["staff"]),
            # "A search requesting properties that are not searchable for a particular principal will not match".
            ([criterion("", "getetag")], "", []),
            ([criterion("", "displayname", "getetag")], "", []),
            ([criterion("", "{urn:x}unknown")], "", []),
            ([criterion("", MAIL)], "", ["alice", "bob"]),
        ],
    )
    def test_each(self, criteria: Sequence[str], attributes: str, expected: list[str]) -> None:
        trial = peopled()
        assert found(trial, search(trial, *criteria, attributes=attributes)) == expected

    def test_a_principal_without_a_name_is_found_by_what_is_shown(self) -> None:
        trial = peopled()
        response = search(trial, criterion("EVE", "displayname"), user="eve")
        assert by_href(trial, response)["/principals/users/eve/"].text(NAME) == "eve"


class TestWhere:
    """Verifies: RFC 3744, 9.4"""

    @pytest.mark.parametrize(
        ("path", "expected"),
        [
            ("/", 6),
            ("/principals/", 6),
            ("/principals", 6),
            ("/principals/users/", 3),
            ("/principals/rooms/", 1),
            ("/principals/groups/", 2),
            ("/principals/resources/", 0),
            ("/principals/users/alice/", 0),
            ("/files/", 0),
            ("/files/alice/", 0),
        ],
    )
    def test_below_the_request_uri(self, path: str, expected: int) -> None:
        trial = peopled()
        assert len(found(trial, search(trial, criterion("", "displayname"), path=path))) == expected
        everywhere = "<prop><displayname/></prop><apply-to-principal-collection-set/>"
        assert len(found(trial, search(trial, criterion("", "displayname"), path=path, more=everywhere))) == 6

    def test_hrefs_have_the_prefix(self) -> None:
        trial = Trial(settings=DavSettings(prefix="/dav"))
        response = search(trial, criterion("", "displayname"), path="/dav/principals/")
        assert [answer.href for answer in read(trial, response)] == ["/dav/principals/users/alice/"]


class TestAnswer:
    """Verifies: RFC 3744, 9.4"""

    def test_properties_are_those_of_propfind(self) -> None:
        trial = peopled()
        asked = "<prop><displayname/><principal-URL/><resourcetype/><owner/><group-membership/><getetag/></prop>"
        response = search(trial, criterion("bob", "displayname"), more=asked)
        (told,) = read(trial, response)
        body = f'<propfind xmlns="DAV:">{asked}</propfind>'.encode()
        (expected,) = read(trial, trial.request("PROPFIND", "/principals/users/bob/", {"Depth": "0"}, body))
        assert told.statuses() == expected.statuses()
        for name in told.found():
            assert told.text(name) == expected.text(name)
        assert told.text(D + "principal-URL") == "/principals/users/bob/"
        assert told.text(D + "group-membership") == "/principals/groups/staff/"

    def test_without_properties_who_is_there(self) -> None:
        trial = peopled()
        answers = read(trial, search(trial, criterion("", "displayname"), more=""))
        assert [answer.status for answer in answers] == [200] * 6

    def test_nobody(self) -> None:
        trial = peopled()
        assert read(trial, search(trial, criterion("zebra", "displayname"))) == []

    def test_more_than_there_is_room_for(self) -> None:
        trial = Trial(settings=DavSettings(principal_search="all", max_principal_results=3))
        for number in range(5):
            add_principal(trial, f"p{number}", INDIVIDUAL)
        answers = read(trial, search(trial, criterion("p", "displayname")))
        assert [answer.href for answer in answers[:3]] == [f"/principals/users/p{number}/" for number in range(3)]
        (last,) = answers[3:]
        assert (last.href, last.status) == ("/principals/", 507)
        assert last.condition == D + "number-of-matches-within-limits"

    def test_long_answers_are_streamed(self) -> None:
        trial = Trial(settings=DavSettings(principal_search="all"))
        for number in range(300):
            add_principal(trial, f"p{number:03}", INDIVIDUAL)
        response = search(trial, criterion("p", "displayname"))
        assert isinstance(response.body, AsyncIterator)
        assert found(trial, response) == [f"p{number:03}" for number in range(300)]

    def test_without_criteria(self) -> None:
        """Everybody of whom one may know."""
        trial = Trial(settings=DavSettings(principal_search="all"))
        for name in ("a", "b"):
            add_principal(trial, name, INDIVIDUAL)
        assert found(trial, search(trial, "")) == ["a", "alice", "b", "bob"]

    @pytest.mark.parametrize(
        ("criteria", "attributes"),
        [
            ("<property-search/>", ""),
            ("<property-search><prop/><match>a</match></property-search>", ""),
            (criterion("a", "displayname"), 'test="most"'),
            (criterion("a", "displayname", how=' match-type="like"'), ""),
            (criterion("a" * 1001, "displayname"), ""),
            (criterion("a", "displayname") * 51, ""),
        ],
    )
    def test_what_is_no_search(self, criteria: str, attributes: str) -> None:
        assert search(peopled(), criteria, attributes=attributes).status == 400

    @pytest.mark.parametrize("depth", ["1", "infinity"])
    def test_other_depths(self, depth: str) -> None:
        assert search(peopled(), criterion("", "displayname"), Depth=depth).status == 400

    def test_not_on_files(self) -> None:
        trial = peopled()
        trial.request("PUT", "/files/alice/a", {}, b"x")
        assert search(trial, criterion("", "displayname"), path="/files/alice/a").status == 403


def test_many_accounts_are_looked_at_in_turns() -> None:
    """The answer is the same, and others have their turn meanwhile."""
    trial = peopled("all")
    for number in range(600):
        add_principal(trial, f"u{number:03}", INDIVIDUAL, display_name=f"Number {number}")
    watch = Watch(trial)
    assert found(trial, search(trial, criterion("number 5", "displayname"))) == [
        "u005",
        *[f"u{number:03}" for number in range(50, 60)],
        *[f"u{number:03}" for number in range(500, 600)],
    ]
    assert watch.paces >= 3
    trial.settings.max_principal_results = 2
    answer = search(trial, criterion("number 5", "displayname"))
    assert answer.status == 207 and [status for status in statuses(trial, answer) if status == 507] == [507]
    assert found(trial, search(trial, criterion("nobody is called so", "displayname"))) == []


def statuses(trial: Trial, response: Response) -> list[int | None]:
    """The statuses of the responses themselves."""
    return [answer.status for answer in read(trial, response)]
