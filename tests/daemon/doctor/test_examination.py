"""A server that is all right, and each mistake of a proxy before it by its name.

Verifies: RFC 9110, 10.1.1, 11.6.1, 15; RFC 4918, 8.3, 9.1, 9.9.4, 10.1; RFC 6764, 5
"""

from __future__ import annotations

import http.client
from collections.abc import Callable

import pytest

from davd.daemon.doctor.clients import CLIENTS
from davd.daemon.doctor.examination import Examination, Subject
from tests.conformance.daemon import Daemon
from tests.conformance.dialogue import basic
from tests.daemon.doctor.between import Answer, Asked, Mistake, between
from tests.daemon.doctor.conftest import PREFIX
from tests.daemon.doctor.examine import faults, found, outcomes

NGINX = {"Server": "nginx/1.22.1", "Content-Type": "text/html"}


def home(davd: Daemon) -> str:
    """The path of the account's files."""
    return f"{PREFIX}{davd.home}"


class TestSound:
    """Verifies: RFC 6764, 5; RFC 4918, 9"""

    @pytest.mark.parametrize("client", sorted(CLIENTS))
    def test_every_client_is_content(self, davd: Daemon, client: str) -> None:
        url = davd.url.replace("127.0.0.1", "localhost") + home(davd)
        steps = outcomes(client, url, davd, authorities=str(davd.certificate), write=True)
        assert found(steps) == {}
        assert [step.skipped for step in steps if step.skipped] == []
        assert all(step.status for step in steps)

    @pytest.mark.parametrize("client", sorted(CLIENTS))
    def test_nothing_is_written_unasked(self, davd: Daemon, client: str) -> None:
        steps = outcomes(client, davd.plain_url + home(davd), davd)
        assert faults(steps) <= {"windows-plain"}
        assert {step.step.method for step in steps if not step.skipped} <= {"OPTIONS", "PROPFIND", "REPORT"}
        assert all(step.skipped == "only --write lets it write" for step in steps if step.step.writes)

    def test_where_nothing_may_be_written(self, davd: Daemon) -> None:
        steps = outcomes("rclone", davd.plain_url + PREFIX + "/", davd, write=True)
        assert faults(steps) == set()
        assert "not-writable" in {finding.key for step in steps for finding in step.findings}

    def test_a_wrong_password_is_sent_twice_only(self, davd: Daemon) -> None:
        steps = outcomes("davx5", davd.plain_url + home(davd), davd, password="wrong")
        assert faults(steps) == {"login-refused"}
        assert [step.status for step in steps].count(401) == 2
        assert "the password was refused" in {step.skipped for step in steps}


def refuse(status: int, *methods: str, **fields: str) -> Mistake:
    """A proxy that answers some methods itself."""

    class Refuses(Mistake):
        def forward(self, asked: Asked) -> Answer | None:
            given = {name.replace("_", "-"): value for name, value in fields.items()}
            page = b"<html><center>nginx/1.22.1</center></html>"
            return Answer(status, NGINX | given, page) if asked.method in methods else None

    return Refuses()


def lose(name: str, only: str = "") -> Mistake:
    """A proxy that does not pass a field of requests on."""

    class Loses(Mistake):
        def forward(self, asked: Asked) -> Answer | None:
            if only in ("", asked.method):
                asked.fields = {key: value for key, value in asked.fields.items() if key.lower() != name.lower()}
            return None

    return Loses()


def answered(name: str, value: str = "", status: int = 0) -> Mistake:
    """A proxy that changes a field of answers, or removes it."""

    class Changes(Mistake):
        def back(self, asked: Asked, answer: Answer) -> None:
            if status in (0, answer.status):
                answer.fields = {key: held for key, held in answer.fields.items() if key.lower() != name.lower()}
                answer.fields |= {name: value} if value else {}

    return Changes()


def etags(change: Callable[[str], str]) -> Mistake:
    """A proxy that changes the ETag of what is read."""

    class Marks(Mistake):
        def back(self, asked: Asked, answer: Answer) -> None:
            if asked.method == "GET" and "ETag" in answer.fields:
                answer.fields["ETag"] = change(answer.fields["ETag"])

    return Marks()


