"""The one decision point.

Verifies: RFC 3744, 3, 5.5
"""

import pytest

from davd.dav.access.decide import conceal, privileges, visible
from davd.dav.access.privileges import ALL, READ, READ_ACL, READ_CURRENT_USER_PRIVILEGE_SET, WRITE_PROPERTIES, expand
from davd.model.path import Path
from davd.model.principal import Principal
from davd.model.resource import COLLECTION, FILE, PRINCIPAL, Resource
from davd.tree.node import Node

ALICE = Principal("alice")


def resource(number: int, name: str, type: str = COLLECTION, owner: str = "") -> Resource:
    return Resource(number, None, name, type, owner, "", "", 0, 0.0, 0.0, 1, 0, None, "")


ROOT = resource(1, "")
FILES = resource(2, "files")
HOME = resource(3, "alice", owner="alice")
NOTE = resource(4, "note.txt", FILE, "alice")
OTHER_HOME = resource(5, "bob", owner="bob")
OTHER_NOTE = resource(6, "note.txt", FILE, "bob")
PRINCIPALS = resource(7, "principals")
USERS = resource(8, "users")
SELF = resource(9, "alice", PRINCIPAL, "alice")
OTHER = resource(10, "bob", PRINCIPAL, "bob")

_READ_ONLY = {READ, READ_CURRENT_USER_PRIVILEGE_SET}


class TestPrivileges:
    """Verifies: RFC 3744, 3"""

    @pytest.mark.parametrize(
        ("chain", "held"),
        [
            ([ROOT], _READ_ONLY),
            ([ROOT, FILES], _READ_ONLY),
            ([ROOT, PRINCIPALS, USERS], _READ_ONLY),
            ([ROOT, FILES, HOME], expand(ALL)),
            ([ROOT, FILES, HOME, NOTE], expand(ALL)),
            ([ROOT, FILES, OTHER_HOME], set()),
            ([ROOT, FILES, OTHER_HOME, OTHER_NOTE], set()),
            ([ROOT, PRINCIPALS, USERS, SELF], _READ_ONLY | {READ_ACL, WRITE_PROPERTIES}),
            ([ROOT, PRINCIPALS, USERS, OTHER], set()),
            ([], set()),
        ],
    )
    def test_by_place(self, chain, held):
        assert privileges(ALICE, chain) == held

    def test_an_own_resource_below_a_foreign_one_is_still_out_of_reach(self):
        assert privileges(ALICE, [ROOT, FILES, OTHER_HOME, NOTE]) == set()


class TestConceal:
    """Verifies: RFC 4918, 20.1"""

    def test_own_and_shared_nodes_stay_the_same_object(self):
        for chain in ([ROOT, FILES], [ROOT, FILES, HOME, NOTE]):
            node = Node(Path(tuple(r.name for r in chain[1:])), chain, chain[-1])
            assert conceal(ALICE, node) is node

    def test_another_home_looks_like_no_home(self):
        concealed = conceal(ALICE, Node(Path(("files", "bob")), [ROOT, FILES, OTHER_HOME], OTHER_HOME))
        assert concealed == Node(Path(("files", "bob")), [ROOT, FILES], None)
        assert concealed.parent is FILES

    def test_below_another_home_there_is_no_parent(self):
        path = Path(("files", "bob", "note.txt"))
        concealed = conceal(ALICE, Node(path, [ROOT, FILES, OTHER_HOME, OTHER_NOTE], OTHER_NOTE))
        assert concealed == Node(path, [ROOT, FILES], None)
        assert concealed.parent is None

    def test_an_unmapped_place_in_another_home(self):
        path = Path(("files", "bob", "new"))
        assert conceal(ALICE, Node(path, [ROOT, FILES, OTHER_HOME], None)) == Node(path, [ROOT, FILES], None)


class TestVisible:
    """Verifies: RFC 3744, 5.5"""

    def test_members_of_others_are_left_out(self):
        assert visible(ALICE, [HOME, OTHER_HOME]) == [HOME]
        assert visible(Principal("bob"), [HOME, OTHER_HOME]) == [OTHER_HOME]

    def test_members_without_owner_are_everybodys(self):
        assert visible(ALICE, [FILES, PRINCIPALS]) == [FILES, PRINCIPALS]
