"""Principals as a client finds them.

Verifies: RFC 5397, 3; RFC 3744, 4, 5.8
"""

from __future__ import annotations

import pytest

from davd.model.principal import Account
from davd.testing.exchange import Trial, run
from tests.dav.answers import by_href, prop

PRINCIPAL = "/principals/users/alice/"


@pytest.mark.parametrize("path", ["/", "/principals/", "/principals/users/", PRINCIPAL, "/files/alice/"])
def test_the_principal_of_who_asks_is_found_from_everywhere(path: str) -> None:
    made = Trial()
    names = ("{DAV:}current-user-principal", "{DAV:}principal-collection-set", "{DAV:}resourcetype")
    answer = by_href(made, made.request("PROPFIND", path, {"Depth": "0"}, prop(*names)))[path]
    assert answer.text("{DAV:}current-user-principal") == PRINCIPAL
    assert answer.text("{DAV:}principal-collection-set") == "/principals/"
    types = [child.tag for child in answer.element("{DAV:}resourcetype")]
    assert types == ["{DAV:}collection", "{DAV:}principal"][: 2 if path == PRINCIPAL else 1]


def test_what_every_principal_has() -> None:
    made = Trial()
    names = ("principal-URL", "alternate-URI-set", "group-membership", "displayname", "group-member-set")
    asked = prop(*[f"{{DAV:}}{name}" for name in names])
    answer = by_href(made, made.request("PROPFIND", PRINCIPAL, {"Depth": "0"}, asked))[PRINCIPAL]
    assert answer.text("{DAV:}principal-URL") == PRINCIPAL
    assert answer.text("{DAV:}alternate-URI-set") == ""
    assert answer.text("{DAV:}group-membership") == ""
    assert answer.text("{DAV:}displayname") == "alice"
    # RFC 3744, 4.3: of groups only.
    assert answer.statuses()["{DAV:}group-member-set"] == 404
    home = by_href(made, made.request("PROPFIND", "/files/alice/", {"Depth": "0"}, asked))["/files/alice/"]
    assert set(home.statuses().values()) == {404}


def test_the_displayname_is_that_of_the_account_until_one_is_stored() -> None:
    made = Trial()

    async def name() -> None:
        async with made.store.write() as transaction:
            await transaction.update_account(Account("alice", display_name="Alice & Co"))

    run(name())

    def shown() -> list[str]:
        found = by_href(made, made.request("PROPFIND", "/principals/users/", {"Depth": "1"}, prop("{DAV:}displayname")))
        return [answer.text("{DAV:}displayname") for answer in found.values() if answer.found()]

    assert shown() == ["Alice & Co"]
    update = b'<propertyupdate xmlns="DAV:"><set><prop><displayname>Al</displayname></prop></set></propertyupdate>'
    assert made.request("PROPPATCH", PRINCIPAL, {}, update).status == 207
    assert shown() == ["Al"]