def replaced(old: bytes, new: bytes) -> Mistake:
    """A server that tells other hrefs than those it is asked for."""

    class Replaces(Mistake):
        def forward(self, asked: Asked) -> Answer | None:
            asked.fields.pop("Accept-Encoding", None)
            return None

        def back(self, asked: Asked, answer: Answer) -> None:
            if answer.status == 207:
                answer.body = answer.body.replace(old, new)

    return Replaces()


def moved(path: str, status: int, location: str) -> Mistake:
    """A proxy that redirects what begins with a path."""

    class Redirects(Mistake):
        def forward(self, asked: Asked) -> Answer | None:
            return Answer(status, {"Location": location, **NGINX}) if asked.path.startswith(path) else None

    return Redirects()


class Renamed(Mistake):
    """It sends its own name instead of Host, so the server knows no Destination by the public name."""

    def forward(self, asked: Asked) -> Answer | None:
        asked.fields["Host"] = "backend.internal"
        return None


class NoChunks(Mistake):
    """It takes no upload without a length."""

    def forward(self, asked: Asked) -> Answer | None:
        return Answer(411, dict(NGINX)) if asked.fields.get("Transfer-Encoding") else None


class SmallBodies(Mistake):
    """It takes 1 MiB."""

    def forward(self, asked: Asked) -> Answer | None:
        return Answer(413, dict(NGINX)) if len(asked.body) > 1 << 20 else None


class Waiting(Mistake):
    """It never says 100."""

    def expectation(self) -> bool:
        return False


class Remembering(Mistake):
    """It keeps what was read once."""

    def __init__(self) -> None:
        self.kept: dict[str, Answer] = {}

    def forward(self, asked: Asked) -> Answer | None:
        return self.kept.get(asked.path) if asked.method == "GET" else None

    def back(self, asked: Asked, answer: Answer) -> None:
        if asked.method == "GET":
            self.kept[asked.path] = answer


class Shifted(Mistake):
    """It takes a prefix away that the server knows nothing of: clients come by /cloud/dav/."""

    def forward(self, asked: Asked) -> Answer | None:
        asked.path = asked.path.removeprefix("/cloud")
        return None


class Everything(Mistake):
    """It takes If-None-Match, If-Match and locks for granted."""

    def forward(self, asked: Asked) -> Answer | None:
        return Answer(204) if asked.method == "PUT" else None


class Sends(Mistake):
    """Whatever is asked for and is not there is a multistatus."""

    def back(self, asked: Asked, answer: Answer) -> None:
        if answer.status == 404:
            answer.status = 207


class NothingWellKnown(Mistake):
    """It knows nothing of the well-known URLs."""

    def forward(self, asked: Asked) -> Answer | None:
        return Answer(404, dict(NGINX)) if asked.path.startswith(WELL_KNOWN) else None


class Login(Mistake):
    """A page for logging in stands in front."""

    def forward(self, asked: Asked) -> Answer | None:
        return Answer(200, {"Content-Type": "text/html"}, b"<html>Log in</html>")


class Strangers(Mistake):
    """The server lets everybody in, as nobody."""

    def back(self, asked: Asked, answer: Answer) -> None:
        if b"current-user-principal" in answer.body and answer.status == 207:
            head, _, rest = answer.body.partition(b"current-user-principal>")
            inside, _, rest = rest.partition(b"current-user-principal>")
            start = b"</" + inside.rpartition(b"</")[2]
            answer.body = head + b"current-user-principal><X:unauthenticated xmlns:X='DAV:'/>" + start
            answer.body += b"current-user-principal>" + rest


def without_property(name: bytes) -> Mistake:
    """A server that does not know a property."""
    return replaced(name, b"unknown-" + name)


