"""Where a collection stands, and what can be asked of a resource.

Verifies: RFC 6578, 4; RFC 3253, 3.1.3, 3.1.5
"""

from __future__ import annotations

from davd.testing.exchange import Trial
from tests.dav.answers import Answer, by_href, prop

HOME = "/files/alice/"
TOKEN = "{DAV:}sync-token"
CTAG = "{http://calendarserver.org/ns/}getctag"
METHODS = "{DAV:}supported-method-set"


def look(made: Trial, path: str = HOME) -> Answer:
    return by_href(made, made.request("PROPFIND", path, {"Depth": "0"}, prop(TOKEN, CTAG, METHODS)))[path]


def test_token_and_ctag_change_when_a_member_does_and_only_then() -> None:
    made = Trial()
    seen = [look(made).text(TOKEN)]
    assert look(made).text(CTAG)
    for method, path, body in [
        ("PUT", HOME + "a", b"1"),
        ("PUT", HOME + "a", b"2"),
        ("MKCOL", HOME + "c/", b""),
        ("DELETE", HOME + "a", b""),
    ]:
        ctag = look(made).text(CTAG)
        made.request(method, path, {}, body)
        assert look(made).text(CTAG) != ctag
        seen.append(look(made).text(TOKEN))
    assert len(set(seen)) == len(seen)
    made.request("PUT", HOME + "c/inner", {}, b"3")
    made.request("GET", HOME)
    assert look(made).text(TOKEN) == seen[-1]


def test_a_collection_made_anew_has_another_token() -> None:
    made = Trial()
    path = HOME + "c/"
    made.request("MKCOL", path)
    before = look(made, path).text(TOKEN)
    made.request("DELETE", path)
    made.request("MKCOL", path)
    assert look(made, path).text(TOKEN) != before


def test_files_have_neither() -> None:
    made = Trial()
    made.request("PUT", HOME + "a", {}, b"1")
    assert look(made, HOME + "a").statuses() == {TOKEN: 404, CTAG: 404, METHODS: 200}


def test_the_methods_are_those_of_allow() -> None:
    made = Trial()
    made.request("PUT", HOME + "a", {}, b"1")
    for path in (HOME, HOME + "a"):
        names = [str(child.get("name")) for child in look(made, path).element(METHODS)]
        allowed = made.request("OPTIONS", path).headers["Allow"].split(", ")
        # OPTIONS on a collection also names what makes members of it.
        assert names == [name for name in allowed if name != "MKCOL"]


def test_the_ctag_of_a_home_changes_with_the_members_of_its_members() -> None:
    made = Trial()
    made.request("MKCOL", HOME + "c/")
    seen = {look(made).text(CTAG)}
    for method, path in [
        ("PUT", HOME + "c/a"),
        ("PUT", HOME + "c/a"),
        ("DELETE", HOME + "c/a"),
        ("MKCOL", HOME + "d/"),
    ]:
        token = look(made).text(TOKEN)
        made.request(method, path, {}, b"x" if method == "PUT" else b"")
        seen.add(look(made).text(CTAG))
        assert (look(made).text(TOKEN) == token) == (method != "MKCOL")
    assert len(seen) == 5


def test_the_ctag_of_a_home_changes_with_what_lies_deeper() -> None:
    made = Trial()
    for path in ("c/", "c/d/", "c/d/e/"):
        made.request("MKCOL", HOME + path)
    seen = {look(made).text(CTAG)}
    token = look(made).text(TOKEN)
    for method, path in [
        ("PUT", "c/d/e/a"),
        ("PUT", "c/d/b"),
        ("DELETE", "c/d/e/a"),
        ("DELETE", "c/d/e/"),
        ("MKCOL", "c/d/e/"),
    ]:
        made.request(method, HOME + path, {}, b"x" if method == "PUT" else b"")
        seen.add(look(made).text(CTAG))
    assert (len(seen), look(made).text(TOKEN)) == (6, token)
    before = look(made, HOME + "c/d/e/").text(CTAG)
    made.request("PUT", HOME + "elsewhere", {}, b"x")
    assert look(made, HOME + "c/d/e/").text(CTAG) == before


def test_of_too_many_collections_any_commit_may_have_changed_one() -> None:
    made = Trial()
    for number in range(1001):
        made.request("MKCOL", f"{HOME}{number}/")
    before = look(made).text(CTAG)
    assert look(made).text(CTAG) == before
    made.request("PUT", HOME + "1000/x", {}, b"x")
    assert look(made).text(CTAG) != before
