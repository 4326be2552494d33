"""Names of XML elements and attributes in Clark notation, and the prefixes davd writes for their namespaces.

Implements: Namespaces in XML 1.0, 3, 4; RFC 4918, 4.4, 17
"""

from __future__ import annotations

import re
from typing import Final

DAV: Final = "DAV:"
CALDAV: Final = "urn:ietf:params:xml:ns:caldav"
CARDDAV: Final = "urn:ietf:params:xml:ns:carddav"
CALENDARSERVER: Final = "http://calendarserver.org/ns/"
APPLE_ICAL: Final = "http://apple.com/ns/ical/"
MICROSOFT: Final = "urn:schemas-microsoft-com:"
OWNCLOUD: Final = "http://owncloud.org/ns"
NEXTCLOUD: Final = "http://nextcloud.org/ns"
XML: Final = "http://www.w3.org/XML/1998/namespace"
XMLNS: Final = "http://www.w3.org/2000/xmlns/"

XML_LANG: Final = "{http://www.w3.org/XML/1998/namespace}lang"

# The prefixes people expect to see; some clients (the Windows redirector among them) were only ever tried with `D`.
PREFIXES: Final[dict[str, str]] = {
    DAV: "D",
    CALDAV: "C",
    CARDDAV: "CR",
    CALENDARSERVER: "CS",
    APPLE_ICAL: "A",
    MICROSOFT: "Z",
    OWNCLOUD: "oc",
    NEXTCLOUD: "nc",
}

_START = (
    "A-Z_a-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02ff\u0370-\u037d\u037f-\u1fff\u200c-\u200d\u2070-\u218f"
    "\u2c00-\u2fef\u3001-\ud7ff\uf900-\ufdcf\ufdf0-\ufffd\U00010000-\U000effff"
)
_NCNAME = re.compile(f"[{_START}][{_START}\\-.0-9\u00b7\u0300-\u036f\u203f-\u2040]*+")


def split(name: str) -> tuple[str, str]:
    """Namespace and local part of a name in Clark notation; the namespace of a bare name is the empty string.

    Raises ValueError when `name` opens a brace that it does not close.
    """
    if not name.startswith("{"):
        return "", name
    namespace, brace, local = name[1:].rpartition("}")
    if not brace:
        raise ValueError("a name in Clark notation has no closing brace")
    return namespace, local


def join(namespace: str, local: str) -> str:
    """The Clark notation of a name; a name in no namespace is written bare."""
    return f"{{{namespace}}}{local}" if namespace else local


def is_ncname(local: str) -> bool:
    """Whether `local` can be the local part of an element or attribute name."""
    return _NCNAME.fullmatch(local) is not None
