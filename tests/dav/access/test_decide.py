"""The one decision point.

Verifies: RFC 3744, 3, 5.5, 5.5.1
"""

from dataclasses import replace

import pytest

from davd.dav.access.decide import conceal, knows, privileges, visible
from davd.dav.access.privileges import (
    ALL,
    BIND,
    READ,
    READ_ACL,
    READ_FREE_BUSY,
    UNBIND,
    WRITE,
    WRITE_PROPERTIES,
    expand,
)
from davd.model import acl
from davd.model.acl import Ace
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

_READ_ONLY = expand(READ)


def granting(resource, *entries):
    """The resource with entries: pairs of a principal and a privilege."""
    return replace(resource, acl=acl.write(tuple([Ace(principal, (privilege,)) for principal, privilege in entries])))


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

    def test_nothing_below_a_home_belongs_to_nobody(self):
        stray = resource(12, "stray")
        assert privileges(ALICE, [ROOT, FILES, OTHER_HOME, stray]) == set()


class TestGrants:
    """Verifies: RFC 3744, 5.5.1, 5.5.2, 6"""

    @pytest.mark.parametrize(
        ("subject", "principal", "matches"),
        [
            ("name:alice", ALICE, True),
            ("name:alice", Principal("carol"), False),
            ("name:staff", Principal("carol", frozenset({"staff"})), True),
            ("name:staff", Principal("carol", frozenset({"other"})), False),
            # A name stands for one principal; being called like a group's prefix is not being in it.
            ("name:staff", Principal("staff2"), False),
            (acl.AUTHENTICATED, Principal("carol"), True),
            (acl.OWNER, Principal("carol"), False),
            (acl.OWNER, Principal("carol", frozenset({"bob"})), True),
            (acl.SELF, Principal("carol"), False),
        ],
    )
    def test_who_is_meant(self, subject, principal, matches):
        chain = [ROOT, FILES, granting(OTHER_HOME, (subject, READ))]
        assert privileges(principal, chain) == (_READ_ONLY if matches else set())

    def test_what_is_granted_above_counts_below(self):
        home = granting(OTHER_HOME, ("name:alice", READ))
        assert privileges(ALICE, [ROOT, FILES, home, OTHER_NOTE]) == _READ_ONLY
        note = granting(OTHER_NOTE, ("name:alice", BIND))
        assert privileges(ALICE, [ROOT, FILES, home, note]) == _READ_ONLY | {BIND}
        assert privileges(ALICE, [ROOT, FILES, home]) == _READ_ONLY

    def test_what_is_granted_below_does_not_count_above(self):
        note = granting(OTHER_NOTE, ("name:alice", READ))
        assert privileges(ALICE, [ROOT, FILES, OTHER_HOME, note]) == _READ_ONLY
        assert privileges(ALICE, [ROOT, FILES, OTHER_HOME]) == set()

    def test_what_another_owner_granted_above_does_not_count(self):
        above = granting(resource(20, "carols", owner="carol"), ("name:alice", READ))
        assert privileges(ALICE, [ROOT, above, OTHER_HOME]) == set()
        assert privileges(ALICE, [granting(ROOT, ("name:alice", WRITE)), OTHER_HOME]) == set()

    def test_grants_are_added_up(self):
        chain = [ROOT, FILES, granting(OTHER_HOME, ("name:alice", READ), ("name:staff", WRITE), ("name:x", ALL))]
        assert privileges(Principal("alice", frozenset({"staff"})), chain) == expand(READ, WRITE)

    def test_all_is_what_the_owner_may(self):
        chain = [ROOT, FILES, granting(OTHER_HOME, ("name:alice", ALL))]
        assert privileges(ALICE, chain) == expand(ALL) == privileges(Principal("bob"), chain)

    def test_without_reading_nothing_else_is_to_be_had(self):
        assert privileges(ALICE, [ROOT, granting(OTHER_HOME, ("name:alice", WRITE))]) == set()

    def test_free_busy_alone(self):
        """Verifies: RFC 4791, 6.1.1"""
        home = granting(OTHER_HOME, ("name:alice", READ_FREE_BUSY), ("name:alice", BIND))
        assert privileges(ALICE, [ROOT, FILES, home]) == {READ_FREE_BUSY}

    def test_a_privilege_that_is_not_known_any_more_grants_nothing(self):
        home = granting(OTHER_HOME, ("name:alice", "{urn:x}fly"), ("name:alice", READ))
        assert privileges(ALICE, [ROOT, FILES, home]) == _READ_ONLY

    def test_an_own_resource_needs_no_grant(self):
        assert privileges(ALICE, [ROOT, FILES, granting(HOME, ("name:alice", READ))]) == expand(ALL)


