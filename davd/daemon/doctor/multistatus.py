"""A 207 as it is read by clients: which resources it tells of, and what of them.

Implements: RFC 4918, 13, 14.7, 14.22
"""

from __future__ import annotations

import gzip
import zlib
from dataclasses import dataclass, field

from lxml import etree

from davd.daemon.doctor.reply import Reply

NAMESPACES = {
    "D": "DAV:",
    "C": "urn:ietf:params:xml:ns:caldav",
    "A": "urn:ietf:params:xml:ns:carddav",
    "S": "http://calendarserver.org/ns/",
    "I": "http://apple.com/ns/ical/",
    "Z": "urn:schemas-microsoft-com:",
    "O": "http://owncloud.org/ns",
}


def clark(name: str) -> str:
    """`D:href` in Clark notation."""
    prefix, local = name.split(":")
    return f"{{{NAMESPACES[prefix]}}}{local}"


@dataclass(slots=True)
class Multistatus:
    """The properties that were found, by href as it was written; `sync_token` of a sync-collection report."""

    resources: dict[str, dict[str, etree._Element]] = field(default_factory=dict)
    sync_token: str = ""

    def first(self, name: str) -> etree._Element | None:
        """The property of that name of the first resource that has it."""
        for row in self.resources.values():
            if clark(name) in row:
                return row[clark(name)]
        return None

    def href(self, name: str) -> str:
        """The first DAV:href within the property of that name; empty without."""
        element = self.first(name)
        return "" if element is None else (element.findtext("{DAV:}href") or "").strip()

    def of_type(self, name: str) -> list[str]:
        """The hrefs of the resources whose resourcetype has that element."""
        return [
            href
            for href, row in self.resources.items()
            if (kind := row.get("{DAV:}resourcetype")) is not None and kind.find(clark(name)) is not None
        ]


def document(reply: Reply) -> etree._Element | None:
    """The body as XML; None when it is none, or declares entities."""
    body = reply.body
    try:
        if "gzip" in reply.words("Content-Encoding"):
            body = gzip.decompress(body)
        return etree.fromstring(body, etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False))
    except (etree.XMLSyntaxError, ValueError, OSError, EOFError, zlib.error):
        return None


def condition(reply: Reply) -> str | None:
    """The precondition that a DAV:error names, in Clark notation; empty in an error without one, None without error."""
    root = document(reply)
    if root is None or root.tag != "{DAV:}error":
        return None
    return next((str(child.tag) for child in root), "")


def read(reply: Reply) -> Multistatus | None:
    """The multistatus in the body; None when there is none."""
    root = document(reply)
    if root is None or root.tag != "{DAV:}multistatus":
        return None
    told = Multistatus(sync_token=root.findtext("{DAV:}sync-token") or "")
    for response in root.findall("{DAV:}response"):
        row: dict[str, etree._Element] = {}
        for propstat in response.findall("{DAV:}propstat"):
            if " 200" in (propstat.findtext("{DAV:}status") or ""):
                row.update({str(each.tag): each for each in propstat.findall("{DAV:}prop/*")})
        for href in response.findall("{DAV:}href"):
            told.resources[(href.text or "").strip()] = row
    return told
