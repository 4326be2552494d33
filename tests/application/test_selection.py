"""What the head of a request alone decides: discovery, and which row answers.

Verifies: RFC 6764, 5; RFC 5995, 3.1; RFC 9110, 15.5.6
"""

from __future__ import annotations

from davd.dav.settings import DavSettings
from tests.application.test_application import ApplicationTestCase, Untouchable

METHODS = ("GET", "HEAD", "PROPFIND", "REPORT", "OPTIONS", "PUT", "POST", "MKCOL", "BREW")
PRINCIPAL = b'<propfind xmlns="DAV:"><prop><current-user-principal/></prop></propfind>'


class WellKnownTests(ApplicationTestCase):
    """Verifies: RFC 6764, 5."""

    def redirects(self, path: str, to: str) -> None:
        for method in METHODS:
            for user in (None, "alice"):
                body = Untouchable(100)
                answer = self.ask(method, path, body, user=user)
                self.assertEqual((answer.status, answer.headers["Location"]), (301, to), (method, path))
                self.assertIn("no-cache", answer.headers["Cache-Control"])
                self.assertFalse(body.touched)

    def test_any_method_with_and_without_credentials(self) -> None:
        for name in ("caldav", "carddav"):
            self.redirects(f"/.well-known/{name}", "/")
            self.redirects(f"/.well-known/{name}/", "/")

    def test_wrong_credentials_are_not_looked_at(self) -> None:
        headers = {"authorization": "Basic rubbish"}
        self.assertEqual(self.ask("PROPFIND", "/.well-known/caldav", headers=headers).status, 301)

    def test_nothing_else_is_well_known(self) -> None:
        for path in ("/.well-known/", "/.well-known/other", "/x/.well-known/caldav", "/.well-known/caldav/x",
                     "/caldav", "/.well-knowncaldav"):  # fmt: skip
            self.assertEqual(self.ask("PROPFIND", path, user=None).status, 401, path)
            self.assertEqual(self.ask("GET", path).status, 404, path)


class PrefixedTests(WellKnownTests):
    """At the root of the host, and below the prefix for proxies that do not let the former through.

    Verifies: RFC 6764, 5.
    """

    dav = DavSettings(prefix="/dav/tree")

    def test_any_method_with_and_without_credentials(self) -> None:
        for place in ("", "/dav/tree"):
            self.redirects(place + "/.well-known/caldav", "/dav/tree/")
            self.redirects(place + "/.well-known/carddav/", "/dav/tree/")

    def test_it_leads_to_the_principal(self) -> None:
        to = self.ask("PROPFIND", "/.well-known/caldav", user=None).headers["Location"]
        answer = self.ask("PROPFIND", to, PRINCIPAL, headers={"depth": "0"})
        self.assertEqual(answer.status, 207)
        self.assertIn(b"<D:href>/dav/tree/principals/users/alice/</D:href>", answer.body)


class OtherNamesTests(ApplicationTestCase):
    """Verifies: RFC 6764, 5."""

    dav = DavSettings(well_known=["caldav", "files"])

    def test_the_names_can_be_set(self) -> None:
        for name, status in (("caldav", 301), ("files", 301), ("carddav", 401)):
            self.assertEqual(self.ask("PROPFIND", f"/.well-known/{name}", user=None).status, status)


class DiscoveryTests(ApplicationTestCase):
    """Where clients look for their principal, whatever they guess.

    Verifies: RFC 6764, 6; RFC 5397, 3; RFC 4918, 10.1.
    """

    def test_the_principal_is_told_everywhere_above_the_homes(self) -> None:
        for path in ("/", "/principals/", "/principals", "/principals/users/", "/principals/users"):
            answer = self.ask("PROPFIND", path, PRINCIPAL, headers={"depth": "0"})
            self.assertEqual(answer.status, 207, path)
            self.assertIn(b"<D:current-user-principal><D:href>/principals/users/alice/</D:href>", answer.body)
            self.assertEqual(self.ask("PROPFIND", path, user=None).status, 401)

    def test_principals_with_and_without_the_slash(self) -> None:
        for path in ("/principals/users/alice", "/principals/users/alice/", "/principals/users/%61lice/"):
            answer = self.ask("PROPFIND", path, PRINCIPAL, headers={"depth": "0"})
            self.assertIn(b"<D:href>/principals/users/alice/</D:href><D:propstat>", answer.body)

    def test_options_is_answered_to_everybody(self) -> None:
        for path in ("/", "/principals/users/alice/", "/files/alice/", "/nowhere"):
            answer = self.ask("OPTIONS", path, user=None)
            self.assertEqual(answer.status, 200)
            self.assertIn("access-control", answer.headers["DAV"].split(", "))
            self.assertIn("REPORT", answer.headers["Allow"].split(", "))


class PostTests(ApplicationTestCase):
    """Verifies: RFC 5995, 3.1; RFC 9110, 15.5.6."""

    def test_only_at_add_member_urls(self) -> None:
        for query in ("", "x", "add-member=1", "add-member&x"):
            for body in (Untouchable(3), Untouchable(None)):
                answer = self.ask("POST", "/files/alice/", body, query=query)
                self.assertEqual(answer.status, 405, query)
                self.assertNotIn("POST", answer.headers["Allow"].split(", "))
                self.assertFalse(body.touched)
        answer = self.ask("POST", "/files/alice/", b"new", query="add-member", headers={"content-type": "text/plain"})
        self.assertEqual(answer.status, 201)
        self.assertEqual(self.ask("GET", answer.headers["Location"]).body, b"new")

    def test_options_tells_where_it_can_be_used(self) -> None:
        allowed = [
            "POST" in self.ask("OPTIONS", "/files/alice/", query=query).headers["Allow"].split(", ")
            for query in ("", "add-member")
        ]
        self.assertEqual(allowed, [False, True])

    def test_what_is_bound_to_fail_fails_before_the_content_is_read(self) -> None:
        body = Untouchable(10)
        self.assertEqual(self.ask("POST", "/files/bob/", body, query="add-member").status, 404)
        self.assertEqual(self.ask("POST", "/files/", body, query="add-member").status, 403)
        self.assertFalse(body.touched)
        self.assertEqual(self.ask("POST", "/files/alice/", Untouchable(None), query="add-member").status, 411)
