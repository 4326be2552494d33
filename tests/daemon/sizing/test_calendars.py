"""Which answers are right: each lie of a server is seen.

Verifies: RFC 6578, 3.2; RFC 4791, 5.3.2; RFC 4918, 9.1
"""

from __future__ import annotations

import random

import pytest

from davd.daemon.doctor.reply import Reply
from davd.daemon.sizing.calendars import Calendar, Event, Query, content_of

PATH = "/calendars/a/c/"


def ok(status: int, body: bytes = b"", etag: str = "") -> Reply:
    """An answer."""
    return Reply(status, (("ETag", etag),) if etag else (), body)


def listing(*etags: str, token: str = "") -> Reply:
    """A multistatus of the calendar and of events with those ETags."""
    rows = "".join(f"<D:response><D:getetag>{etag}</D:getetag></D:response>" for etag in ["", *etags])
    last = f"<D:sync-token>{token}</D:sync-token>" if token else ""
    return ok(207, f"<D:multistatus>{rows}{last}</D:multistatus>".encode())


def told(*names: str, token: str = "t") -> Reply:
    """What a sync-collection report answers."""
    rows = "".join(f"<D:response><D:href>{PATH}{name}</D:href></D:response>" for name in names)
    return ok(207, f"<D:multistatus>{rows}<D:sync-token>{token}</D:sync-token></D:multistatus>".encode())


@pytest.fixture
def calendar() -> Calendar:
    return Calendar(PATH, "Basic abc", [Event("1.ics", content_of("1.ics", 0), '"a"')])


def ask(calendar: Calendar, kind: str) -> Query:
    """A request of that kind."""
    query = calendar.query(kind, random.Random(1))
    assert ("Authorization", "Basic abc") in query.fields
    return query


def written(calendar: Calendar, etag: str) -> None:
    """A write that is acknowledged."""
    assert ask(calendar, "write").verify(ok(204, etag=etag)) == ""


class TestPolls:
    """Verifies: RFC 4918, 9.1"""

    def test_right(self, calendar: Calendar) -> None:
        query = ask(calendar, "poll")
        assert (query.method, query.target) == ("PROPFIND", PATH)
        assert query.verify(listing(token="x")) == ""

    @pytest.mark.parametrize("reply", [ok(429), ok(207, b"<D:multistatus>sync-token"), ok(207, b"</D:multistatus>")])
    def test_wrong(self, calendar: Calendar, reply: Reply) -> None:
        assert ask(calendar, "poll").verify(reply)


class TestSync:
    """Verifies: RFC 6578, 3.2"""

    def test_what_was_written_has_to_be_told(self, calendar: Calendar) -> None:
        written(calendar, '"b"')
        assert ask(calendar, "sync").verify(told("other.ics")) == "1.ics was changed, and is not told of"
        assert ask(calendar, "sync").verify(told("1.ics", token="t2")) == ""
        again = ask(calendar, "sync")
        assert b"t2</D:sync-token>" in (again.body or b"")
        assert again.verify(told(token="t3")) == ""

    def test_a_token_over_a_write_under_way_is_not_gone_by(self, calendar: Calendar) -> None:
        write = ask(calendar, "write")
        sync = ask(calendar, "sync")
        assert sync.verify(told("1.ics", token="t2")) == ""
        assert write.verify(ok(204, etag='"b"')) == ""
        assert b"<D:sync-token></D:sync-token>" in (ask(calendar, "sync").body or b"")

    def test_a_token_is_wanted(self, calendar: Calendar) -> None:
        assert ask(calendar, "sync").verify(told(token="")) == "no sync-token"


class TestListings:
    """Verifies: RFC 4918, 9.1"""

    def test_all_with_their_last_etags(self, calendar: Calendar) -> None:
        assert ask(calendar, "list").verify(listing("&quot;a&quot;")) == ""
        assert ask(calendar, "list").verify(listing("&quot;b&quot;")) == "an ETag that is not the last one"
        assert ask(calendar, "list").verify(listing()) == "1 resources in place of 2"

    def test_over_a_write_either_etag_is_right(self, calendar: Calendar) -> None:
        query = ask(calendar, "list")
        written(calendar, '"b"')
        assert query.verify(listing("&quot;a&quot;")) == ""
        assert ask(calendar, "list").verify(listing("&quot;a&quot;")) != ""


class TestEvents:
    """Verifies: RFC 4791, 5.3.2"""

    def test_the_content_and_its_etag(self, calendar: Calendar) -> None:
        query = ask(calendar, "read")
        assert query.target == f"{PATH}1.ics"
        assert query.verify(ok(200, content_of("1.ics", 0), '"a"')) == ""
        assert query.verify(ok(200, content_of("1.ics", 0), '"b"')) == "another ETag for the same content"
        assert query.verify(ok(200, content_of("1.ics", 9), '"b"')) == "content that nobody wrote"
        assert query.verify(ok(404)) == "status 404"

    def test_over_a_write_either_content_is_right(self, calendar: Calendar) -> None:
        write, read = ask(calendar, "write"), ask(calendar, "read")
        assert ("If-Match", '"a"') in write.fields
        assert read.verify(ok(200, content_of("1.ics", 0), '"a"')) == ""
        assert read.verify(ok(200, content_of("1.ics", 1), '"b"')) == ""
        assert write.verify(ok(204, etag='"b"')) == ""
        assert ask(calendar, "read").verify(ok(200, content_of("1.ics", 0), '"a"')) == "content that nobody wrote"

    def test_one_write_at_a_time(self, calendar: Calendar) -> None:
        assert ask(calendar, "write").method == "PUT"
        assert ask(calendar, "write").method == "GET"

    def test_a_refused_write(self, calendar: Calendar) -> None:
        assert ask(calendar, "write").verify(ok(412)) == "status 412"
        assert ask(calendar, "read").verify(ok(200, content_of("1.ics", 0), '"a"')) == ""
