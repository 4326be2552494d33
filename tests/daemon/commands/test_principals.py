"""What the commands for all kinds of principals have in common.

Verifies: RFC 3744, 2; docs/architecture.md, Identity
"""

from __future__ import annotations

import pathlib
from typing import Any

import pytest

from davd.model.trash import NEWEST
from tests.daemon.commands.davctl import Davctl

KINDS = ("user", "group", "room", "resource")


@pytest.fixture
def davctl(tmp_path: pathlib.Path) -> Davctl:
    return Davctl(tmp_path)


def make(davctl: Davctl, kind: str, name: str, *words: str) -> None:
    if kind == "user":
        davctl.done("user", "add", name, "--password-file", "-", *words, input="wonderland\n")
    else:
        davctl.done(kind, "create", name, *words)


@pytest.mark.parametrize("kind", KINDS)
class TestChange:
    """Verifies: RFC 3744, 2"""

    def test_what_is_given_is_changed(self, davctl: Davctl, kind: str) -> None:
        make(davctl, kind, "hall", "--email", "old@example.org", "--display-name", "Old")
        for words, listed in (
            (("--email", "new@example.org"), "hall\tnew@example.org\tOld\n"),
            (("--display-name", "New"), "hall\tnew@example.org\tNew\n"),
            (("--email", "", "--display-name", "Great Hall"), "hall\t\tGreat Hall\n"),
            (("--email", "h@example.org", "--display-name", ""), "hall\th@example.org\n"),
        ):
            assert davctl.done(kind, "change", "hall", *words) == "changed hall\n"
            assert davctl.done(kind, "list") == listed

    def test_all_else_stays(self, davctl: Davctl, kind: str) -> None:
        make(davctl, kind, "hall", "--email", "old@example.org")

        async def account(transaction: Any) -> Any:
            return await transaction.account("hall")

        before, places = davctl.ask(account), davctl.places()
        davctl.done(kind, "change", "hall", "--email", "new@example.org")
        after = davctl.ask(account)
        assert (after.password_hash, after.created, after.kind) == (before.password_hash, before.created, before.kind)
        assert davctl.places() == places

    def test_what_cannot_be(self, davctl: Davctl, kind: str) -> None:
        make(davctl, kind, "hall")
        for text in ("hall", "@", "hall@", "@example.org", "a b@example.org", "a@example.org\tb", "a@b\n"):
            assert davctl.refused(kind, "change", "hall", "--email", text) == f"{text!r} is no e-mail address"
        for text in ("a\tb", "a\nb", "\ud800"):
            sentence = davctl.refused(kind, "change", "hall", "--display-name", text)
            assert sentence == f"{text!r} has characters that cannot be kept"
        assert davctl.done(kind, "list") == "hall\n"
        assert davctl(kind, "change", "hall").exit_code == 2
        assert davctl(kind, "change", "--email", "a@example.org").exit_code == 2

    def test_only_its_own_kind(self, davctl: Davctl, kind: str) -> None:
        make(davctl, kind, "hall")
        for other in KINDS:
            word = "account" if other == "user" else other
            if other != kind:
                assert davctl.refused(other, "change", "hall", "--email", "a@example.org") == f"there is no {word} hall"
        assert davctl.done(kind, "list") == "hall\n"

    def test_a_new_one_is_checked_likewise(self, davctl: Davctl, kind: str) -> None:
        words = ("add", "hall", "--password-file", "-") if kind == "user" else ("create", "hall")
        assert davctl.refused(kind, *words, "--email", "hall", input="wonderland\n") == "'hall' is no e-mail address"
        assert not davctl.folder.exists()


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "group"])
class TestRemove:
    """Verifies: RFC 3744, 2; docs/architecture.md, Identity"""

    def test_its_data_are_gone_for_good_where_that_is_said(self, davctl: Davctl, kind: str) -> None:
        for name in ("hall", "yard"):
            make(davctl, kind, name)
            davctl.done("calendar", "create", "work", "--user", name)
            davctl.done("calendar", "remove", "work", "--user", name, "--yes")
        davctl.done(kind, "remove", "hall", "--delete-data")

        async def owners(transaction: Any) -> Any:
            return {each.owner for each in await transaction.trash(None, 0.0, NEWEST, 99)}

        assert davctl.ask(owners) == {"yard"}
