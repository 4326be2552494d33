"""MKCOL.

Verifies: RFC 4918, 9.3; RFC 5689, 3
"""

import pytest
from lxml import etree

from tests.dav.answers import by_href, prop
from tests.dav.locking import LOCKED, error, taken

HOME = "/files/alice/"
DIR = HOME + "dir/"
XML = {"Content-Type": "application/xml"}
D = "{DAV:}"


def body(*types: str, properties: str = "") -> bytes:
    kinds = "".join(f"<D:{kind}/>" for kind in types)
    kinds = f"<D:resourcetype>{kinds}</D:resourcetype>" if types else ""
    return f'<D:mkcol xmlns:D="DAV:"><D:set><D:prop>{kinds}{properties}</D:prop></D:set></D:mkcol>'.encode()


def told(trial, response) -> dict[str, tuple[int, str | None]]:
    """Status and condition by property in a DAV:mkcol-response."""
    root = etree.fromstring(trial.read(response))
    assert root.tag == D + "mkcol-response"
    found = {}
    for propstat in root.findall(D + "propstat"):
        error = propstat.find(D + "error")
        outcome = (int(propstat.findtext(D + "status").split()[1]), None if error is None else str(error[0].tag))
        found |= {str(element.tag): outcome for element in propstat.find(D + "prop")}
    return found


class TestPlain:
    """Verifies: RFC 4918, 9.3, 9.3.1"""

    @pytest.mark.parametrize("path", [DIR, DIR[:-1]])
    def test_a_new_one(self, trial, path):
        assert trial.request("MKCOL", path).status == 201
        assert trial.tree()[DIR] is None

    def test_where_something_is(self, trial):
        trial.request("PUT", HOME + "note", body=b"x")
        for path in (HOME, HOME + "note", HOME + "note/", "/files/"):
            response = trial.request("MKCOL", path)
            assert response.status == 405
            assert "MKCOL" not in response.headers["Allow"]

    def test_without_a_parent(self, trial):
        trial.request("PUT", HOME + "note", body=b"x")
        assert trial.request("MKCOL", HOME + "none/dir").status == 409
        assert trial.request("MKCOL", HOME + "note/dir").status == 409

    def test_above_the_homes(self, trial):
        assert trial.request("MKCOL", "/dir").status == 403
        assert trial.request("MKCOL", "/files/carol").status == 403
        assert trial.request("MKCOL", "/principals/users/alice/dir").status == 403

    @pytest.mark.parametrize("headers", [{"Content-Type": "text/plain"}, {}, {"Content-Type": "xzy-foo/bar-512"}])
    def test_a_body_of_another_kind(self, trial, headers):
        assert trial.request("MKCOL", DIR, headers, b"afafafaf").status == 415
        assert DIR not in trial.tree()

    def test_in_a_locked_collection(self, trial):
        token = taken(trial, HOME)
        assert error(trial, trial.request("MKCOL", DIR)) == (*LOCKED, [HOME])
        assert trial.request("MKCOL", DIR, {"If": f"<{HOME}> (<{token}>)"}).status == 201

    def test_on_condition(self, trial):
        assert trial.request("MKCOL", DIR, {"If-Match": "*"}).status == 412
        assert trial.request("MKCOL", DIR, {"If-None-Match": "*"}).status == 201


class TestExtended:
    """Verifies: RFC 5689, 3, 3.1, 4, 5.1, 5.2"""

    def test_with_properties(self, trial):
        sent = body("collection", properties='<x xmlns="urn:x">y</x><D:displayname>Name</D:displayname>')
        assert trial.request("MKCOL", DIR, XML, sent).status == 201
        found = by_href(trial, trial.request("PROPFIND", DIR, {"Depth": "0"}, prop("{urn:x}x", D + "displayname")))
        assert found[DIR].text("{urn:x}x") == "y"
        assert found[DIR].text(D + "displayname") == "Name"

    def test_without_a_type(self, trial):
        assert trial.request("MKCOL", DIR, XML, body()).status == 201

    @pytest.mark.parametrize("types", [("principal",), ("collection", "principal"), ("collection", "unknown")])
    def test_a_type_nobody_can_make(self, trial, types):
        response = trial.request("MKCOL", DIR, XML, body(*types, properties="<D:displayname>n</D:displayname>"))
        assert response.status == 403
        assert told(trial, response) == {
            D + "resourcetype": (403, D + "valid-resourcetype"),
            D + "displayname": (424, None),
        }
        assert DIR not in trial.tree()

    def test_a_property_that_cannot_be_set(self, trial):
        response = trial.request("MKCOL", DIR, XML, body("collection", properties="<D:getetag>x</D:getetag>"))
        assert response.status == 403
        assert told(trial, response) == {
            D + "resourcetype": (424, None),
            D + "getetag": (403, D + "cannot-modify-protected-property"),
        }
        assert DIR not in trial.tree()

    def test_several_reasons(self, trial):
        properties = "<D:getetag>x</D:getetag>" + '<x xmlns="urn:x">' + "x" * 70_000 + "</x>"
        response = trial.request("MKCOL", DIR, XML, body("collection", properties=properties))
        assert response.status == 424
        assert {status for status, _ in told(trial, response).values()} == {403, 424, 507}
        assert DIR not in trial.tree()

    def test_another_root(self, trial):
        assert trial.request("MKCOL", DIR, XML, b'<propfind xmlns="DAV:"/>').status == 415
        assert trial.request("MKCOL", DIR, XML, b"<open").status == 400
        assert DIR not in trial.tree()
