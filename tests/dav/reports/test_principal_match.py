"""principal-match over a memory store.

Verifies: RFC 3744, 9.3
"""

from __future__ import annotations

import pytest

from davd.dav.reports import principal_match
from davd.dav.settings import DavSettings
from davd.http.response import Response
from davd.testing.exchange import Trial
from tests.dav.answers import D, by_href, condition, read
from tests.dav.sharing import ace, add_group, share

HOME = "/files/alice/"
SELF = "<self/>"
OWNER = "<principal-property><owner/></principal-property>"
CONTACT = '<principal-property><x:contact xmlns:x="urn:x"/></principal-property>'


def match(trial: Trial, path: str, content: str, user: str = "alice", **headers: str) -> Response:
    body = f'<principal-match xmlns="DAV:">{content}</principal-match>'.encode()
    return trial.request("REPORT", path, headers, body, user)


def hrefs(trial: Trial, response: Response) -> list[str]:
    answers = read(trial, response)
    assert all(answer.status == 200 for answer in answers)
    return sorted([answer.href for answer in answers])


class TestSelf:
    """Verifies: RFC 3744, 9.3"""

    def test_the_user_and_the_groups_they_are_in(self) -> None:
        trial = Trial()
        add_group(trial, "inner", "alice")
        add_group(trial, "outer", "inner", "bob")
        add_group(trial, "others", "bob")
        own = ["/principals/groups/inner/", "/principals/groups/outer/", "/principals/users/alice/"]
        for path in ("/", "/principals/"):
            assert hrefs(trial, match(trial, path, SELF)) == own
        assert hrefs(trial, match(trial, "/principals/users/", SELF)) == own[2:]
        assert hrefs(trial, match(trial, "/principals/groups/", SELF)) == own[:2]
        assert hrefs(trial, match(trial, HOME, SELF)) == []

    def test_issued_against_a_group(self) -> None:
        trial = Trial()
        add_group(trial, "inner", "alice")
        add_group(trial, "outer", "inner", "bob")
        for name in ("inner", "outer"):
            path = f"/principals/groups/{name}/"
            assert hrefs(trial, match(trial, path, SELF)) == [path]
        assert match(trial, "/principals/groups/inner/", SELF, "bob").status == 207
        assert hrefs(trial, match(trial, "/principals/groups/inner/", SELF, "bob")) == []

    def test_with_properties(self) -> None:
        trial = Trial()
        found = by_href(trial, match(trial, "/principals/", SELF + "<prop><displayname/><getetag/></prop>"))
        answer = found["/principals/users/alice/"]
        assert answer.text(D + "displayname") == "alice"
        assert answer.statuses() == {D + "displayname": 200, D + "getetag": 404}


class TestProperty:
    """Verifies: RFC 3744, 9.3, 9.3.1"""

    def filled(self) -> Trial:
        trial = Trial()
        trial.request("MKCOL", HOME + "d")
        for path in ("a", "d/b"):
            trial.request("PUT", HOME + path, body=b"x")
        trial.request("PUT", "/files/bob/c", body=b"x", user="bob")
        return trial

    def test_what_the_user_owns(self) -> None:
        trial = self.filled()
        assert hrefs(trial, match(trial, HOME, OWNER)) == [HOME + "a", HOME + "d/", HOME + "d/b"]
        assert hrefs(trial, match(trial, HOME + "d/", OWNER)) == [HOME + "d/b"]
        assert HOME in hrefs(trial, match(trial, "/", OWNER))

    def test_nothing_of_others(self) -> None:
        trial = self.filled()
        share(trial, HOME, ace("bob", "read"))
        assert hrefs(trial, match(trial, HOME, OWNER, "bob")) == []
        assert match(trial, "/files/bob/", OWNER).status == 404

    def test_by_a_property_that_clients_set(self) -> None:
        trial = self.filled()
        add_group(trial, "staff", "alice")
        for path, reference in (
            ("a", "/principals/users/alice"),
            ("d", "http://dav.example/principals/groups/staff/"),
            ("d/b", "/principals/users/bob/"),
        ):
            body = (
                '<D:propertyupdate xmlns:D="DAV:"><D:set><D:prop><x:contact xmlns:x="urn:x"><D:href> '
                f"{reference} </D:href></x:contact></D:prop></D:set></D:propertyupdate>"
            )
            assert trial.request("PROPPATCH", HOME + path, {}, body.encode()).status == 207
        found = by_href(trial, match(trial, HOME, CONTACT + "<prop><getetag/></prop>"))
        assert sorted(found) == [HOME + "a", HOME + "d/"]
        assert found[HOME + "a"].statuses() == {D + "getetag": 200}

    def test_in_pages(self, monkeypatch: pytest.MonkeyPatch) -> None:
        trial = self.filled()
        for number in range(20):
            trial.request("PUT", f"{HOME}{number:02}", body=b"x")
        whole = hrefs(trial, match(trial, HOME, OWNER))
        monkeypatch.setattr(principal_match, "PAGE", 3)
        assert hrefs(trial, match(trial, HOME, OWNER)) == whole
        assert sorted(by_href(trial, match(trial, HOME, OWNER + "<prop><owner/></prop>"))) == whole

    def test_trees_that_are_too_large(self) -> None:
        trial = Trial(settings=DavSettings(max_propfind_nodes=3))
        for number in range(4):
            trial.request("PUT", f"{HOME}{number:02}", body=b"x")
        response = match(trial, HOME, OWNER)
        assert (response.status, condition(trial, response)) == (507, D + "number-of-matches-within-limits")


@pytest.mark.parametrize(
    "content",
    [
        "",
        "<prop/>",
        SELF + OWNER,
        SELF * 2,
        "<principal-property/>",
        f"<principal-property>{SELF}{SELF}</principal-property>",
    ],
)
def test_what_is_no_criterion(content: str) -> None:
    assert match(Trial(), "/principals/", content).status == 400


@pytest.mark.parametrize("depth", ["1", "infinity"])
def test_other_depths(depth: str) -> None:
    assert match(Trial(), "/principals/", SELF, Depth=depth).status == 400
