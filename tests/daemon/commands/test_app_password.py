"""`davctl app-password`: passwords for devices are made, listed and revoked.

Verifies: docs/operate/operate.md, App passwords
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from davd.authentication.app_passwords import digest, named_in
from davd.model.principal import AppPassword
from tests.daemon.commands.davctl import Davctl

COMMAND = "app-password"


@pytest.fixture
def davctl(tmp_path: Path) -> Davctl:
    """The users ann and bob and the room attic."""
    davctl = Davctl(tmp_path)
    davctl.user("ann")
    davctl.user("bob")
    davctl.done("room", "create", "attic")
    return davctl


def kept(davctl: Davctl, name: str = "ann") -> list[AppPassword]:
    """What the store has of an account."""
    found: list[AppPassword] = davctl.ask(lambda transaction: transaction.app_passwords(name))
    return found


def wrong(davctl: Davctl, *words: str) -> str:
    """What is said of a command line that cannot be."""
    result = davctl(COMMAND, *words)
    assert result.exit_code == 2
    return result.output


def test_it_is_printed_once_and_kept_as_a_digest(davctl: Davctl) -> None:
    password = davctl.done(COMMAND, "create", "ann", "--label", "phone").rstrip("\n")
    (one,) = kept(davctl)
    assert one == AppPassword(named_in(password) or "", "ann", "phone", digest(password), one.created)
    told = json.loads(davctl.done(COMMAND, "create", "bob", "--json"))
    (bobs,) = kept(davctl, "bob")
    assert told == {
        "id": bobs.id, "account": "bob", "label": "", "created": bobs.created, "expires": None,
        "password": told["password"],
    }  # fmt: skip
    assert digest(told["password"]) == bobs.hash
    for words in (["list", "ann"], ["list", "ann", "--json"], ["list", "bob", "--json"]):
        assert password not in (said := davctl.done(COMMAND, *words)) and told["password"] not in said


@pytest.mark.parametrize(
    ("text", "seconds"), [("12h", 12 * 3600), ("90d", 90 * 86400), ("2w", 14 * 86400), ("9999w", 9999 * 7 * 86400)]
)
def test_it_ends_after_a_time(davctl: Davctl, text: str, seconds: int) -> None:
    davctl.done(COMMAND, "create", "ann", "--expires", text)
    (one,) = kept(davctl)
    assert one.expires == pytest.approx(one.created + seconds, abs=1e-3)


def test_it_ends_at_a_date(davctl: Davctl) -> None:
    davctl.done(COMMAND, "create", "ann", "--expires", "2999-12-31T23:00:00Z")
    assert kept(davctl)[0].expires == 32503676400.0


@pytest.mark.parametrize("text", ["", "soon", "0d", "d", "-1d", "90", "90 d", "12345d", "2999-13-01", "1999-01-01"])
def test_an_end_that_cannot_be(davctl: Davctl, text: str) -> None:
    assert repr(text) in (said := wrong(davctl, "create", "ann", "--expires", text)) or "is over already" in said
    assert kept(davctl) == []


def test_they_are_listed_the_oldest_first(davctl: Davctl) -> None:
    passwords = [
        AppPassword("second", "ann", "", "a" * 64, 86400.0, 90000.0, 1e11),
        AppPassword("first0", "ann", "Ann's phone", "b" * 64, 0.0),
        AppPassword("third0", "ann", "old", "c" * 64, 172800.0, None, 172801.0),
    ]

    async def add(transaction: Any) -> None:
        for password in passwords:
            await transaction.add_app_password(password)

    davctl.ask(add)
    assert davctl.done(COMMAND, "list", "ann").splitlines() == [
        "first0\t1970-01-01T00:00:00Z\tnever\t-\tAnn's phone",
        "second\t1970-01-02T00:00:00Z\t1970-01-02T01:00:00Z\t5138-11-16T09:46:40Z",
        "third0\t1970-01-03T00:00:00Z\tnever\texpired\told",
    ]
    told = json.loads(davctl.done(COMMAND, "list", "ann", "--json"))
    assert told[1] == {
        "id": "second", "account": "ann", "label": "", "created": 86400.0, "last_used": 90000.0, "expires": 1e11,
        "expired": False,
    }  # fmt: skip
    assert [one["expired"] for one in told] == [False, False, True]
    assert (davctl.done(COMMAND, "list", "bob"), davctl.done(COMMAND, "list", "bob", "--json")) == ("", "[]\n")


def test_one_or_all_are_revoked(davctl: Davctl) -> None:
    for name, label in (("ann", "phone"), ("ann", ""), ("ann", "laptop"), ("bob", "")):
        davctl.done(COMMAND, "create", name, "--label", label)
    one, two, three = kept(davctl)
    (bobs,) = kept(davctl, "bob")
    assert davctl.done(COMMAND, "revoke", "ann", one.id) == f"revoked {one.id} (phone)\n"
    for id in (one.id, bobs.id):
        assert davctl.refused(COMMAND, "revoke", "ann", id) == f"ann has no app password {id}"
    told = json.loads(davctl.done(COMMAND, "revoke", "ann", f"app-{two.id}", "--json"))
    assert told == {"account": "ann", "ids": [two.id]}
    assert davctl.done(COMMAND, "revoke", "ann", "--all") == f"revoked {three.id} (laptop)\n"
    assert davctl.done(COMMAND, "revoke", "ann", "--all") == "ann has no app passwords\n"
    assert (kept(davctl), kept(davctl, "bob")) == ([], [bobs])
    assert "--all" in wrong(davctl, "revoke", "ann")
    assert "--all" in wrong(davctl, "revoke", "ann", one.id, "--all")


def test_only_so_many_that_have_not_expired(davctl: Davctl, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAVD_AUTHENTICATION__MAX_APP_PASSWORDS", "1")
    davctl.done(COMMAND, "create", "ann", "--expires", "1h")
    assert "max_app_passwords" in davctl.refused(COMMAND, "create", "ann")

    async def expire(transaction: Any) -> None:
        (one,) = await transaction.app_passwords("ann")
        await transaction.remove_app_password(one.id)
        await transaction.add_app_password(replace(one, expires=one.created))

    davctl.ask(expire)
    davctl.done(COMMAND, "create", "ann")
    assert len(kept(davctl)) == 2


@pytest.mark.parametrize("words", [["create"], ["list"], ["revoke", "--all"]])
def test_only_users_have_some(davctl: Davctl, words: list[str]) -> None:
    for name in ("eve", "attic"):
        assert davctl.refused(COMMAND, words[0], name, *words[1:]) == f"there is no account {name}"


def test_a_label_is_one_line(davctl: Davctl) -> None:
    assert "printable" in davctl.refused(COMMAND, "create", "ann", "--label", "a\nb")


def test_an_own_password_has_another_form(davctl: Davctl) -> None:
    password = davctl.done(COMMAND, "create", "ann")
    for words in (("passwd", "ann"), ("add", "carol")):
        assert "app password" in davctl.refused("user", *words, "--password-file", "-", input=password)
