"""`davctl room` and `davctl resource`.

Verifies: RFC 3744, 2; RFC 4791, 6.2.1; docs/architecture.md, Identity
"""

from __future__ import annotations

import pathlib

import pytest

from tests.daemon.commands.davctl import Davctl


@pytest.fixture
def davctl(tmp_path: pathlib.Path) -> Davctl:
    return Davctl(tmp_path)


@pytest.mark.parametrize("kind", ["room", "resource"])
class TestBoth:
    """Verifies: RFC 3744, 2"""

    def test_create_list_remove(self, davctl: Davctl, kind: str) -> None:
        words = ("--display-name", "Great Hall", "--email", "hall@example.org")
        assert davctl.done(kind, "create", "hall", *words) == "created hall\n"
        davctl.done(kind, "create", "annex")
        assert davctl.done(kind, "list") == "annex\nhall\thall@example.org\tGreat Hall\n"
        assert f"/principals/{kind}s/hall" in davctl.places()
        # Files are for people.
        assert "/files/hall" not in davctl.places()
        output = davctl.done(kind, "remove", "hall")
        assert output == f"removed hall; its calendars stay, and a new {kind} of that name would get them\n"
        assert f"/principals/{kind}s/hall" in davctl.places()
        assert davctl.done(kind, "list") == "annex\n"
        davctl.done(kind, "create", "hall")
        assert davctl.done(kind, "remove", "hall", "--delete-data") == "removed hall\n"
        assert not any(place.endswith("/hall") for place in davctl.places())
        assert davctl.done("fsck") == "the store is sound\n"

    def test_what_is_left_behind_is_not_for_others(self, davctl: Davctl, kind: str) -> None:
        davctl.done(kind, "create", "hall")
        davctl.done(kind, "remove", "hall")
        sentence = f"hall was a {kind}, of which /principals/{kind}s/hall/ is still there"
        assert davctl.refused("group", "create", "hall") == sentence
        assert davctl.refused("user", "add", "hall", "--password-file", "-", input="wonderland\n") == sentence

    def test_errors(self, davctl: Davctl, kind: str) -> None:
        davctl.done(kind, "create", "hall")
        assert davctl.refused(kind, "create", "hall") == f"there is a {kind} hall already"
        assert davctl.refused(kind, "remove", "none") == f"there is no {kind} none"
        assert davctl.refused(kind, "create", "a b").startswith(f"a {kind} name has")
        assert davctl(kind, "explode").exit_code == 2

    def test_help_names_what_it_is_about(self, davctl: Davctl, kind: str) -> None:
        output = davctl.done(kind, "--help")
        assert f"Add, change, list and remove {kind}s" in output
