"""The body of ACL.

Implements: RFC 3744, 5.5, 5.5.1, 5.5.2, 5.5.3, 5.5.4, 8.1
"""

from __future__ import annotations

from dataclasses import dataclass

from davd.dav.elements.source import dav_child, dav_children, expect_root, reading
from davd.formats.xml.fragment import string_value
from davd.formats.xml.reader import Element
from davd.model.errors import HTTPError

# An access control list of more entries is no list that a person has made.
MAX_ACES = 1000
# There are fewer privileges than that.
MAX_PRIVILEGES = 100

HREF = "{DAV:}href"
PROPERTY = "{DAV:}property"
_SUBJECTS = frozenset((HREF, PROPERTY, "{DAV:}all", "{DAV:}authenticated", "{DAV:}unauthenticated", "{DAV:}self"))


@dataclass(frozen=True, slots=True)
class RequestedAce:
    """One DAV:ace as a client wrote it.

    `subject` is the name of the child of DAV:principal in Clark notation, `value` the text of a DAV:href or the name of
    the property that DAV:property holds, empty otherwise. `privileges` are the names that are granted, or denied when
    `grants` is False. `inverted` tells that it is for everybody but the principal. `protected` and `inherited` tell
    that the client marked it so, as it was told of it.
    """

    subject: str
    value: str
    privileges: tuple[str, ...]
    grants: bool = True
    inverted: bool = False
    protected: bool = False
    inherited: bool = False


def parse_acl(source: bytes | Element, content_type: str | None = None) -> tuple[RequestedAce, ...]:
    """The entries of an ACL body in document order; none for an empty list.

    Raises HTTPError 400 for any other root element and for what RFC 3744 does not allow an entry to hold.
    """
    return _parse(source, content_type)


def _read(root: Element) -> tuple[RequestedAce, ...]:
    expect_root(root, "{DAV:}acl")
    aces = list(dav_children(root, "ace"))
    if len(aces) > MAX_ACES:
        raise HTTPError(400, detail="too many entries")
    return tuple([_ace(ace) for ace in aces])


_parse = reading(_read)


def _ace(ace: Element) -> RequestedAce:
    # RFC 3744, 8.1.5: "it is illegal to have multiple principal elements, as well as both a grant and deny element in
    # the same ACE, so the request fails due to poor syntax".
    principal, invert = dav_child(ace, "principal"), dav_child(ace, "invert")
    grant, deny = dav_child(ace, "grant"), dav_child(ace, "deny")
    if (principal is None) == (invert is None) or (grant is None) == (deny is None):
        raise HTTPError(400, detail="an entry without one principal and one grant")
    if principal is None:
        assert invert is not None
        principal = dav_child(invert, "principal")
    if principal is None:
        raise HTTPError(400, detail="an inverted entry without a principal")
    subject, value = _subject(principal)
    held = grant if grant is not None else deny
    assert held is not None
    return RequestedAce(
        subject,
        value,
        _privileges(held),
        grant is not None,
        invert is not None,
        dav_child(ace, "protected") is not None,
        dav_child(ace, "inherited") is not None,
    )


def _subject(principal: Element) -> tuple[str, str]:
    found = [child for child in principal if child.tag in _SUBJECTS]
    if len(found) != 1:
        raise HTTPError(400, detail="an entry for no principal or for several")
    child = found[0]
    if child.tag == HREF:
        return HREF, string_value(child).strip()
    if child.tag == PROPERTY:
        if len(child) != 1:
            raise HTTPError(400, detail="a property principal without one property")
        return PROPERTY, str(child[0].tag)
    return str(child.tag), ""


def _privileges(held: Element) -> tuple[str, ...]:
    # RFC 3744, 5.5.2: "<!ELEMENT grant (privilege+)>"; each DAV:privilege holds one.
    privileges = list(dav_children(held, "privilege"))
    if not privileges or len(privileges) > MAX_PRIVILEGES or any(len(privilege) != 1 for privilege in privileges):
        raise HTTPError(400, detail="an entry that grants nothing")
    return tuple(dict.fromkeys([str(privilege[0].tag) for privilege in privileges]))
