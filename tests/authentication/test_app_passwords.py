"""App passwords: made, taken for what they are wherever an account's own password is, and ended at once.

Verifies: RFC 7617, 2; docs/operate/operate.md, App passwords
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Hashable, Sequence

import pytest
from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer

from davd.authentication.app_passwords import (
    NOTE_SECONDS,
    AppPasswordError,
    AppPasswords,
    digest,
    issue,
    named_in,
    revoke,
)
from davd.authentication.authenticator import Authenticator
from davd.authentication.passwords import Passwords, hash_password, random_password
from davd.authentication.remember import UNWATCHED_SECONDS
from davd.authentication.settings import AuthenticationSettings
from davd.authentication.throttle import Throttle
from davd.checkers.accounts import AccountsChecker
from davd.http.body import Body
from davd.http.request import Request
from davd.interfaces.identity import IChecker
from davd.interfaces.store import ITransaction, StoreFull
from davd.model.errors import HTTPError
from davd.model.principal import DISABLED, GROUP, Account, AppPassword, Principal
from davd.stores.memory.store import MemoryStore, MemoryWriting
from davd.testing.exchange import run

SETTINGS = AuthenticationSettings(argon2_memory_kib=8 * 1024, argon2_iterations=1, max_app_passwords=3)
HASH = hash_password(SETTINGS, "own")


class Filling(MemoryStore):
    """A store whose disk may be full."""

    full = False

    def write(self) -> MemoryWriting:
        if self.full:
            raise StoreFull("there is no room on the disk")
        return super().write()


@implementer(IChecker)
class Directory:
    """A checker beside the accounts, as a plugin would be: who is in it, and what it was asked."""

    name = "directory"

    def __init__(self) -> None:
        self.people = {"carol"}
        self.changes = 0
        self.asked: list[str] = []
        self.stamps = 0

    async def start(self) -> None:
        """Nothing."""

    async def stop(self) -> None:
        """Nothing."""

    async def check(self, name: str, password: str) -> str | None:
        self.asked.append(password)
        if name not in self.people:
            raise LookupError(name)
        return name if password == "from elsewhere" else None

    def generation(self) -> Hashable:
        return self.changes

    async def stamp(self, name: str) -> Hashable:
        self.stamps += 1
        return "in it" if name in self.people else None


async def _made(
    store: MemoryStore, account: str, label: str, expires: float | None, now: float
) -> tuple[AppPassword, str]:
    async with store.write() as transaction:
        return await issue(transaction, account, label, expires, SETTINGS, now)


class TestIssue:
    """Verifies: docs/operate/operate.md, App passwords"""

    def store(self) -> MemoryStore:
        """A store with the accounts ann and bob and the group staff."""
        store = MemoryStore()

        async def fill() -> None:
            async with store.write() as transaction:
                for account in (Account("ann", HASH), Account("bob", HASH), Account("staff", kind=GROUP)):
                    await transaction.add_account(account)

        run(fill())
        return store

    def test_it_names_its_row_and_only_its_digest_is_kept(self) -> None:
        store = self.store()
        made, password = run(_made(store, "ann", " Zoe\u0308's phone ", 9.0, 5.0))
        assert named_in(password) == made.id
        assert made == AppPassword(made.id, "ann", "Zo\u00eb's phone", digest(password), 5.0, None, 9.0)
        assert password not in repr(store.state)
        assert password.removeprefix(f"app-{made.id}-") not in repr(store.state)

    def test_no_two_are_alike(self) -> None:
        store = self.store()
        made = [run(_made(store, "ann", "", None, 5.0)) for _ in range(3)]
        assert len({one.id for one, _ in made}) == len({password for _, password in made}) == 3

    @pytest.mark.parametrize(
        "password",
        [
            "",
            "app-",
            "app-abcdef",
            "app-abcdef-abcdef-abcdef-abcdef",
            "app-abcdef-abcdef-abcdef-abcdef-abcdef-abcdef",
            "app-abcde1-abcdef-abcdef-abcdef-abcdef",
            "app-abcdef-abcdef-abcdef-abcdef-abcdef\n",
            "App-abcdef-abcdef-abcdef-abcdef-abcdef",
            " app-abcdef-abcdef-abcdef-abcdef-abcdef",
        ],
    )
    def test_all_else_is_no_app_password(self, password: str) -> None:
        assert named_in("app-abcdef-abcdef-abcdef-abcdef-abcdef") == "abcdef"
        assert named_in(password) is None

    def test_a_password_that_is_made_for_an_account_is_none(self) -> None:
        assert named_in(random_password()) is None

    def test_an_account_has_so_many_and_expired_ones_do_not_count(self) -> None:
        store = self.store()
        for expires in (None, 10.0, None):
            run(_made(store, "ann", "", expires, 5.0))
        with pytest.raises(AppPasswordError, match="max_app_passwords allows no more"):
            run(_made(store, "ann", "", None, 9.0))
        run(_made(store, "bob", "", None, 9.0))
        run(_made(store, "ann", "", None, 10.0))

    @pytest.mark.parametrize("label", ["x" * 101, "a\nb", "\u202e", "\x00"])
    def test_labels_that_cannot_be(self, label: str) -> None:
        with pytest.raises(AppPasswordError, match="printable"):
            run(_made(self.store(), "ann", label, None, 5.0))

    @pytest.mark.parametrize("expires", [5.0, 4.0, -1.0, float("inf"), float("nan"), 1_795_450_656_273.0])
    def test_times_that_cannot_be(self, expires: float) -> None:
        with pytest.raises(AppPasswordError, match="has to come yet"):
            run(_made(self.store(), "ann", "", expires, 5.0))

    @pytest.mark.parametrize("name", ["eve", "staff"])
    def test_only_who_logs_in_has_some(self, name: str) -> None:
        with pytest.raises(KeyError):
            run(_made(self.store(), name, "", None, 5.0))

    def test_one_or_all_of_an_account_are_revoked(self) -> None:
        store = self.store()
        one, two, three = (run(_made(store, "ann", "", None, float(now)))[0] for now in range(3))
        bobs, _ = run(_made(store, "bob", "", None, 5.0))

        async def end(account: str, id: str | None) -> list[AppPassword]:
            async with store.write() as transaction:
                return await revoke(transaction, account, id)

        assert run(end("ann", two.id)) == [two]
        for id in (two.id, bobs.id, "abcdef"):
            with pytest.raises(KeyError):
                run(end("ann", id))
        assert run(end("ann", None)) == [one, three]
        assert run(end("ann", None)) == []
        assert list(store.state.app_passwords.values()) == [bobs]


class LogInTests(SynchronousTestCase):
    """Verifies: RFC 7617, 2; docs/architecture.md, Identity"""

    def setUp(self) -> None:
        self.now = 1_000_000.0
        self.hashes = 0
        self.store = Filling()
        self.directory = Directory()
        run(self._write(lambda transaction: transaction.add_account(Account("ann", HASH))))
        run(self._write(lambda transaction: transaction.add_account(Account("carol"))))
        self.authenticator = self.make(lambda passwords: [AccountsChecker(self.store, passwords), self.directory])
        self.row, self.password = run(_made(self.store, "ann", "phone", None, self.now))

    def make(self, checkers: Callable[[Passwords], Sequence[IChecker]]) -> Authenticator:
        passwords = Passwords(SETTINGS, self._here)
        those = checkers(passwords)
        throttle = Throttle(SETTINGS, self.store)
        return Authenticator(SETTINGS, those, throttle, passwords, AppPasswords(self.store, those), lambda: self.now)

    async def _here(self, work: Callable[[], bool]) -> bool:
        self.hashes += 1
        return work()

    async def _write(self, work: Callable[[ITransaction], object]) -> None:
        async with self.store.write() as transaction:
            await work(transaction)  # type: ignore[misc]

    def _log_in(self, name: str, password: str) -> Deferred[tuple[Principal, float]]:
        value = "Basic " + b64encode(f"{name}:{password}".encode()).decode()
        request = Request("GET", "/", "", {"authorization": value}, Body(), peer="192.0.2.1")
        return Deferred.fromCoroutine(self.authenticator.authenticate(request))

    def _let_in(self, name: str = "ann", password: str | None = None) -> float:
        principal, until = self.successResultOf(self._log_in(name, password or self.password))
        self.assertEqual(principal, Principal(name))
        return until

    def _refused(self, name: str = "ann", password: str | None = None, status: int = 401) -> HTTPError:
        error = self.failureResultOf(self._log_in(name, password or self.password), HTTPError).value
        assert isinstance(error, HTTPError)
        self.assertEqual(error.status, status)
        return error

    def _used(self) -> float | None:
        return self.store.state.app_passwords[self.row.id].last_used

    def test_it_is_as_good_as_the_own_one_and_needs_no_slow_hash(self) -> None:
        self.assertEqual(self._let_in(), self.now + UNWATCHED_SECONDS)
        self.assertEqual(self.hashes, 0)
        self._let_in("ann", "own")
        self.assertEqual(self.hashes, 1)

    def test_a_revoked_one_ends_what_was_remembered(self) -> None:
        self._let_in()
        run(self._write(lambda transaction: transaction.remove_app_password(self.row.id)))
        self._refused()
        self._let_in("ann", "own")

    def test_the_others_of_the_account_stand(self) -> None:
        other, password = run(_made(self.store, "ann", "laptop", None, self.now))
        self._let_in()
        self._let_in("ann", password)
        run(self._write(lambda transaction: transaction.remove_app_password(other.id)))
        self._let_in()
        self._refused("ann", password)

    def test_another_own_password_leaves_it(self) -> None:
        self._let_in()
        changed = hash_password(SETTINGS, "another")
        run(self._write(lambda transaction: transaction.update_account(Account("ann", changed))))
        self._let_in()

    def test_it_ends_with_its_account_and_while_that_is_disabled(self) -> None:
        self._let_in()
        run(self._write(lambda transaction: transaction.update_account(Account("ann", DISABLED + HASH))))
        self._refused()
        run(self._write(lambda transaction: transaction.update_account(Account("ann", HASH))))
        self._let_in()
        run(self._write(lambda transaction: transaction.remove_account("ann")))
        self._refused()
        run(self._write(lambda transaction: transaction.add_account(Account("ann", HASH))))
        self._refused()

    def test_it_ends_with_its_time(self) -> None:
        _, password = run(_made(self.store, "ann", "", self.now + 30, self.now))
        self.assertEqual(self._let_in("ann", password), self.now + 30)
        self.now += 29.9
        self._let_in("ann", password)
        self.now += 0.1
        self._refused("ann", password)

    def test_it_is_of_one_account_only(self) -> None:
        for name in ("carol", "Ann", "nobody"):
            self._refused(name)

    def test_what_is_wrong_costs_one_slow_hash_and_says_no_more(self) -> None:
        other = self.password[:-1] + ("a" if self.password[-1] != "a" else "b")
        unknown = "app-" + "z" * 6 + self.password[10:]
        refusals = [
            self._refused(name, password) for name in ("ann", "nobody") for password in (other, unknown, "guess")
        ]
        self.assertEqual(self.hashes, len(refusals))
        self.assertEqual(len({(error.status, str(error.headers), error.detail) for error in refusals}), 1)

    def test_no_checker_sees_it_right_or_wrong(self) -> None:
        self._let_in()
        run(self._write(lambda transaction: transaction.remove_app_password(self.row.id)))
        self._refused()
        self._refused("carol")
        self.assertEqual(self.directory.asked, [])
        self._let_in("carol", "from elsewhere")
        self.assertEqual(self.directory.asked, ["from elsewhere"])

    def test_who_guesses_at_the_account_locks_no_device_out(self) -> None:
        for turn in range(SETTINGS.max_failures):
            self._refused("ann", f"guess {turn}")
        self._refused("ann", "own", 429)
        self._let_in()

    def test_trying_wrong_ones_is_slowed_down_like_all_guessing(self) -> None:
        run(self._write(lambda transaction: transaction.remove_app_password(self.row.id)))
        for _ in range(SETTINGS.max_failures):
            self._refused()
        self._refused(status=429)
        self.assertEqual(self.hashes, SETTINGS.max_failures)

    def test_one_of_an_account_that_a_directory_proves_ends_when_it_is_taken_out(self) -> None:
        _, password = run(_made(self.store, "carol", "", None, self.now))
        self._let_in("carol", password)
        stamps = self.directory.stamps
        run(self._write(lambda transaction: transaction.update_account(Account("ann", HASH))))
        self._let_in("carol", password)
        self.assertEqual(self.directory.stamps, stamps, "it is asked again for what it says is the same")
        self.directory.people.add("dora")
        self.directory.changes += 1
        for _ in range(3):
            self._let_in("carol", password)
            run(self._write(lambda transaction: transaction.keep("k", b"", 1e12)))
        self.assertEqual(self.directory.stamps, stamps + 1)
        self.directory.people.clear()
        self.directory.changes += 1
        self._refused("carol", password)

    def test_one_of_an_account_that_a_directory_proves_is_revoked_at_once(self) -> None:
        row, password = run(_made(self.store, "carol", "", None, self.now))
        for _ in range(2):
            self._let_in("carol", password)
        run(self._write(lambda transaction: transaction.remove_app_password(row.id)))
        self._refused("carol", password)

    def test_an_account_that_nobody_proves_has_none(self) -> None:
        _, password = run(_made(self.store, "carol", "", None, self.now))
        self.authenticator = self.make(lambda passwords: [AccountsChecker(self.store, passwords)])
        self._refused("carol", password)

    def test_a_log_in_is_noted_once_an_hour(self) -> None:
        commits = self.store.commits
        began = self.now
        while self.now < began + NOTE_SECONDS:
            self._let_in()
            self._let_in()
            self.now += 240
        self.assertEqual((self._used(), self.store.commits - commits), (began, 1))
        self._let_in()
        self.assertEqual((self._used(), self.store.commits - commits), (self.now, 2))

    def test_many_requests_at_once_note_it_once(self) -> None:
        commits = self.store.commits
        run(self.store.turns.take())
        for _ in range(5):
            self._let_in()
            self.now += UNWATCHED_SECONDS
        self.store.turns.give()
        self.assertEqual((self._used(), self.store.commits - commits), (self.now - 300, 1))

    def test_a_full_disk_keeps_nobody_out(self) -> None:
        self.store.full = True
        self._let_in()
        self.assertIsNone(self._used())
        self.store.full = False
        self.now += UNWATCHED_SECONDS
        self._let_in()
        self.assertEqual(self._used(), self.now)
