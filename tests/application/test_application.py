"""The list of steps.

Verifies: RFC 9110, 11.6.1, 15.5.2, 15.6.2; RFC 4918, 8.1; RFC 6764, 5
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from typing import Any

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from davd.admission.admission import Admission
from davd.application.answers import Answers
from davd.application.application import Application
from davd.application.recall import Recall
from davd.authentication.app_passwords import AppPasswords
from davd.authentication.authenticator import Authenticator
from davd.authentication.passwords import Passwords, hash_password
from davd.authentication.settings import AuthenticationSettings
from davd.authentication.throttle import Throttle
from davd.caches.memory import Memory
from davd.checkers.accounts import AccountsChecker
from davd.dav.core import EXTENSION
from davd.dav.exchange import Exchange
from davd.dav.registry import Extension, Method, Registry
from davd.dav.settings import DavSettings
from davd.http.body import Body, BytesBody
from davd.http.request import Request
from davd.http.response import Response
from davd.model.principal import Account
from davd.stores.memory.store import MemoryStore
from davd.testing.admission import admission
from davd.testing.exchange import ChunkedBody, run

AUTHENTICATION = AuthenticationSettings(argon2_memory_kib=8 * 1024, argon2_iterations=1)
PASSWORD = {"alice": "wonderland", "bob": "builder"}


class Untouchable(Body):
    """Content that must not be asked for."""

    def __init__(self, length: int | None) -> None:
        super().__init__(length)
        self.touched = False

    def arrived(self) -> bool:
        return False

    async def receive(self) -> bytes:
        self.touched = True
        return b""


async def _broken(exchange: Exchange) -> Response:
    raise RuntimeError("the secret reason")


BROKEN = Extension("broken", methods=[Method("BREAK", _broken, on_unmapped=True)])


def basic(user: str) -> str:
    """The Authorization field of one of the users of `PASSWORD`."""
    return "Basic " + b64encode(f"{user}:{PASSWORD[user]}".encode()).decode()


class ApplicationTestCase(SynchronousTestCase):
    """An application over a memory store with the accounts of `PASSWORD`."""

    dav = DavSettings()

    def setUp(self) -> None:
        self.now = 1_700_000_000.0
        self.store = MemoryStore()
        run(self._accounts())
        passwords = Passwords(AUTHENTICATION, self._here)
        throttle = Throttle(AUTHENTICATION, self.store)
        checkers = [AccountsChecker(self.store, passwords)]
        app_passwords = AppPasswords(self.store, checkers)
        self.authenticator = Authenticator(AUTHENTICATION, checkers, throttle, passwords, app_passwords, self._clock)
        self.kept = Recall(1 << 20, 1 << 16, self.store.generation, self.authenticator.generation, self._clock)
        self.answers = Answers(Memory(1 << 22, 1 << 20), 1 << 20)
        self.reactor = Clock()
        self.admission = admission(self.reactor)
        self.application = self.make(self.answers, self.admission)

    def make(self, answers: Answers, admission: Admission) -> Application:
        """An application with these parts over the one store."""
        registry = Registry.of([EXTENSION, BROKEN])
        return Application(
            self.store, self.authenticator, registry, self.dav, admission, self.kept, answers, self._clock
        )

    async def _accounts(self) -> None:
        async with self.store.write() as transaction:
            for name, password in PASSWORD.items():
                await transaction.add_account(Account(name, hash_password(AUTHENTICATION, password)))

    async def _here(self, work: Callable[[], bool]) -> bool:
        return work()

    def _clock(self) -> float:
        return self.now

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | Body = b"",
        user: str | None = "alice",
        headers: dict[str, str] | None = None,
        **fields: Any,
    ) -> Response:
        """The answer to one request."""
        content = BytesBody(body) if isinstance(body, bytes) else body
        all_headers = {"host": "dav.example", **(headers or {})}
        if user is not None:
            all_headers.setdefault("authorization", basic(user))
        if content.length is not None and (content.length or method == "PUT"):
            all_headers.setdefault("content-length", str(content.length))
        query = fields.pop("query", "")
        request = Request(
            method, path, query, all_headers, content, peer="192.0.2.1", id="r1", authority="dav.example", **fields
        )
        return run(self.application.respond(request))


class CredentialsTests(ApplicationTestCase):
    """Verifies: RFC 9110, 11.6.1, 15.5.2."""

    def test_every_method_wants_credentials_before_anything_else(self) -> None:
        for method in self.application._registry.methods:
            for path in ("/", "/files/alice/", "/nowhere", "/principals/users/alice/"):
                body = Untouchable(1 << 40)
                answer = self.ask(method, path, body, user=None)
                if method == "OPTIONS":
                    self.assertEqual(answer.status, 200)
                else:
                    self.assertEqual(answer.status, 401, (method, path))
                    self.assertEqual(answer.headers["WWW-Authenticate"], 'Basic realm="davd", charset="UTF-8"')
                    self.assertEqual(answer.headers["Cache-Control"], "no-store")
                self.assertFalse(body.touched)

    def test_options_without_credentials_tells_nothing_of_the_resource(self) -> None:
        self.ask("PUT", "/files/alice/a", b"x")
        answers = [self.ask("OPTIONS", path, user=None).headers for path in ("/files/alice/a", "/nowhere", "*")]
        self.assertEqual(answers[0], answers[1])
        self.assertEqual(answers[0], answers[2])
        self.assertTrue(answers[0]["DAV"].startswith("1, 2, 3"))

    def test_well_known_urls_redirect_any_method_and_anybody(self) -> None:
        for method in ("GET", "PROPFIND", "PUT", "OPTIONS"):
            for path in ("/.well-known/caldav", "/.well-known/carddav"):
                answer = self.ask(method, path, user=None)
                self.assertEqual((answer.status, answer.headers["Location"]), (301, "/"))

    def test_no_credentials_over_an_unprotected_connection(self) -> None:
        self.assertEqual(self.ask("GET", "/", secure=False).status, 403)


class SelectTests(ApplicationTestCase):
    """Verifies: RFC 9110, 9.1, 15.5.6, 15.5.16, 15.6.2."""

    def test_an_unknown_method_is_501(self) -> None:
        self.assertEqual(self.ask("BREW", "/").status, 501)

    def test_trace_and_connect_are_405(self) -> None:
        for method in ("TRACE", "CONNECT"):
            answer = self.ask(method, "/", user=None)
            self.assertEqual(answer.status, 405)
            self.assertIn("PROPFIND", answer.headers["Allow"])

    def test_methods_of_other_specifications_are_known_and_not_allowed(self) -> None:
        for method in ("POST", "PATCH"):
            answer = self.ask(method, "/files/alice/", Untouchable(3))
            self.assertEqual(answer.status, 405)
            self.assertIn("PROPFIND", answer.headers["Allow"])

    def test_405_names_what_is_allowed_here(self) -> None:
        self.ask("PUT", "/files/alice/a", b"x")
        answer = self.ask("PUT", "/files/alice/", b"x")
        self.assertEqual(answer.status, 405)
        self.assertNotIn("PUT", answer.headers["Allow"].split(", "))
        answer = self.ask("MKCOL", "/files/alice/a")
        self.assertEqual(answer.status, 405)
        self.assertIn("PUT", answer.headers["Allow"].split(", "))

    def test_coded_content_is_415(self) -> None:
        body = Untouchable(10)
        answer = self.ask("PUT", "/files/alice/a", body, headers={"content-encoding": "gzip"})
        self.assertEqual(answer.status, 415)
        self.assertFalse(body.touched)

    def test_content_that_a_method_would_ignore_is_415(self) -> None:
        self.ask("PUT", "/files/alice/a", b"x")
        headers = {"destination": "/files/alice/b", "lock-token": "<urn:uuid:1>"}
        for method in ("GET", "HEAD", "OPTIONS", "DELETE", "COPY", "MOVE", "UNLOCK"):
            body = Untouchable(1)
            self.assertEqual(self.ask(method, "/files/alice/a", body, headers=dict(headers)).status, 415, method)
            self.assertFalse(body.touched)
            answer = self.ask(method, "/files/alice/a", ChunkedBody(b"x"), headers=dict(headers))
            self.assertEqual(answer.status, 415, method)
        self.assertEqual(self.ask("GET", "/files/alice/a").body, b"x")
        self.assertEqual(self.ask("GET", "/files/alice/b").status, 404)

    def test_chunked_content_of_no_bytes_is_none(self) -> None:
        self.ask("PUT", "/files/alice/a", b"x")
        self.assertEqual(self.ask("DELETE", "/files/alice/a", ChunkedBody()).status, 204)

    def test_put_without_a_length_is_411(self) -> None:
        answer = self.ask("PUT", "/files/alice/a", Untouchable(None))
        self.assertEqual(answer.status, 411)

    def test_other_sites_change_nothing(self) -> None:
        for fields in ({"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}):
            self.assertEqual(self.ask("DELETE", "/files/alice/", headers=fields).status, 403)
        self.assertEqual(self.ask("PUT", "/files/alice/a", b"x", headers={"origin": "https://dav.example"}).status, 201)

    def test_bad_paths(self) -> None:
        for path in ("/a/../b", "/%2e%2e/", "/a%00b", "/a%2fb", "/%ff", "/%zz"):
            self.assertEqual(self.ask("GET", path).status, 400, path)


class UploadTests(ApplicationTestCase):
    """Verifies: RFC 9110, 10.1.1; RFC 4918, 9.7.1."""

    def test_what_is_bound_to_fail_fails_before_the_content_is_read(self) -> None:
        self.ask("PUT", "/files/alice/a", b"x")
        for path, headers, status in (
            ("/files/alice/missing/a", {}, 409),
            ("/files/alice/a", {"if-none-match": "*"}, 412),
            ("/files/bob/a", {}, 403),
            ("/files/alice/big", {"content-length": str(1 << 50)}, 413),
        ):
            body = Untouchable(int(headers.get("content-length", "5")))
            answer = self.ask("PUT", path, body, headers=headers)
            self.assertFalse(body.touched, path)
            self.assertGreaterEqual(answer.status, 400)
            if path != "/files/bob/a":
                self.assertEqual(answer.status, status, path)

    def test_a_refused_upload_leaves_no_blob(self) -> None:
        token = b64encode(f"alice:{PASSWORD['alice']}".encode()).decode()
        headers = {"authorization": "Basic " + token, "content-length": "5"}
        large = b"y" * (self.dav.inline_bytes + 1)

        class Late(BytesBody):
            """Content during whose arrival somebody else makes the file."""

            done = False

            async def receive(body) -> bytes:
                if not body.done:
                    body.done = True
                    other = Request("PUT", "/files/alice/a", "", dict(headers), BytesBody(b"first"), authority="x")
                    self.assertEqual((await self.application.respond(other)).status, 201)
                return await super().receive()

        answer = self.ask("PUT", "/files/alice/a", Late(large), headers={"if-none-match": "*"})
        self.assertEqual(answer.status, 412)
        self.assertEqual(self.store.blobs.names(), [])
        self.assertEqual(self.ask("GET", "/files/alice/a").body, b"first")


class FailureTests(ApplicationTestCase):
    """Verifies: RFC 9110, 15.6.1; RFC 4918, 16."""

    def test_a_failure_of_ours_is_logged_once_and_not_told(self) -> None:
        answer = self.ask("BREAK", "/files/alice/")
        self.assertEqual(answer.status, 500)
        self.assertIn(b"r1", answer.body)
        self.assertNotIn(b"secret", answer.body)
        self.assertEqual(len(self.flushLoggedErrors(RuntimeError)), 1)

    def test_a_condition_is_told_as_a_dav_error(self) -> None:
        answer = self.ask("PROPFIND", "/", b'<!DOCTYPE x><propfind xmlns="DAV:"><prop/></propfind>')
        self.assertEqual(answer.status, 400)
        answer = self.ask("REPORT", "/", b'<x xmlns="urn:x"/>')
        self.assertEqual(answer.status, 403)
        self.assertIn(b"supported-report", answer.body)
        self.assertEqual(answer.headers["Content-Type"], "application/xml; charset=utf-8")

    def test_every_answer_is_harmless_in_a_browser(self) -> None:
        for method, path, user in (("GET", "/", "alice"), ("GET", "/nowhere", "alice"), ("GET", "/", None)):
            answer = self.ask(method, path, user=user, tls=True)
            self.assertEqual(answer.headers["X-Content-Type-Options"], "nosniff")
            self.assertIn("default-src 'none'", answer.headers["Content-Security-Policy"])
            self.assertIn("max-age=", answer.headers["Strict-Transport-Security"])

    def test_head_has_the_length_of_the_error_and_no_content(self) -> None:
        answer = self.ask("HEAD", "/nowhere")
        self.assertEqual((answer.status, answer.body), (404, b""))
        self.assertEqual(answer.headers["Content-Length"], str(len(self.ask("GET", "/nowhere").body)))


class HeadTests(ApplicationTestCase):
    """Verifies: RFC 9110, 8.6, 9.3.2."""

    def test_head_of_a_listing_says_what_get_says(self) -> None:
        for number in range(20):
            self.ask("PUT", f"/files/alice/{number}", b"x")
        for headers in ({}, {"accept-encoding": "gzip"}):
            got = self.ask("GET", "/files/alice/", headers=dict(headers))
            head = self.ask("HEAD", "/files/alice/", headers=dict(headers))
            self.assertEqual(head.body, b"")
            self.assertEqual(head.headers.pop("Content-Length"), str(len(got.body)))
            self.assertEqual(head.headers, got.headers)


class CollectionTests(ApplicationTestCase):
    """Verifies: RFC 4918, 5.2."""

    def test_a_collection_without_its_slash_is_named_with_it(self) -> None:
        for method in ("GET", "HEAD", "PROPFIND"):
            for _ in range(2):
                answer = self.ask(method, "/files/alice", headers={"depth": "0"})
                self.assertEqual(answer.headers["Content-Location"], "/files/alice/", method)
            self.assertNotIn("Content-Location", self.ask(method, "/files/alice/", headers={"depth": "0"}).headers)
        self.ask("PUT", "/files/alice/a", b"x")
        self.assertNotIn("Content-Location", self.ask("GET", "/files/alice/a").headers)


class ConcealTests(ApplicationTestCase):
    """Verifies: RFC 3744, 7.1.1."""

    def test_absent_and_foreign_look_the_same(self) -> None:
        self.assertEqual(self.ask("PUT", "/files/bob/diary", b"secret", user="bob").status, 201)
        for method in self.application._registry.methods:
            if method == "BREAK":
                continue
            for foreign, absent in (
                ("/files/bob/", "/files/bog/"),
                ("/files/bob/diary", "/files/bog/diary"),
                ("/principals/users/bob/", "/principals/users/bog/"),
            ):
                headers = {"destination": "/files/alice/x"}
                one = self.ask(method, foreign, b"", headers=dict(headers))
                two = self.ask(method, absent, b"", headers=dict(headers))
                self.assertEqual((one.status, one.headers), (two.status, two.headers), (method, foreign))
                if isinstance(one.body, bytes):
                    self.assertEqual(one.body.replace(b"bob", b"bog"), two.body)
        self.assertEqual(self.ask("GET", "/files/bob/diary", user="bob").body, b"secret")


class PrefixTests(ApplicationTestCase):
    """Verifies: RFC 4918, 8.3."""

    dav = DavSettings(prefix="/dav")

    def test_everything_is_below_the_prefix(self) -> None:
        self.assertEqual(self.ask("PUT", "/dav/files/alice/a", b"x").status, 201)
        self.assertEqual(self.ask("GET", "/dav/files/alice/a").body, b"x")
        self.assertEqual(self.ask("GET", "/files/alice/a").status, 404)
        self.assertEqual(self.ask("GET", "/davfiles/alice/a").status, 404)
        self.assertEqual(self.ask("PROPFIND", "/dav", headers={"depth": "0"}).status, 207)
        answer = self.ask("PROPFIND", "/dav/files/alice/", headers={"depth": "1"})
        self.assertIn(b"<D:href>/dav/files/alice/a</D:href>", answer.body)
        self.assertEqual(self.ask("GET", "/.well-known/caldav", user=None).headers["Location"], "/dav/")
