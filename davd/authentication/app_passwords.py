"""App passwords: one for each device or program, made here and never chosen.

An app password is `app-ID-SECRET`, both of random signs. The ID names the row in the store, so that one digest is
compared however many there are. The secret has 139 bits, so nobody finds it by trying, not even who has read the
database: that is why a plain SHA-256 is enough, where a password that somebody chose needs a slow hash (ADR 17).

Implements: RFC 7617, 2, 4; docs/operate/operate.md, App passwords
"""

from __future__ import annotations

import re
import secrets
import unicodedata
from collections.abc import Hashable, Sequence
from hashlib import sha256
from hmac import compare_digest
from typing import Final, TypeAlias

from davd.authentication.passwords import PASSWORD_SIGNS
from davd.authentication.settings import AuthenticationSettings
from davd.interfaces.identity import IChecker
from davd.interfaces.store import IReadTransaction, IStore, ITransaction
from davd.model.principal import INDIVIDUAL, Account, AppPassword

_ID_SIGNS: Final = 6
# Groups that can be read out and typed; 24 of 57 signs are 139 bits.
_GROUPS: Final = 4
_GROUP_SIGNS: Final = 6
_FORM: Final = re.compile(
    f"app-([{PASSWORD_SIGNS}]{{{_ID_SIGNS}}})(?:-[{PASSWORD_SIGNS}]{{{_GROUP_SIGNS}}}){{{_GROUPS}}}"
)
MOST_LABEL: Final = 100
# The last second that has a date of four digits for its year. What a program gives in milliseconds is later.
LAST_TIME: Final = 253_402_300_799
# A log-in is noted when the last one that was noted is older: polling clients log in once a minute.
NOTE_SECONDS: Final = 3600.0


def named_in(password: str) -> str | None:
    """The id in what has the form of an app password; None for all other passwords."""
    match = _FORM.fullmatch(password)
    return None if match is None else match.group(1)


def digest(password: str) -> str:
    """What is stored of an app password."""
    return sha256(password.encode()).hexdigest()


class AppPasswordError(Exception):
    """An app password cannot be made; the text is one sentence. `full`: the account has as many as it may have."""

    def __init__(self, sentence: str, full: bool = False) -> None:
        super().__init__(sentence)
        self.full = full


async def issue(
    transaction: ITransaction,
    account: str,
    label: str,
    expires: float | None,
    settings: AuthenticationSettings,
    now: float,
) -> tuple[AppPassword, str]:
    """Make an app password of an account: what is stored of it, and the password, which nobody can tell later.

    AppPasswordError when the label cannot be, the time is over already, or the account has as many as it may have;
    KeyError when there is no such account, or it is none that logs in.
    """
    label = _checked(label)
    found = await transaction.account(account)
    if found is None or found.kind != INDIVIDUAL:
        raise KeyError(account)
    if expires is not None and not now < expires <= LAST_TIME:
        raise AppPasswordError("the time at which it expires has to come yet, in POSIX seconds, before the year 10000")
    there = [password for password in await transaction.app_passwords(account) if not password.expired(now)]
    if len(there) >= settings.max_app_passwords:
        raise AppPasswordError(
            f"{account} has {len(there)} app passwords, and authentication.max_app_passwords allows no more", full=True
        )
    id = _signs(_ID_SIGNS)
    while await transaction.app_password(id) is not None:
        id = _signs(_ID_SIGNS)
    password = "-".join(["app", id, *(_signs(_GROUP_SIGNS) for _ in range(_GROUPS))])
    made = AppPassword(id, account, label, digest(password), now, None, expires)
    await transaction.add_app_password(made)
    return made, password


def _signs(count: int) -> str:
    return "".join(secrets.choice(PASSWORD_SIGNS) for _ in range(count))


def _checked(label: str) -> str:
    label = unicodedata.normalize("NFC", label).strip()
    if len(label) > MOST_LABEL or not label.isprintable():
        raise AppPasswordError(f"a label has at most {MOST_LABEL} characters, all of them printable")
    return label


async def revoke(transaction: ITransaction, account: str, id: str | None) -> list[AppPassword]:
    """Remove the app password `id` of an account, or all of them for None; gives those that were removed.

    KeyError when the account has none of that id.
    """
    found = [password for password in await transaction.app_passwords(account) if id in (None, password.id)]
    if id is not None and not found:
        raise KeyError(id)
    for password in found:
        await transaction.remove_app_password(password.id)
    return found


class Grounds:
    """What a log-in by an app password rests on: its row, its account, and the checker that still knows the account.

    It has `generation` and `stamp` like a checker, for this one password.
    """

    __slots__ = ("_id", "_known", "_store", "_voucher")

    def __init__(self, store: IStore, id: str, voucher: IChecker, known: Hashable) -> None:
        self._store = store
        self._id = id
        self._voucher = voucher
        self._known = known

    def generation(self) -> Hashable:
        """Changes with any commit, and with what the checker goes by."""
        return self._store.generation(), self._voucher.generation()

    async def stamp(self, name: str) -> Hashable:
        """The stored digest while the account `name` may log in by it; None from then on."""
        async with self._store.read() as view:
            password = await standing(view, self._id, name)
        if password is None:
            return None
        generation = self._voucher.generation()
        if generation != self._known:
            if await self._voucher.stamp(name) is None:
                return None
            self._known = generation
        return password.hash


async def standing(view: IReadTransaction, id: str, name: str) -> AppPassword | None:
    """The app password `id`, if it is there, belongs to the account `name`, and that may log in."""
    password: AppPassword | None = await view.app_password(id)
    if password is None or password.account != name:
        return None
    account: Account | None = await view.account(name)
    return password if account is not None and not account.disabled else None


# A row, what a log-in by it rests on, and the generation of that.
Proven: TypeAlias = tuple[AppPassword, Grounds, Hashable]


class AppPasswords:
    """Looks app passwords up. `checkers` are those that prove the accounts' own passwords."""

    def __init__(self, store: IStore, checkers: Sequence[IChecker]) -> None:
        self._store = store
        self._checkers = checkers
        self._noting: set[str] = set()

    async def check(self, id: str, name: str, password: str, now: float) -> Proven | None:
        """What `password`, in which `id` is named, proves of the account `name` at a POSIX time; None when nothing.

        An account that no checker knows any more, as one that was taken out of a directory, has no app passwords
        either.
        """
        given = digest(password)
        # Taken before the look: what is committed meanwhile makes the success be looked at again.
        generation = self._store.generation()
        async with self._store.read() as view:
            found = await view.app_password(id)
            # Compared before anything else is asked, so that only who has the password learns of the account.
            if found is None or not compare_digest(found.hash, given):
                return None
            if found.expired(now) or await standing(view, id, name) is None:
                return None
        for checker in self._checkers:
            known = checker.generation()
            if await checker.stamp(name) is not None:
                return found, Grounds(self._store, id, checker, known), (generation, known)
        return None

    async def note(self, password: AppPassword, now: float) -> None:
        """Note a log-in, unless one was noted within the last hour."""
        recent = password.last_used is not None and password.last_used + NOTE_SECONDS > now
        if recent or password.id in self._noting:
            return
        self._noting.add(password.id)
        try:
            async with self._store.write() as transaction:
                await transaction.note_app_password(password.id, now)
        finally:
            self._noting.discard(password.id)
