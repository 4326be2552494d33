"""From a request to its principal.

Verifies: RFC 7617, 2; RFC 9110, 11.6.1, 15.5.2
"""

from __future__ import annotations

import tempfile
from base64 import b64encode
from collections.abc import Callable, Hashable
from dataclasses import replace
from typing import Any

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer

from davd.authentication.app_passwords import AppPasswords
from davd.authentication.authenticator import Authenticator
from davd.authentication.passwords import Passwords, hash_password
from davd.authentication.settings import AuthenticationSettings
from davd.authentication.throttle import Throttle
from davd.checkers.accounts import AccountsChecker
from davd.http.body import Body
from davd.http.request import Request
from davd.interfaces.identity import IChecker
from davd.model.errors import HTTPError
from davd.model.principal import DISABLED, Account, Principal
from davd.stores.memory.store import MemoryStore
from davd.stores.sqlite.store import SQLiteStore
from davd.testing.exchange import run as drive

SETTINGS = AuthenticationSettings(argon2_memory_kib=8 * 1024, argon2_iterations=1, remember_seconds=300)


def _request(name: str | None, password: str = "", **fields: Any) -> Request:
    headers = {}
    if name is not None:
        headers["authorization"] = "Basic " + b64encode(f"{name}:{password}".encode()).decode()
    return Request("GET", "/", "", headers, Body(), peer="192.0.2.1", **fields)


@implementer(IChecker)
class OneName:
    """A checker that knows one name, as a plugin would."""

    name = "one"

    async def start(self) -> None:
        """Nothing."""

    async def stop(self) -> None:
        """Nothing."""

    async def check(self, name: str, password: str) -> str | None:
        if name != "carol":
            raise LookupError(name)
        return name if password == "from elsewhere" else None

    def generation(self) -> Hashable:
        return None

    async def stamp(self, name: str) -> Hashable:
        return "constant"


