"""Contents of requests, with braces for what is known only later.

Implements: RFC 4918, 14; RFC 4791, 5.3.1, 7.9; RFC 6352, 8.7; RFC 6578, 3.2
"""

from __future__ import annotations

from davd.daemon.doctor.line import Field
from davd.daemon.doctor.multistatus import NAMESPACES

XML: Field = ("Content-Type", "application/xml; charset=utf-8")
ICS: Field = ("Content-Type", "text/calendar; charset=utf-8")

_DECLARED = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in NAMESPACES.items())


def document(root: str, *content: str) -> str:
    """An XML document of that root element, all prefixes declared."""
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<{root} {_DECLARED}>{"".join(content)}</{root}>'


def prop(*names: str) -> str:
    """A DAV:prop element with empty elements of those names."""
    return "<D:prop>" + "".join(f"<{name}/>" for name in names) + "</D:prop>"


def propfind(*names: str) -> str:
    """The body of a PROPFIND for properties by name."""
    return document("D:propfind", prop(*names))


def sync(token: str = "") -> str:
    """The body of a sync-collection report, since a token or from the beginning."""
    return document(
        "D:sync-collection",
        f"<D:sync-token>{token}</D:sync-token><D:sync-level>1</D:sync-level>",
        prop("D:getetag"),
    )


def setting(*values: str, root: str = "D:propertyupdate") -> str:
    """The body of a PROPPATCH, MKCALENDAR or extended MKCOL that sets properties."""
    return document(root, "<D:set><D:prop>", *values, "</D:prop></D:set>")


LOCK = document(
    "D:lockinfo",
    "<D:lockscope><D:exclusive/></D:lockscope><D:locktype><D:write/></D:locktype><D:owner>davctl doctor</D:owner>",
)
EVENT = "\r\n".join(
    [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//davd//davctl doctor//EN",
        "BEGIN:VEVENT",
        "UID:{trial-name}",
        "DTSTAMP:20260101T000000Z",
        "DTSTART:20260101T100000Z",
        "DTEND:20260101T110000Z",
        "SUMMARY:A trial of davctl doctor, to be deleted",
        "END:VEVENT",
        "END:VCALENDAR",
        "",
    ]
)