class TestPrincipals:
    """Verifies: RFC 3744, 4, 5.5.1"""

    def test_fellows_are_read_and_no_more(self):
        known = Principal("alice", frozenset({"staff"}), frozenset({"bob"}))
        assert privileges(known, [ROOT, PRINCIPALS, USERS, OTHER]) == _READ_ONLY
        assert privileges(Principal("alice", fellows=None), [ROOT, PRINCIPALS, USERS, OTHER]) == _READ_ONLY

    def test_being_a_fellow_opens_no_home(self):
        known = Principal("alice", frozenset({"staff"}), frozenset({"bob"}))
        assert privileges(known, [ROOT, FILES, OTHER_HOME]) == set()

    def test_self_is_the_principal_and_the_members_of_the_group(self):
        group = granting(resource(30, "staff", PRINCIPAL, "staff"), (acl.SELF, READ))
        assert privileges(Principal("carol", frozenset({"staff"})), [ROOT, PRINCIPALS, group]) == _READ_ONLY
        assert privileges(Principal("carol"), [ROOT, PRINCIPALS, group]) == set()

    def test_everybody_knows_themselves(self):
        assert knows(ALICE, "alice")
        assert not knows(ALICE, "bob")


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

    def test_what_may_be_read_is_there_though_its_home_is_not(self):
        shared = granting(resource(11, "shared", owner="bob"), ("name:alice", READ))
        chain = [ROOT, FILES, OTHER_HOME, shared, OTHER_NOTE]
        inside = Node(Path(("files", "bob", "shared", "note.txt")), chain, OTHER_NOTE)
        assert conceal(ALICE, inside) is inside
        absent = Node(Path(("files", "bob", "shared", "none")), chain[:-1], None)
        assert conceal(ALICE, absent) is absent
        beside = Node(Path(("files", "bob", "note.txt")), [*chain[:3], OTHER_NOTE], OTHER_NOTE)
        assert conceal(ALICE, beside) == Node(beside.path, [ROOT, FILES], None)

    def test_free_busy_is_enough_only_where_that_is_asked(self):
        home = granting(OTHER_HOME, ("name:alice", READ_FREE_BUSY))
        node = Node(Path(("files", "bob")), [ROOT, FILES, home], home)
        assert conceal(ALICE, node, READ_FREE_BUSY) is node
        assert conceal(ALICE, node) == Node(node.path, [ROOT, FILES], None)

    def test_an_unmapped_place_in_another_home(self):
        path = Path(("files", "bob", "new"))
        assert conceal(ALICE, Node(path, [ROOT, FILES, OTHER_HOME], None)) == Node(path, [ROOT, FILES], None)


class TestVisible:
    """Verifies: RFC 3744, 5.5"""

    def test_members_of_others_are_left_out(self):
        assert visible(ALICE, [HOME, OTHER_HOME]) == [HOME]
        assert visible(Principal("bob"), [HOME, OTHER_HOME]) == [OTHER_HOME]

    def test_members_inherit_from_the_collection(self):
        home = granting(OTHER_HOME, ("name:alice", READ))
        assert visible(ALICE, [OTHER_NOTE, NOTE], home) == [OTHER_NOTE, NOTE]
        assert visible(ALICE, [OTHER_NOTE, NOTE]) == [NOTE]

    def test_members_with_entries_of_their_own(self):
        granted = granting(OTHER_HOME, ("name:alice", READ))
        busy = granting(resource(21, "carol", owner="carol"), ("name:alice", READ_FREE_BUSY))
        assert visible(ALICE, [granted, busy, HOME], FILES) == [granted, HOME]
        assert visible(ALICE, [granted, busy], FILES, READ_FREE_BUSY) == [granted, busy]
        assert visible(ALICE, [granting(OTHER_HOME, ("name:alice", UNBIND))], FILES) == []

    def test_members_without_owner_are_everybodys(self):
        assert visible(ALICE, [FILES, PRINCIPALS]) == [FILES, PRINCIPALS]
