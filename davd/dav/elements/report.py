"""Which report a REPORT body asks for.

Implements: RFC 3253, 3.6
"""

from __future__ import annotations

from davd.dav.elements.source import reading
from davd.formats.xml.reader import Element


def report_name(source: bytes | Element, content_type: str | None = None) -> str:
    """The name of the root element in Clark notation: RFC 3253, 3.6 makes it the name of the report.

    Raises HTTPError 400 for a body, empty ones included, that is no XML.
    """
    return _parse(source, content_type)


def _read(root: Element) -> str:
    return str(root.tag)


_parse = reading(_read)
