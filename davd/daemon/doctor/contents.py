"""From what stands in a good answer to what is wrong with it; steps name the checks that are made.

Implements: RFC 4918, 8.3, 9.1, 10.1; RFC 5397, 3; RFC 4791, 5.1, 6.2.1; RFC 6352, 6.1, 7.1.1
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from urllib.parse import unquote, urlsplit

from davd.daemon.doctor.findings import Finding
from davd.daemon.doctor.known import Known, Visit
from davd.daemon.doctor.multistatus import Multistatus, clark, read
from davd.daemon.doctor.symptoms import details

Check = Callable[[Visit, Known], Iterator[Finding]]


def multistatus(visit: Visit, told: Multistatus | None, known: Known) -> Iterator[Finding]:
    """What every 207 has to keep: it can be read, its hrefs lead back here, and it is of the Depth asked for."""
    detail = details(visit, known)
    if told is None:
        yield Finding("not-multistatus", detail)
        return
    for href in told.resources:
        parts = urlsplit(href)
        if parts.hostname is None:
            continue
        if parts.hostname.lower() != known.origin.host:
            yield Finding("href-host", {"href": href})
            break
        if parts.scheme != known.origin.scheme:
            yield Finding("href-scheme", {"href": href, "scheme": known.origin.scheme})
            break
    paths = [_plain(href) for href in told.resources]
    asked = _plain(visit.target)
    if visit.step.method == "PROPFIND" and paths and not any(path == asked for path in paths):
        # RFC 4918, 9.1: the response of a PROPFIND tells of the resource itself.
        yield Finding("href-prefix", {**detail, "href": next(iter(told.resources))})
    elif visit.depth == "0" and visit.step.method == "PROPFIND" and len(paths) > 1:
        yield Finding("depth-lost", detail)


def _plain(href: str) -> str:
    """A path for comparison: decoded, without the slash at the end."""
    return unquote(urlsplit(href).path).rstrip("/")


def _dav(visit: Visit, known: Known) -> Iterator[Finding]:
    if not visit.reply.field("DAV"):
        yield Finding("no-dav", details(visit, known))


def _class(word: str) -> Check:
    def check(visit: Visit, known: Known) -> Iterator[Finding]:
        yield from _dav(visit, known)
        if visit.reply.field("DAV") and word not in visit.reply.words("DAV"):
            yield Finding("no-class", {**details(visit, known), "missing": word})

    return check


def _locks(visit: Visit, known: Known) -> Iterator[Finding]:
    if visit.reply.field("DAV") and "2" not in visit.reply.words("DAV"):
        yield Finding("no-locks", details(visit, known))


def _author_via(visit: Visit, known: Known) -> Iterator[Finding]:
    if "dav" not in visit.reply.words("MS-Author-Via"):
        yield Finding("ms-author-via")


def _at_root(visit: Visit, known: Known) -> Iterator[Finding]:
    if not visit.reply.field("DAV"):
        yield Finding("options-at-root", details(visit, known))


def _principal(visit: Visit, known: Known) -> Iterator[Finding]:
    told = read(visit.reply)
    element = None if told is None else told.first("D:current-user-principal")
    if element is not None and element.find("{DAV:}unauthenticated") is not None:
        yield Finding("login-ignored" if visit.login else "no-principal", details(visit, known))
    elif told is not None and not told.href("D:current-user-principal"):
        yield Finding("no-principal", details(visit, known))


def _has_href(name: str, key: str) -> Check:
    def check(visit: Visit, known: Known) -> Iterator[Finding]:
        told = read(visit.reply)
        if told is not None and not told.href(name):
            yield Finding(key, details(visit, known))

    return check


def _has_type(name: str, key: str) -> Check:
    def check(visit: Visit, known: Known) -> Iterator[Finding]:
        told = read(visit.reply)
        if told is not None and not told.of_type(name):
            yield Finding(key, details(visit, known))

    return check


def _ctag(visit: Visit, known: Known) -> Iterator[Finding]:
    told = read(visit.reply)
    for href in [] if told is None else told.of_type("C:calendar"):
        row = told.resources[href] if told is not None else {}
        if clark("S:getctag") not in row and clark("D:sync-token") not in row:
            yield Finding("no-ctag")
            return


def _etag(visit: Visit, known: Known) -> Iterator[Finding]:
    etag, before = visit.reply.field("ETag"), known.values.get("etag", "")
    detail = {**details(visit, known), "etag": etag, "before": before}
    if not etag:
        yield Finding("no-etag", detail)
    elif etag.startswith("W/"):
        yield Finding("weak-etag", detail)
    elif before and etag != before:
        yield Finding("etag-changed", detail)


def _second(visit: Visit, known: Known) -> Iterator[Finding]:
    """The trial file has the content that was written last."""
    if b"the second" not in visit.reply.body and "Content-Encoding" not in dict(visit.reply.fields):
        yield Finding("stale", details(visit, known))


def _two(visit: Visit, known: Known) -> Iterator[Finding]:
    """A folder of one file, listed with Depth 1."""
    told = read(visit.reply)
    if told is not None and len(told.resources) < 2:
        yield Finding("depth-lost", details(visit, known))


CHECKS: Mapping[str, Check] = {
    "dav": _dav,
    "calendar-access": _class("calendar-access"),
    "addressbook": _class("addressbook"),
    "locks": _locks,
    "ms-author-via": _author_via,
    "at-root": _at_root,
    "principal": _principal,
    "calendar-home": _has_href("C:calendar-home-set", "no-calendar-home"),
    "book-home": _has_href("A:addressbook-home-set", "no-book-home"),
    "calendars": _has_type("C:calendar", "no-calendars"),
    "books": _has_type("A:addressbook", "no-books"),
    "ctag": _ctag,
    "etag": _etag,
    "second": _second,
    "two": _two,
}
