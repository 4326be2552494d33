"""What clients store and ask: files, events and cards in any number of versions, and the bodies of their reports."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from xml.etree import ElementTree
from xml.sax.saxutils import escape

DAV, CALDAV, CARDDAV = "DAV:", "urn:ietf:params:xml:ns:caldav", "urn:ietf:params:xml:ns:carddav"
_SIZES = (40, 40, 2_000, 2_000, 20_000, 150_000)
_NAMESPACES = f'xmlns="{DAV}" xmlns:C="{CALDAV}" xmlns:A="{CARDDAV}"'


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of collection: where it is, what makes it, and what its members are called and sent as."""

    name: str
    home: str
    make: str
    body: str
    suffix: str
    type: str
    data: str
    multiget: str


_EXTENDED = "<set><prop><resourcetype><collection/>{}</resourcetype></prop></set>"
FILES = Kind("files", "/files/{}/", "MKCOL", "", ".bin", "application/octet-stream", "", "")
EVENTS = Kind(
    "events", "/calendars/{}/", "MKCALENDAR", "", ".ics", "text/calendar", "C:calendar-data", "C:calendar-multiget"
)
CARDS = Kind(
    "cards",
    "/addressbooks/{}/",
    "MKCOL",
    f"<mkcol {_NAMESPACES}>{_EXTENDED.format('<A:addressbook/>')}</mkcol>",
    ".vcf",
    "text/vcard",
    "A:address-data",
    "A:addressbook-multiget",
)
KINDS = (FILES, EVENTS, CARDS)


def content_of(kind: Kind, uid: str, number: int, version: int, chance: random.Random) -> bytes:
    """A version of an object; `number` decides on which day an event is, or how a card's name begins."""
    if kind is FILES:
        return f"{uid} {version}\n".encode() + chance.randbytes(chance.choice(_SIZES))
    note = "x" * chance.choice((10, 10, 300, 3_000))
    if kind is EVENTS:
        day = 1 + number % 28
        lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//davd//proof//EN", "BEGIN:VEVENT", f"UID:{uid}"]
        lines += ["DTSTAMP:20270101T000000Z", f"DTSTART:202701{day:02d}T100000Z", f"DTEND:202701{day:02d}T110000Z"]
        lines += [f"SUMMARY:version {version}", *folded(f"DESCRIPTION:{note}"), "END:VEVENT", "END:VCALENDAR"]
    else:
        name = f"{'even' if number % 2 == 0 else 'odd'} {number}"
        lines = ["BEGIN:VCARD", "VERSION:3.0", f"UID:{uid}", f"FN:{name}", f"N:{name};;;;"]
        lines += [*folded(f"NOTE:version {version} {note}"), "END:VCARD"]
    return ("\r\n".join(lines) + "\r\n").encode()


def folded(line: str) -> list[str]:
    """A content line in pieces of at most 75 octets."""
    return [line[:75], *(" " + line[start : start + 74] for start in range(75, len(line), 74))]


def queried(kind: Kind, number: int) -> bool:
    """Whether the object of this number is one that `query_body` asks for."""
    return number % 28 < 14 if kind is EVENTS else number % 2 == 0


def query_body(kind: Kind) -> bytes:
    """A query for some of the members."""
    if kind is EVENTS:
        span = '<C:time-range start="20270101T000000Z" end="20270115T000000Z"/>'
        wanted = f'<C:comp-filter name="VCALENDAR"><C:comp-filter name="VEVENT">{span}</C:comp-filter></C:comp-filter>'
        return _xml("C:calendar-query", f"<prop><getetag/></prop><C:filter>{wanted}</C:filter>")
    wanted = '<A:prop-filter name="FN"><A:text-match match-type="starts-with">even</A:text-match></A:prop-filter>'
    return _xml("A:addressbook-query", f"<prop><getetag/></prop><A:filter>{wanted}</A:filter>")


def multiget_body(kind: Kind, paths: list[str]) -> bytes:
    """A request for the ETags and contents of members."""
    hrefs = "".join(f"<href>{escape(path)}</href>" for path in paths)
    return _xml(kind.multiget, f"<prop><getetag/><{kind.data}/></prop>{hrefs}")


def sync_body(token: str) -> bytes:
    """A request for what has changed since a token."""
    rest = "<sync-level>1</sync-level><prop><getetag/></prop>"
    return _xml("sync-collection", f"<sync-token>{escape(token)}</sync-token>{rest}")


def list_body() -> bytes:
    """A request for the ETags of the members."""
    return _xml("propfind", "<prop><getetag/><resourcetype/></prop>")


def _xml(name: str, inside: str) -> bytes:
    return f'<?xml version="1.0" encoding="utf-8"?><{name} {_NAMESPACES}>{inside}</{name}>'.encode()


@dataclass(frozen=True, slots=True)
class Row:
    """One response of a multistatus; `etag` is None where there is none, `data` what a report tells of the content."""

    status: int
    etag: str | None
    data: str
    collection: bool


def rows_of(content: bytes) -> tuple[dict[str, Row], str]:
    """A multistatus by path, and its sync token; ValueError for what is none or tells of one path twice."""
    root = ElementTree.fromstring(content)
    if root.tag != f"{{{DAV}}}multistatus":
        raise ValueError(f"{root.tag} is no multistatus")
    rows: dict[str, Row] = {}
    for response in root.findall(f"{{{DAV}}}response"):
        path = response.findtext(f"{{{DAV}}}href") or ""
        if path in rows:
            raise ValueError(f"{path} is told of twice")
        status = response.findtext(f"{{{DAV}}}status")
        data = "".join(
            response.findtext(f".//{{{space}}}{name}") or ""
            for space, name in ((CALDAV, "calendar-data"), (CARDDAV, "address-data"))
        )
        collection = response.find(f".//{{{DAV}}}resourcetype/{{{DAV}}}collection") is not None
        etag = response.findtext(f".//{{{DAV}}}getetag") or None
        rows[path] = Row(_status(status) if status else 200, etag, data, collection)
    return rows, root.findtext(f"{{{DAV}}}sync-token") or ""


def _status(line: str) -> int:
    match = re.match(r"HTTP/1\.1 (\d{3})", line)
    if match is None:
        raise ValueError(f"{line!r} is no status")
    return int(match[1])
