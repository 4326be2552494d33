"""What clients ask of calendars and address books, and how a right answer looks."""

import gzip
import re
from collections.abc import Callable, Sequence
from xml.sax.saxutils import escape

from tests.performance.groupware.load import Ask

_CAL = 'xmlns:C="urn:ietf:params:xml:ns:caldav"'
_CARD = 'xmlns:C="urn:ietf:params:xml:ns:carddav"'
_GZIP = b"\x1f\x8b"
_XML = {"Content-Type": "application/xml; charset=utf-8"}
_RESPONSE = re.compile(rb"</(?:[A-Za-z0-9]+:)?response>")
_TOKEN = re.compile(rb"<(?:[A-Za-z0-9]+:)?sync-token>([^<]+)<")
ETAG = re.compile(rb"\r\netag: *(\"[^\"]+\")", re.IGNORECASE)
HREF = re.compile(rb"<(?:[A-Za-z0-9]+:)?href>([^<]+\.(?:ics|vcf))<")
_NUMBERS = iter(range(10**9))


def responses(body: bytes) -> int:
    """How many resources a multistatus tells of."""
    return len(_RESPONSE.findall(body))


def sync_token(body: bytes) -> str:
    """The DAV:sync-token in an answer."""
    found = _TOKEN.search(body)
    if found is None:
        raise ValueError(f"no sync-token in {body[:300]!r}")
    return found[1].decode()


def unlike() -> str:
    """A comment that makes a request unlike all others, so that no answer to it is kept anywhere."""
    return f"<!--{next(_NUMBERS)}-->"


def _multistatus(count: int | None, *parts: bytes) -> Callable[[int, bytes], bool]:
    def check(status: int, body: bytes) -> bool:
        return status == 207 and (count is None or responses(body) == count) and all(part in body for part in parts)

    return check


def _xml(method: str, path: str, depth: str, body: str, check: Callable[[int, bytes], bool]) -> Ask:
    return Ask(method, path, body.encode(), {**_XML, "Depth": depth}, check)


def packed(ask: Ask) -> Ask:
    """The same, asked as all clients do: the answer may be compressed."""
    check = ask.check
    right = (0, b"")

    def checked(status: int, body: bytes) -> bool:
        nonlocal right
        # The same octets again need not be unpacked again, or the client would be all that is measured.
        if (status, body) != right and check(status, gzip.decompress(body) if body[:2] == _GZIP else body):
            right = (status, body)
        return (status, body) == right

    return Ask(ask.method, ask.path, ask.body, {**ask.fields, "Accept-Encoding": "gzip, deflate"}, checked)


def poll(path: str) -> Ask:
    """Whether anything has changed: ctag and sync-token of a collection."""
    body = '<propfind xmlns="DAV:" xmlns:S="http://calendarserver.org/ns/"><prop><S:getctag/><sync-token/></prop></propfind>'
    return _xml("PROPFIND", path, "0", body, _multistatus(1, b"sync-token>", b"getctag>"))


def listing(path: str, members: int, mark: str = "") -> Ask:
    """The ETags of all members."""
    body = f'{mark}<propfind xmlns="DAV:"><prop><getetag/></prop></propfind>'
    return _xml("PROPFIND", path, "1", body, _multistatus(members + 1, b"getetag>"))


def month(path: str, start: str, end: str, count: int | None, mark: str = "") -> Ask:
    """The events of a month, with their data."""
    body = (
        f'{mark}<C:calendar-query xmlns="DAV:" {_CAL}><prop><getetag/><C:calendar-data/></prop><C:filter>'
        f'<C:comp-filter name="VCALENDAR"><C:comp-filter name="VEVENT"><C:time-range start="{start}" end="{end}"/>'
        "</C:comp-filter></C:comp-filter></C:filter></C:calendar-query>"
    )
    return _xml("REPORT", path, "1", body, _multistatus(count))


def multiget(path: str, hrefs: Sequence[str], mark: str = "") -> Ask:
    """The data of some events by their addresses."""
    listed = "".join(f"<href>{escape(href)}</href>" for href in hrefs)
    body = (
        f'{mark}<C:calendar-multiget xmlns="DAV:" {_CAL}><prop><getetag/><C:calendar-data/></prop>{listed}'
        "</C:calendar-multiget>"
    )
    return _xml("REPORT", path, "1", body, _multistatus(len(hrefs), b"BEGIN:VEVENT"))


def email(path: str, text: str, count: int | None, mark: str = "") -> Ask:
    """The cards in whose addresses a text is found."""
    body = (
        f'{mark}<C:addressbook-query xmlns="DAV:" {_CARD}><prop><getetag/><C:address-data/></prop><C:filter>'
        f'<C:prop-filter name="EMAIL"><C:text-match collation="i;unicode-casemap" match-type="contains">{text}'
        "</C:text-match></C:prop-filter></C:filter></C:addressbook-query>"
    )
    return _xml("REPORT", path, "1", body, _multistatus(count))


def sync(path: str, token: str, count: int | None, mark: str = "") -> Ask:
    """What has changed since a token; all there is for an empty one."""
    body = (
        f'{mark}<sync-collection xmlns="DAV:"><sync-token>{escape(token)}</sync-token><sync-level>1</sync-level>'
        "<prop><getetag/></prop></sync-collection>"
    )
    return _xml("REPORT", path, "0", body, _multistatus(count, b"sync-token>"))


def put(
    path: str,
    content: bytes,
    kind: str,
    condition: dict[str, str],
    want: Sequence[int],
    heard: Callable[[bytes], None] | None = None,
) -> Ask:
    """An object, new or changed."""
    return Ask("PUT", path, content, {"Content-Type": kind, **condition}, lambda status, body: status in want, heard)


def delete(path: str) -> Ask:
    """An object that goes."""
    return Ask("DELETE", path, check=lambda status, body: status in (200, 204))
