"""Objects that each have a UID of their own in their collection, by a toy: the first line of a note is its UID.

Verifies: RFC 4791, 4.1, 5.3.2.1; RFC 6352, 5.1, 6.3.2.1
"""

from __future__ import annotations

import pytest

from davd.dav.exchange import Exchange
from davd.dav.registry import CollectionType, Extension, Member
from davd.dav.uids import require_own_uid
from davd.model.index import ObjectIndex
from davd.model.resource import NewContent, Resource
from davd.testing.exchange import Trial
from tests.dav.locking import error
from tests.dav.sharing import ace, share

HOME = "/files/alice/"
ROLL = HOME + "roll/"
CONFLICT = "{urn:toy}no-uid-conflict"


async def _check(exchange: Exchange, roll: Resource, member: Member) -> NewContent | None:
    content = member.content
    assert content is not None and content.data is not None
    uid = content.data.partition(b"\n")[0].decode()
    await require_own_uid(exchange, roll, member, uid, CONFLICT)
    content.index = ObjectIndex(uid, "NOTE")
    return None


@pytest.fixture
def trial() -> Trial:
    kind = CollectionType("roll", ("{DAV:}collection", "{urn:toy}roll"), None, _check)
    made = Trial(Extension("toy", collection_types=[kind]))
    kinds = b'<resourcetype><collection/><roll xmlns="urn:toy"/></resourcetype>'
    body = b'<mkcol xmlns="DAV:"><set><prop>' + kinds + b"</prop></set></mkcol>"
    for path in (ROLL, HOME + "other/"):
        assert made.request("MKCOL", path, {"Content-Type": "application/xml"}, body).status == 201
    assert made.request("PUT", ROLL + "a", {}, b"1\nold").status == 201
    return made


def test_a_new_one(trial):
    assert trial.request("PUT", ROLL + "b", {}, b"2").status == 201


def test_of_another(trial):
    assert error(trial, trial.request("PUT", ROLL + "b", {}, b"1")) == (409, CONFLICT, [ROLL + "a"])
    assert error(trial, trial.request("COPY", ROLL + "a", {"Destination": ROLL + "b"})) == (409, CONFLICT, [ROLL + "a"])


def test_new_content(trial):
    assert trial.request("PUT", ROLL + "a", {}, b"1\nnew").status == 204
    assert error(trial, trial.request("PUT", ROLL + "a", {}, b"2")) == (409, CONFLICT, [ROLL + "a"])


def test_another_name(trial):
    assert trial.request("MOVE", ROLL + "a", {"Destination": ROLL + "b"}).status == 201
    assert trial.request("PUT", ROLL + "a", {}, b"2").status == 201
    assert error(trial, trial.request("MOVE", ROLL + "a", {"Destination": ROLL + "b"})) == (409, CONFLICT, [ROLL + "b"])


def test_another_collection(trial):
    assert trial.request("COPY", ROLL + "a", {"Destination": HOME + "other/a"}).status == 201
    response = trial.request("MOVE", ROLL + "a", {"Destination": HOME + "other/b"})
    assert error(trial, response) == (409, CONFLICT, [HOME + "other/a"])
    assert trial.request("MOVE", ROLL + "a", {"Destination": HOME + "other/a"}).status == 204


def test_what_may_not_be_seen_is_not_named(trial):
    """Verifies: RFC 3744, 3.1; RFC 4791, 5.3.2.1"""
    assert trial.request("PUT", ROLL + "b", {}, b"2").status == 201
    share(trial, ROLL + "b", ace("bob", "read", "write-content"))
    assert error(trial, trial.request("PUT", ROLL + "b", {}, b"1", "bob")) == (409, CONFLICT, [])
    share(trial, ROLL + "a", ace("bob", "read"))
    assert error(trial, trial.request("PUT", ROLL + "b", {}, b"1", "bob")) == (409, CONFLICT, [ROLL + "a"])
    share(trial, ROLL + "a")
    # What one overwrites is named when no other is there.
    assert error(trial, trial.request("PUT", ROLL + "b", {}, b"3", "bob")) == (409, CONFLICT, [ROLL + "b"])


def test_it_is_free_again_after_a_removal(trial):
    trial.request("DELETE", ROLL + "a")
    assert trial.request("PUT", ROLL + "b", {}, b"1").status == 201
