"""`davctl group`.

Verifies: RFC 3744, 2, 4.3; docs/architecture.md, Identity
"""

from __future__ import annotations

import pathlib

import pytest

from davd.model.acl import Ace, parse, write
from tests.daemon.commands.davctl import Davctl


@pytest.fixture
def davctl(tmp_path: pathlib.Path) -> Davctl:
    return Davctl(tmp_path)


class TestGroup:
    """Verifies: RFC 3744, 4.3"""

    def test_create_list_remove(self, davctl: Davctl) -> None:
        words = ("--display-name", "The staff", "--email", "staff@example.org")
        assert davctl.done("group", "create", "staff", *words) == "created staff\n"
        davctl.done("group", "create", "club")
        assert davctl.done("group", "list") == "club\nstaff\tstaff@example.org\tThe staff\n"
        assert davctl.done("user", "list") == ""
        assert "/principals/groups/staff" in davctl.places()
        # A group has no homes.
        assert not any(place.endswith("/staff") and "principals" not in place for place in davctl.places())
        assert davctl.done("group", "remove", "staff") == "removed staff\n"
        assert davctl.done("group", "list") == "club\n"
        assert "/principals/groups/staff" not in davctl.places()
        assert davctl.done("fsck") == "the store is sound\n"

    def test_members(self, davctl: Davctl) -> None:
        for name in ("alice", "bob"):
            davctl.user(name)
        davctl.done("room", "create", "hall")
        davctl.done("group", "create", "inner")
        davctl.done("group", "create", "outer")
        assert davctl.done("group", "members", "outer") == ""
        assert davctl.done("group", "add", "outer", "bob", "alice", "inner") == "bob, alice, inner are in outer\n"
        assert davctl.done("group", "add", "outer", "hall") == "hall is in outer\n"
        assert davctl.done("group", "add", "outer", "bob") == "bob is in outer\n"
        davctl.done("group", "add", "inner", "outer")
        assert davctl.done("group", "members", "outer") == "alice\nbob\nhall\ninner\n"
        assert davctl.done("group", "remove-member", "outer", "bob", "hall") == "bob, hall are not in outer\n"
        assert davctl.done("group", "members", "outer") == "alice\ninner\n"
        davctl.done("user", "remove", "alice", "--delete-data")
        assert davctl.done("group", "members", "outer") == "inner\n"
        davctl.done("group", "remove", "inner")
        assert davctl.done("group", "members", "outer") == ""

    @pytest.mark.parametrize(
        ("words", "sentence"),
        [
            (("group", "create", "alice"), "there is an account alice already"),
            (("group", "create", "staff"), "there is a group staff already"),
            (("group", "create", "hall"), "there is a room hall already"),
            (("group", "create", "a/b"), "a group name has 1 to 64 bytes and no spaces, slashes, colons or quotes"),
            (("group", "remove", "nobody"), "there is no group nobody"),
            (("group", "remove", "alice"), "there is no group alice"),
            (("group", "members", "hall"), "there is no group hall"),
            (("group", "add", "alice", "alice"), "there is no group alice"),
            (("group", "add", "staff", "alice", "nobody"), "there is no account nobody"),
            (("group", "add", "staff", "staff"), "a group cannot be in itself"),
            (("group", "remove-member", "staff", "nobody"), "there is no account nobody"),
            (("room", "create", "staff"), "there is a group staff already"),
            (("resource", "create", "hall"), "there is a room hall already"),
            (("room", "remove", "staff"), "there is no room staff"),
            (("user", "remove", "staff"), "there is no account staff"),
            (("user", "remove", "hall"), "there is no account hall"),
        ],
    )
    def test_errors(self, davctl: Davctl, words: tuple[str, ...], sentence: str) -> None:
        davctl.user("alice")
        davctl.done("group", "create", "staff")
        davctl.done("room", "create", "hall")
        before = davctl.places()
        assert davctl.refused(*words) == sentence
        assert davctl.places() == before
        assert davctl.done("group", "members", "staff") == ""

    @pytest.mark.parametrize("command", ["add", "remove-member", "create", "remove", "members"])
    def test_missing_words(self, davctl: Davctl, command: str) -> None:
        davctl.done("group", "create", "staff")
        assert davctl("group", command).exit_code == 2

    def test_a_mistyped_folder_is_told_and_not_made(self, davctl: Davctl) -> None:
        for words in (("list",), ("members", "x"), ("remove", "x"), ("add", "x", "y")):
            assert davctl.refused("group", *words) == f"there is no store in {davctl.folder}"
        assert not davctl.folder.exists()


class TestUsers:
    """Verifies: docs/architecture.md, Identity"""

    @pytest.mark.parametrize("kind", ["group", "room", "resource"])
    def test_users_cannot_have_the_name_of_something_else(self, davctl: Davctl, kind: str) -> None:
        davctl.done(kind, "create", "hall")
        words = ("hall", "--password-file", "-")
        assert davctl.refused("user", "add", *words, input="wonderland\n") == f"there is a {kind} hall already"
        assert davctl.refused("user", "passwd", *words, input="wonderland\n") == "there is no account hall"
        assert davctl.done("user", "list") == ""

    @pytest.mark.parametrize("name", ["users", "files", "principals"])
    def test_users_may_be_called_like_collections(self, davctl: Davctl, name: str) -> None:
        davctl.user("alice")
        before = davctl.places()
        davctl.user(name)
        davctl.done("user", "remove", name, "--delete-data")
        assert davctl.places() == before
        assert davctl.done("fsck") == "the store is sound\n"


class TestGrants:
    """Verifies: RFC 3744, 5.5"""

    def test_they_end_with_the_principal(self, davctl: Davctl) -> None:
        for name in ("alice", "bob", "carol"):
            davctl.user(name)
        davctl.done("group", "create", "staff")
        entries = write(tuple([Ace(f"name:{name}", ("{DAV:}read",)) for name in ("bob", "staff", "carol")]))

        async def grant(transaction: object) -> None:
            home = (await transaction.resolve(("files", "alice")))[-1]  # type: ignore[attr-defined]
            await transaction.set_acl(home, entries, 1_700_000_000.0)  # type: ignore[attr-defined]

        async def granted(transaction: object) -> list[str]:
            home = (await transaction.resolve(("files", "alice")))[-1]  # type: ignore[attr-defined]
            return [entry.principal for entry in parse(home.acl)]

        davctl.ask(grant)
        davctl.done("group", "remove", "staff")
        davctl.done("user", "remove", "bob")
        assert davctl.ask(granted) == ["name:carol"]
        # A new one of that name begins with nothing.
        davctl.user("bob")
        assert davctl.ask(granted) == ["name:carol"]