class AuthenticatorTests(SynchronousTestCase):
    """Verifies: RFC 7617, 2; RFC 9110, 11.6.1."""

    def setUp(self) -> None:
        self.now = 1000.0
        self.hashes: list[Deferred[bool]] = []
        self.wait = False
        self.count = 0
        self.store = MemoryStore()
        drive(self._add("alice", "secret"))
        passwords = Passwords(SETTINGS, self._in_thread)
        self.carol = OneName()
        checkers = [AccountsChecker(self.store, passwords), self.carol]
        self.authenticator = Authenticator(
            SETTINGS,
            checkers,
            Throttle(SETTINGS, self.store),
            passwords,
            AppPasswords(self.store, checkers),
            lambda: self.now,
        )

    async def _add(self, name: str, password: str) -> None:
        async with self.store.write() as transaction:
            await transaction.add_account(Account(name, hash_password(SETTINGS, password)))

    async def _change(self, name: str, password: str) -> None:
        async with self.store.write() as transaction:
            await transaction.update_account(Account(name, hash_password(SETTINGS, password)))

    async def _disable(self, name: str) -> None:
        async with self.store.write() as transaction:
            account = await transaction.account(name)
            assert account is not None
            await transaction.update_account(replace(account, password_hash=DISABLED + account.password_hash))

    async def _in_thread(self, work: Callable[[], bool]) -> bool:
        self.count += 1
        if self.wait:
            turn: Deferred[bool] = Deferred()
            self.hashes.append(turn)
            await turn
        return work()

    def _authenticate(self, request: Request) -> Deferred[tuple[Principal, float]]:
        return Deferred.fromCoroutine(self.authenticator.authenticate(request))

    def _name(self, request: Request) -> str:
        return self.successResultOf(self._authenticate(request))[0].name

    def _refusal(self, request: Request) -> HTTPError:
        error = self.failureResultOf(self._authenticate(request), HTTPError).value
        assert isinstance(error, HTTPError)
        return error

    def test_the_right_password_gives_the_principal_once_hashed(self) -> None:
        for _ in range(5):
            self.assertEqual(self._name(_request("alice", "secret")), "alice")
        self.assertEqual(self.count, 1)

    def test_without_credentials_there_is_a_challenge(self) -> None:
        error = self._refusal(_request(None))
        self.assertEqual(error.status, 401)
        self.assertEqual(error.headers["WWW-Authenticate"], 'Basic realm="davd", charset="UTF-8"')

    def test_wrong_password_and_unknown_name_look_and_cost_the_same(self) -> None:
        wrong, unknown = self._refusal(_request("alice", "guess")), self._refusal(_request("nobody", "guess"))
        self.assertEqual((wrong.status, wrong.headers), (unknown.status, unknown.headers))
        self.assertEqual(self.count, 2)

    def test_an_unprotected_connection_is_refused_without_a_challenge(self) -> None:
        error = self._refusal(_request("alice", "secret", secure=False))
        self.assertEqual(error.status, 403)
        self.assertNotIn("WWW-Authenticate", error.headers)

    def test_a_changed_password_ends_what_was_remembered(self) -> None:
        self._name(_request("alice", "secret"))
        drive(self._change("alice", "another"))
        self.assertEqual(self._refusal(_request("alice", "secret")).status, 401)
        self.assertEqual(self._name(_request("alice", "another")), "alice")

    def test_a_password_that_changes_while_it_is_checked_is_wrong(self) -> None:
        """What is remembered would rest on the new password's stamp, and be good for as long as any."""
        self.wait = True
        first = self._authenticate(_request("alice", "secret", secure=True))
        drive(self._change("alice", "new"))
        self.wait = False
        self.hashes.pop().callback(True)
        self.assertEqual(self.failureResultOf(first).value.status, 401)
        self.assertEqual(self._refusal(_request("alice", "secret", secure=True)).status, 401)
        self.assertEqual(self._name(_request("alice", "new", secure=True)), "alice")

    def test_an_account_that_is_disabled_while_its_password_is_checked_is_out(self) -> None:
        self.wait = True
        first = self._authenticate(_request("alice", "secret", secure=True))
        drive(self._disable("alice"))
        self.wait = False
        self.hashes.pop().callback(True)
        self.assertEqual(self.failureResultOf(first).value.status, 401)
        self.assertEqual(self._refusal(_request("alice", "secret", secure=True)).status, 401)

    def test_another_account_that_changes_meanwhile_costs_no_second_hash(self) -> None:
        drive(self._add("bob", "other"))
        self.wait = True
        first = self._authenticate(_request("alice", "secret", secure=True))
        drive(self._change("bob", "new"))
        self.hashes.pop().callback(True)
        self.assertEqual(self.successResultOf(first)[0].name, "alice")
        self.assertEqual((self.count, self.hashes), (1, []))

    def test_another_commit_does_not_cost_a_hash(self) -> None:
        self._name(_request("alice", "secret"))
        drive(self._add("bob", "other"))
        self._name(_request("alice", "secret"))
        self.assertEqual(self.count, 1)

    def test_what_is_remembered_ends_after_its_time(self) -> None:
        self._name(_request("alice", "secret"))
        self.now += SETTINGS.remember_seconds
        self._name(_request("alice", "secret"))
        self.assertEqual(self.count, 2)

    def test_use_does_not_prolong_what_is_remembered(self) -> None:
        for _ in range(SETTINGS.remember_seconds // 50 + 1):
            self._name(_request("alice", "secret"))
            self.now += 50
        self.assertEqual(self.count, 2)

    def test_where_a_checker_cannot_tell_of_changes_it_is_a_minute(self) -> None:
        asked: list[str] = []
        check = self.carol.check

        async def counted(name: str, password: str) -> str | None:
            asked.append(name)
            return await check(name, password)

        self.carol.check = counted  # type: ignore[method-assign]
        for seconds in (0, 30, 29, 1):
            self.now += seconds
            self._name(_request("carol", "from elsewhere"))
        self.assertEqual(asked, ["carol"] * 2)

    def test_an_answer_may_rest_on_it_for_a_minute(self) -> None:
        """The octets of a request by which an answer is recalled have the password in them."""
        for seconds in (0, 100, SETTINGS.remember_seconds - 110):
            _, until = self.successResultOf(self._authenticate(_request("alice", "secret")))
            self.assertEqual(until, self.now + 60)
            self.now += seconds
        _, until = self.successResultOf(self._authenticate(_request("alice", "secret")))
        self.assertEqual(until, self.now + 10)

    def test_a_clock_that_goes_back_does_not_prolong_it(self) -> None:
        self._name(_request("alice", "secret"))
        self.now -= 365 * 86_400
        self._name(_request("alice", "secret"))
        self.assertEqual(self.count, 2)

    def test_another_process_ends_it(self) -> None:
        """As with several workers, or davctl beside a server: they have the store in common and nothing else."""
        with tempfile.TemporaryDirectory() as folder:
            ours, theirs = SQLiteStore(folder), SQLiteStore(folder)
            drive(ours.start())
            drive(theirs.start())
            passwords = Passwords(SETTINGS, self._in_thread)
            checkers = [AccountsChecker(ours, passwords)]
            self.authenticator = Authenticator(
                SETTINGS, checkers, Throttle(SETTINGS, ours), passwords, AppPasswords(ours, checkers), lambda: self.now
            )
            self.store = theirs  # type: ignore[assignment]
            drive(self._add("bob", "first"))
            self.assertEqual([self._name(_request("bob", "first")) for _ in range(2)], ["bob"] * 2)
            self.assertEqual(self.count, 1)
            drive(self._change("bob", "second"))
            self.assertEqual(self._refusal(_request("bob", "first")).status, 401)
            drive(theirs.stop())
            drive(ours.stop())

    def test_the_same_credentials_at_once_share_a_hash(self) -> None:
        self.wait = True
        results = [self._authenticate(_request("alice", "secret")) for _ in range(20)]
        self.assertEqual(self.count, 1)
        self.hashes[0].callback(True)
        self.assertEqual({self.successResultOf(result)[0].name for result in results}, {"alice"})

    def test_many_guesses_at_once_are_held_to_the_limit(self) -> None:
        self.wait = True
        results = [self._authenticate(_request("alice", f"guess {turn}")) for turn in range(30)]
        self.assertEqual(self.count, SETTINGS.max_failures)
        refused = [self.failureResultOf(result, HTTPError).value for result in results[SETTINGS.max_failures :]]
        self.assertEqual({error.status for error in refused}, {429})
        for turn in self.hashes:
            turn.callback(True)
        for result in results[: SETTINGS.max_failures]:
            self.assertEqual(self.failureResultOf(result, HTTPError).value.status, 401)

    def test_after_ten_failures_even_the_right_password_waits(self) -> None:
        for turn in range(10):
            self.assertEqual(self._refusal(_request("alice", f"guess {turn}")).status, 401)
        error = self._refusal(_request("alice", "secret"))
        self.assertEqual((error.status, error.headers["Retry-After"]), (429, "60"))
        self.now += 60
        self.assertEqual(self._name(_request("alice", "secret")), "alice")

    def test_a_client_that_is_logged_in_stays_so_while_others_guess(self) -> None:
        self._name(_request("alice", "secret"))
        for turn in range(12):
            self._refusal(_request("alice", f"guess {turn}"))
        self.assertEqual(self._name(_request("alice", "secret")), "alice")

    def test_a_client_that_was_let_in_before_is_let_in_again_while_others_guess(self) -> None:
        self._name(_request("alice", "secret"))
        self.now += SETTINGS.remember_seconds - 30
        for turn in range(12):
            self._refusal(_request("alice", f"guess {turn}"))
        self.now += 30
        self.assertEqual(self._refusal(_request("alice", "guess")).status, 429)
        self.assertEqual(self._name(_request("alice", "secret")), "alice")
        drive(self._change("alice", "another"))
        self.assertEqual(self._refusal(_request("alice", "secret")).status, 429)

    def test_credentials_that_have_become_wrong_are_those_of_a_stranger(self) -> None:
        self._name(_request("alice", "secret"))
        self.now += SETTINGS.remember_seconds
        drive(self._change("alice", "another"))
        for _ in range(SETTINGS.max_failures):
            self.assertEqual(self._refusal(_request("alice", "secret")).status, 401)
        self.assertEqual(self._refusal(_request("alice", "secret")).status, 429)

    def test_the_next_checker_is_asked_for_names_the_first_does_not_know(self) -> None:
        self.assertEqual(self._name(_request("carol", "from elsewhere")), "carol")
        self.assertEqual(self._refusal(_request("carol", "wrong")).status, 401)

    def test_a_flood_of_hashes_is_refused(self) -> None:
        self.wait = True
        settings = AuthenticationSettings(max_failures=1000)
        passwords = Passwords(SETTINGS, self._in_thread)
        throttle = Throttle(settings, self.store)
        checkers = [AccountsChecker(self.store, passwords)]
        authenticator = Authenticator(
            SETTINGS, checkers, throttle, passwords, AppPasswords(self.store, checkers), lambda: self.now
        )
        results = [
            Deferred.fromCoroutine(authenticator.authenticate(_request("alice", f"guess {turn}"))) for turn in range(40)
        ]
        error = self.failureResultOf(results.pop(), HTTPError).value
        self.assertEqual((error.status, error.headers["Retry-After"]), (503, "2"))
        self.assertEqual(len(self.hashes), SETTINGS.hash_queue)
        for turn in self.hashes:
            turn.callback(True)
        for result in results:
            self.failureResultOf(result, HTTPError)

    def test_a_flood_of_hashes_leaves_room_for_who_was_let_in_before(self) -> None:
        self._name(_request("alice", "secret"))
        self.now += SETTINGS.remember_seconds
        self.wait = True
        guesses = []
        for turn in range(40):
            request = _request(f"user {turn}", "guess")
            request.peer = f"192.0.2.{turn}"
            guesses.append(self._authenticate(request))
        known = self._authenticate(_request("alice", "secret"))
        self.assertEqual(len(self.hashes), SETTINGS.hash_queue + 1)
        for turn in self.hashes:
            turn.callback(True)
        self.assertEqual(self.successResultOf(known)[0].name, "alice")
        for guess in guesses:
            self.failureResultOf(guess, HTTPError)
