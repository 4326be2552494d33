"""Cards as DAV:response elements, with their address data.

Implements: RFC 6352, 8.4, 8.6, 8.7, 8.7.2, 10.4
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from davd.carddav.data import Conversions, address_data, is_as_stored
from davd.carddav.elements.address_data import AddressData
from davd.carddav.names import ADDRESS_DATA, JCARD, SUPPORTED_ADDRESS_DATA_CONVERSION
from davd.dav.contents import portions
from davd.dav.elements.asked import Asked
from davd.dav.exchange import Exchange
from davd.dav.properties.responses import Wanted, responses
from davd.dav.properties.view import View, load
from davd.formats.xml.writer import declare, element, escape, multistatus_open, status_element, tag
from davd.interfaces.store import IReadTransaction
from davd.model.resource import Resource

_WHY: Final = element("{DAV:}error", element(SUPPORTED_ADDRESS_DATA_CONVERSION)).decode()
_REFUSED: Final = f"{status_element(415).decode()}{_WHY}</D:response>"
_NOT_IN_XML: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


class Cards:
    """Writes the responses of one report; `asked` is what it tells of each card.

    `open` is what comes before the first response.
    """

    __slots__ = ("_asked", "_conversions", "_end", "_exchange", "_renderer", "_start", "open")

    def __init__(self, exchange: Exchange, asked: Asked[AddressData], minimal: bool, conversions: Conversions) -> None:
        self._exchange = exchange
        self._asked = asked
        self._conversions = conversions
        self._renderer = responses(exchange.registry, Wanted(asked.kind, asked.names, minimal))
        data = asked.data
        declared = declare([*asked.names, *([ADDRESS_DATA] if data is not None else [])])
        if asked.kind == "prop":
            self.open = multistatus_open(declared).decode()
        else:
            self.open = self._renderer.open
        start, end, _ = tag(ADDRESS_DATA, declared if asked.kind == "prop" else declare(()))
        attributes = ""
        if data is not None and data.version is not None:
            kind, version = (JCARD, "4.0") if data.version == "jcard" else ("text/vcard", data.version)
            attributes = f' content-type="{kind}" version="{version}"'
        self._start = f"{start[:-1].decode()}{attributes}>"
        self._end = end.decode()

    @property
    def needs_content(self) -> bool:
        """Whether the contents of the cards have to be read for it."""
        return self._asked.data is not None

    def portions(self, contents: Sequence[bytes]) -> Iterator[tuple[slice, bool]]:
        """As `davd.dav.contents.portions`, for cards that are only written about."""
        asked = self._asked.data
        if asked is None or all(is_as_stored(content, asked) for content in contents):
            # Nobody looks into them, however long they are with their photographs.
            return iter([(slice(0, len(contents)), True)])
        return portions(contents)

    async def load(self, transaction: IReadTransaction, rows: Sequence[Resource]) -> View:
        """What is needed of `rows` to write about them, beside their contents."""
        return await load(self._exchange, transaction, self._renderer.needs, rows, self._exchange.node.chain)

    def write(self, view: View, rows: Sequence[Resource], hrefs: Sequence[str], contents: Sequence[bytes]) -> list[str]:
        """A DAV:response for each of `rows`, which `view` is of; `hrefs` are theirs, escaped for XML.

        `contents` may be empty where they are not needed.
        """
        renderer = self._renderer
        self._exchange.rows += len(rows)
        asked = self._asked.data
        if asked is None:
            return renderer.render(view, "", hrefs, rows)
        pieces = []
        for row, href, content in zip(rows, hrefs, contents, strict=True):
            data = address_data(self._conversions, row, content, asked)
            if data is None:
                # RFC 6352, 5.1.1: where a card cannot be converted, "use that same precondition code in the
                # DAV:response XML element in the response for the targeted address object resource".
                pieces.append(f"<D:response><D:href>{href}</D:href>{_REFUSED}")
                continue
            elements, missing = renderer.elements(view, row)
            found = [*elements.values(), self._start, text_of(data), self._end]
            pieces.append(renderer.whole(href, row, found, missing))
        return pieces


def text_of(data: bytes) -> str:
    """A card as character data.

    RFC 6352, 10.4: "the CR character (US-ASCII decimal 13) MAY be omitted in address object resources specified in the
    CARDDAV:address-data XML element". Characters that XML cannot hold are left out.
    """
    text = data.decode("utf-8", "replace").replace("\r\n", "\n")
    try:
        return escape(text)
    except ValueError:
        return escape(_NOT_IN_XML.sub("", text))