WELL_KNOWN = "/.well-known/"
MISTAKES: list[tuple[str, str, Mistake, str]] = [
    ("apple", "well-known-missing", NothingWellKnown(), "so clients that are given the name of the host find nothing"),
    ("davx5", "method-refused", refuse(405, "PROPFIND"), "Something in front of the server (Server: nginx/1.22.1)"),
    ("davx5", "method-refused", refuse(403, "REPORT"), "refuses REPORT (403)"),
    ("apple", "method-refused", refuse(501, "MKCALENDAR"), "refuses MKCALENDAR (501)"),
    ("rclone", "method-refused", refuse(405, "MOVE"), "refuses MOVE (405)"),
    ("windows", "method-refused", refuse(405, "LOCK"), "refuses LOCK (405)"),
    ("rclone", "method-refused", refuse(403, "MKCOL"), "refuses MKCOL (403)"),
    ("thunderbird", "rate-limited", refuse(429, "REPORT", Retry_After="7"), "tried again after 7 s"),
    ("thunderbird", "gateway", refuse(502, "PROPFIND"), "does not get an answer from the server behind it"),
    ("thunderbird", "gateway", refuse(504, "REPORT"), "504"),
    ("rclone", "server-error", refuse(500, "PROPFIND"), "500"),
    ("davx5", "login-refused", lose("Authorization"), "as it is without them"),
    ("apple", "login-lost", lose("Authorization", "REPORT"), "REPORT"),
    ("davx5", "login-ignored", Strangers(), "stranger"),
    ("windows", "challenge-missing", answered("WWW-Authenticate"), "without the field WWW-Authenticate"),
    ("windows", "challenge-without-basic", answered("WWW-Authenticate", 'Digest realm="a", nonce="b"', 401), "Digest"),
    ("rclone", "login-page", Login(), "text/html"),
    ("thunderbird", "no-dav", answered("DAV"), "has no field DAV"),
    ("davx5", "no-class", answered("DAV", "1, 2, calendar-access"), "addressbook"),
    ("windows", "no-locks", answered("DAV", "1"), "Windows Explorer can only read"),
    ("windows", "ms-author-via", answered("MS-Author-Via"), "MS-Author-Via"),
    ("windows", "options-at-root", answered("DAV"), "asks there, whatever the URL"),
    ("rclone", "depth-lost", lose("Depth"), "Depth"),
    ("rclone", "if-none-match-lost", lose("If-None-Match"), "If-None-Match"),
    ("rclone", "if-match-lost", lose("If-Match"), "If-Match"),
    ("windows", "if-lost", lose("If"), "423"),
    ("rclone", "overwrite-lost", lose("Overwrite"), "Overwrite: F"),
    ("windows", "lock-not-kept", Everything(), "without the lock's token"),
    ("rclone", "destination", Renamed(), "Host on as it came"),
    ("apple", "destination", Renamed(), "Host on as it came"),
    ("rclone", "no-length", NoChunks(), "411"),
    ("rclone", "body-limit", SmallBodies(), "client_max_body_size 0"),
    ("rclone", "expect-stuck", Waiting(), "within 3 s"),
    ("rclone", "weak-etag", etags(lambda held: "W/" + held), "W/"),
    ("rclone", "etag-changed", etags(lambda held: held[:-1] + '-gzip"'), "-gzip"),
    ("apple", "no-etag", etags(lambda held: ""), "has no ETag"),
    ("rclone", "stale", Remembering(), "other content"),
    ("davx5", "cached", answered("X-Cache", "HIT from edge"), "X-Cache: HIT from edge"),
    ("davx5", "cached", answered("Age", "30"), "Age: 30"),
    ("davx5", "clock", answered("Date", "Sat, 03 Jan 2026 10:11:12 GMT"), "minutes apart"),
    ("thunderbird", "href-host", replaced(b"href>/dav", b"href>http://backend:8080/dav"), "http://backend:8080/dav"),
    ("thunderbird", "href-scheme", replaced(b"href>/dav", b"href>https://127.0.0.1/dav"), "come by http"),
    ("rclone", "href-prefix", replaced(b"href>/dav/", b"href>/"), "does not know the path that clients use"),
    ("apple", "not-multistatus", replaced(b"<", b"&lt;"), "cannot be read as XML"),
    ("apple", "redirect-elsewhere", moved(WELL_KNOWN, 301, "http://backend.internal/dav/"), "backend.internal"),
    ("apple", "redirect-see-other", moved(WELL_KNOWN, 303, "/dav/"), "GET"),
    ("apple", "well-known-elsewhere", moved(WELL_KNOWN, 301, "/nowhere/"), "/nowhere/"),
    ("apple", "well-known-login", refuse(401, "PROPFIND", WWW_Authenticate='Basic realm="a"'), "password"),
    ("rclone", "redirect-loop", moved("/", 301, "/dav/"), "again and again"),
    ("thunderbird", "no-principal", without_property(b"current-user-principal"), "who is logged in"),
    ("thunderbird", "no-calendar-home", without_property(b"calendar-home-set"), "calendar-home-set"),
    ("davx5", "no-book-home", without_property(b"addressbook-home-set"), "addressbook-home-set"),
    ("apple", "no-calendars", replaced(b"<C:calendar ", b"<C:unknown "), "no calendar"),
    ("windows", "not-found-as-multistatus", Sends(), "207"),
    ("windows", "windows-plain", Mistake(), "no password over http"),
]


