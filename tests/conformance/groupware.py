"""What the dialogues of calendar and contact clients share: bodies of requests, objects, and reading of answers."""

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import uuid4
from xml.sax.saxutils import escape

import pytest

from tests.conformance.daemon import Daemon
from tests.conformance.dialogue import Account, Header, Reply

NAMESPACES = {
    "D": "DAV:",
    "C": "urn:ietf:params:xml:ns:caldav",
    "A": "urn:ietf:params:xml:ns:carddav",
    "S": "http://calendarserver.org/ns/",
    "I": "http://apple.com/ns/ical/",
    "M": "http://me.com/_namespace/",
}
DECLARED = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in NAMESPACES.items())
XML: Header = ("Content-Type", "text/xml; charset=utf-8")
ICS: Header = ("Content-Type", "text/calendar; charset=utf-8")
VCF: Header = ("Content-Type", "text/vcard; charset=utf-8")


def clark(name: str) -> str:
    """`C:calendar-data` in Clark notation."""
    prefix, _, local = name.partition(":")
    return f"{{{NAMESPACES[prefix]}}}{local}"


def prop(*names: str) -> str:
    """A DAV:prop element with empty elements of those names."""
    return "<D:prop>" + "".join(f"<{name}/>" for name in names) + "</D:prop>"


def document(root: str, *content: str) -> bytes:
    """An XML document of that root element, all prefixes declared."""
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<{root} {DECLARED}>{"".join(content)}</{root}>'.encode()


def propfind(account: Account, path: str, depth: str, *names: str) -> Reply:
    """PROPFIND for properties by name; the answer is 207."""
    reply = account.ask("PROPFIND", path, ("Depth", depth), XML, body=document("D:propfind", prop(*names)))
    assert reply.status == 207, reply
    return reply


def text(reply: Reply, href: str, name: str) -> str:
    """The text of a property of one resource, which has it."""
    status, element = reply.properties()[href][clark(name)]
    assert status == 200, (href, name, status)
    return element.text or ""


def href(reply: Reply, of: str, name: str) -> str:
    """The one DAV:href within a property."""
    status, element = reply.properties()[of][clark(name)]
    assert status == 200, (of, name, status)
    found = [found.text or "" for found in element.findall("{DAV:}href")]
    assert len(found) == 1, (name, found)
    return found[0]


def types(reply: Reply, of: str) -> set[str]:
    """The names of the elements in the DAV:resourcetype of one resource."""
    return {element.tag for element in reply.properties()[of]["{DAV:}resourcetype"][1]}


def members(reply: Reply, type: str) -> list[str]:
    """The resources of an answer that have an element in their resourcetype."""
    return [of for of in reply.properties() if clark(type) in types(reply, of)]


def found(reply: Reply, name: str) -> dict[str, str]:
    """The text of a property by resource, of those that have it."""
    key = clark(name)
    return {of: row[key][1].text or "" for of, row in reply.properties().items() if key in row and row[key][0] == 200}


def gone(reply: Reply) -> list[str]:
    """The resources that an answer to sync-collection or multiget says are not there."""
    return [
        response.findtext("{DAV:}href") or ""
        for response in reply.xml().findall("{DAV:}response")
        if " 404 " in (response.findtext("{DAV:}status") or "")
    ]


def multiget(account: Account, path: str, hrefs: Sequence[str], kind: str = "C") -> Reply:
    """calendar-multiget (or addressbook-multiget, `A`) of ETags and data."""
    root, data = {
        "C": ("C:calendar-multiget", "C:calendar-data"),
        "A": ("A:addressbook-multiget", "A:address-data"),
    }[kind]
    listed = "".join(f"<D:href>{escape(one)}</D:href>" for one in hrefs)
    body = document(root, prop("D:getetag", data), listed)
    reply = account.ask("REPORT", path, ("Depth", "1"), XML, body=body)
    assert reply.status == 207, reply
    return reply


def sync(account: Account, path: str, token: str, limit: int | None = None) -> Reply:
    """sync-collection of ETags since a token, or of all."""
    limited = "" if limit is None else f"<D:limit><D:nresults>{limit}</D:nresults></D:limit>"
    parts = (f"<D:sync-token>{escape(token)}</D:sync-token>", "<D:sync-level>1</D:sync-level>", limited)
    return account.ask("REPORT", path, XML, body=document("D:sync-collection", *parts, prop("D:getetag")))


def ranged(start: str, end: str) -> bytes:
    """calendar-query for the ETags of the events in a time range."""
    return document(
        "C:calendar-query",
        prop("D:getetag"),
        '<C:filter><C:comp-filter name="VCALENDAR"><C:comp-filter name="VEVENT">'
        f'<C:time-range start="{start}" end="{end}"/></C:comp-filter></C:comp-filter></C:filter>',
    )


def token(reply: Reply) -> str:
    """The DAV:sync-token at the end of an answer to sync-collection."""
    told = reply.xml().findtext("{DAV:}sync-token")
    assert told
    return told


def event(uid: str, summary: str = "A meeting", day: str = "20261201", *lines: str, kind: str = "VEVENT") -> bytes:
    """A calendar object with one event of an hour, or another component."""
    times = [f"DTSTART:{day}T100000Z", f"DTEND:{day}T110000Z"] if kind == "VEVENT" else []
    inside = [f"UID:{uid}", "DTSTAMP:20261101T000000Z", f"SUMMARY:{summary}", *times, *lines]
    whole = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//davd//tests//EN", f"BEGIN:{kind}", *inside]
    return ("\r\n".join([*whole, f"END:{kind}", "END:VCALENDAR"]) + "\r\n").encode()


def card(uid: str, name: str, *lines: str, version: str = "3.0") -> bytes:
    """A contact."""
    whole = ["BEGIN:VCARD", f"VERSION:{version}", f"UID:{uid}", f"FN:{name}", f"N:{name};;;;", *lines, "END:VCARD"]
    return ("\r\n".join(whole) + "\r\n").encode()


def new_account(daemon: Daemon, name: str, agent: Sequence[Header]) -> Account:
    """A connection for a user that is made for the test; names may come again on another daemon only."""
    password = f"the password of {name}"
    daemon.add_user(name, password)
    return Account(daemon.url, name, password, agent)


def accounts(name: str, agent: Sequence[Header]) -> Any:
    """A fixture: the connection of an account that is made for the test; `name` may have an at sign at its end."""

    @pytest.fixture
    def account(either: Daemon) -> Iterator[Account]:
        with new_account(either, f"{uuid4().hex[:8]}-{name}", agent) as made:
            yield made

    return account
