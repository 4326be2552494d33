"""Which properties of cards a report is to give, and in which form.

Implements: RFC 6352, 8.4, 8.5, 10.4; RFC 7095, 7
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from davd.carddav.names import ALLPROP, JCARD, PROP, SPOKEN, SUPPORTED_ADDRESS_DATA
from davd.formats.xml.reader import Element
from davd.model.errors import HTTPError

_NAME: Final = re.compile(r"(?:([A-Za-z0-9_-]{1,100})\.)?([A-Za-z0-9_-]{1,100})")
_VALUES: Final = {None: True, "no": True, "yes": False}


@dataclass(frozen=True, slots=True)
class AddressData:
    """The form in which cards are given.

    `version` is that of vCard, or `"jcard"`; None when the client does not say, which means 3.0. `props` are the
    properties that are wanted, None for all of them: name in upper case, group in lower case (None: with any or none),
    and whether the value is wanted too.
    """

    version: str | None = None
    props: tuple[tuple[str, str | None, bool], ...] | None = None


def read_address_data(element: Element) -> AddressData:
    """What a CARDDAV:address-data element asks for.

    HTTPError 403 with CARDDAV:supported-address-data for a form that davd does not write, 400 for what is malformed.
    """
    version = _version(element.get("content-type"), element.get("version"))
    if element.find(ALLPROP) is not None:
        return AddressData(version)
    props = tuple(dict.fromkeys([_prop(child) for child in element.iterchildren(PROP)]))
    # RFC 6352, 10.4: if the element "doesn't contain any CARDDAV:prop elements, address object resources will be
    # returned in their entirety."
    return AddressData(version, props or None)


def property_name(text: str | None) -> tuple[str, str | None]:
    """A name in upper case and its group in lower case, None without one; HTTPError 400 when it is no name."""
    found = _NAME.fullmatch(text or "")
    if found is None:
        raise HTTPError(400, detail="the name of a property that is none")
    return found[2].upper(), None if found[1] is None else found[1].lower()


def _version(content_type: str | None, version: str | None) -> str | None:
    kind = (content_type or "text/vcard").partition(";")[0].strip().lower()
    version = None if version is None else version.strip()
    if kind in SPOKEN and version in (None, "3.0", "4.0"):
        # RFC 6352, 10.4: without the attribute it is as if it were there with its default, "3.0".
        return version
    if kind == JCARD and version in (None, "4.0"):
        return "jcard"
    # RFC 6352, 8.6: the attributes "specify a media type supported by the server for address object resources."
    raise HTTPError(403, SUPPORTED_ADDRESS_DATA)


def _prop(element: Element) -> tuple[str, str | None, bool]:
    wanted = _VALUES.get(element.get("novalue"))
    if wanted is None:
        raise HTTPError(400, detail="a novalue that is neither yes nor no")
    return (*property_name(element.get("name")), wanted)