class TestMistakes:
    """Verifies: RFC 9110, 15; RFC 4918, 8.3, 10"""

    @pytest.mark.parametrize(
        ("client", "key", "mistake", "words"),
        MISTAKES,
        ids=[f"{one[0]}-{one[1]}-{n}" for n, one in enumerate(MISTAKES)],
    )
    def test_is_named(self, davd: Daemon, port: int, client: str, key: str, mistake: Mistake, words: str) -> None:
        with between(mistake, port) as near:
            steps = outcomes(client, f"http://127.0.0.1:{near}{home(davd)}", davd, write=True)
        told = found(steps)
        assert key in told, {step.step.title: step.findings for step in steps}
        assert words in f"{told[key].sentence} {told[key].remedy}"

    def test_a_prefix_that_is_taken_away(self, davd: Daemon, port: int) -> None:
        with between(Shifted(), port) as near:
            steps = outcomes("rclone", f"http://127.0.0.1:{near}/cloud{home(davd)}", davd)
        assert "href-prefix" in faults(steps)

    def test_all_that_can_be_asked_is_asked(self, davd: Daemon, port: int) -> None:
        """One thing that is refused does not hide the next."""

        class Two(Mistake):
            def forward(self, asked: Asked) -> Answer | None:
                return Answer(405, dict(NGINX)) if asked.method in ("MOVE", "COPY") else SmallBodies().forward(asked)

        with between(Two(), port) as near:
            steps = outcomes("rclone", f"http://127.0.0.1:{near}{home(davd)}", davd, write=True)
        told = [finding.sentence for step in steps for finding in step.findings if finding.severity == "fault"]
        assert len(told) >= 3
        assert {"body-limit", "method-refused"} <= faults(steps)

    def test_what_cannot_be_deleted_is_told(self, davd: Daemon, port: int) -> None:
        with between(refuse(405, "DELETE"), port) as near:
            url = f"http://127.0.0.1:{near}{home(davd)}"
            examination = Examination(Subject(url, davd.user, davd.password, write=True), CLIENTS["rclone"])
            assert "method-refused" in faults(list(examination.run()))
        (left,) = examination.left
        assert left.startswith(f"{url}davctl-doctor-")
        connection = http.client.HTTPConnection("127.0.0.1", port)
        connection.request(
            "DELETE", left.removeprefix(f"http://127.0.0.1:{near}"), headers=dict([basic(davd.user, davd.password)])
        )
        assert connection.getresponse().status == 204
        connection.close()


def test_redirect_from_http_to_https(davd: Daemon) -> None:
    """The rest is looked at where the redirect leads."""

    class ToTLS(Mistake):
        def forward(self, asked: Asked) -> Answer | None:
            there = davd.url.replace("127.0.0.1", "localhost")
            return Answer(301, {"Location": there + asked.path})

    with between(ToTLS(), 0) as near:
        steps = outcomes(
            "davx5", f"http://localhost:{near}{home(davd)}", davd, authorities=str(davd.certificate), write=True
        )
    assert set(found(steps)) == {"redirect-to-https"}
    assert not [step for step in steps if step.skipped]
