"""The dialogues that RFCs print, read from their messages, sent, and compared with what davd answers.

A folder of the corpus has NAME.request.http and NAME.response.http for each example: start line, header fields, an
empty line, content, as they are printed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lxml import etree

from davd.formats.vcard.card import parse as parse_card
from davd.http.response import Response
from davd.testing.exchange import Trial

CORPUS = Path(__file__).parent
D = "{DAV:}"
ETAG = D + "getetag"
TOKEN = D + "sync-token"
ADDRESS_DATA = "{urn:ietf:params:xml:ns:carddav}address-data"

# Header fields that are of the connection or of the user who asks, who is another one here.
_OUTSIDE = ("host", "content-length", "authorization")
# What people read: it is told in davd's own words.
_FOR_PEOPLE = (D + "responsedescription", D + "description")


class Places:
    """Where davd has what an example has elsewhere: paths of the example, and those here."""

    def __init__(self, places: Mapping[str, str], hosts: Iterable[str] = ()) -> None:
        self._here = dict(places)
        for host in hosts:
            self._here.update({f"http://{host}{there}": here for there, here in places.items()})
        longest = sorted(self._here, key=len, reverse=True)
        ends = [re.escape(one) + ("" if one.endswith("/") else r"(?![\w-])") for one in longest]
        self._pattern = re.compile(rf"(?<![\w./-])(?:{'|'.join(ends)})")

    def __call__(self, printed: str) -> str:
        """The text with the paths of here."""
        return self._pattern.sub(lambda match: self._here[match[0]], printed)


@dataclass(frozen=True)
class Example:
    """A dialogue: the request, and the response that is printed."""

    method: str
    path: str
    fields: dict[str, str]
    content: str
    status: int
    answer_fields: dict[str, str]
    answer: str

    def send(
        self, trial: Trial, places: Callable[[str], str], user: str = "alice", more: Mapping[str, str] | None = None
    ) -> Response:
        """The response to the request with its paths as they are here; `more` stands instead of header fields."""
        fields = {name: places(value) for name, value in self.fields.items()} | dict(more or {})
        content = places(self.content)
        # Content that is no XML ends its lines as its media type has it.
        body = content if content.startswith("<") else content.replace("\n", "\r\n")
        return trial.request(self.method, places(self.path), fields, body.encode(), user)


def load(rfc: str, name: str, errata: Iterable[tuple[str, str]] = ()) -> Example:
    """The example of that section; `errata` is what its response prints, and what it has to be."""
    (method, path, _), fields, content = _message(CORPUS / rfc / f"{name}.request.http")
    (_, status, *_), answer_fields, answer = _message(CORPUS / rfc / f"{name}.response.http")
    for wrong, right in errata:
        assert wrong in answer
        answer = answer.replace(wrong, right)
    return Example(method, path, fields, content, int(status), answer_fields, answer)


def fragment(rfc: str, name: str) -> str:
    """An element that is printed by itself."""
    return (CORPUS / rfc / f"{name}.xml").read_text()


def _message(file: Path) -> tuple[list[str], dict[str, str], str]:
    head, _, content = file.read_text().partition("\n\n")
    start, *lines = re.sub(r"\n[ \t]+", " ", head.strip()).split("\n")
    fields: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(":")
        if name.lower() not in _OUTSIDE:
            fields[name] = f"{fields[name]}, {value.strip()}" if name in fields else value.strip()
    return start.split(" "), fields, content


def told(text: str | bytes) -> Any:
    """What a document or an element says, whatever the order of what has none, and whatever names only the server has.

    ETags and sync tokens are left out: `etags` and `token` give those.
    """
    return _told(etree.fromstring(text.encode() if isinstance(text, str) else text))


def _told(element: etree._Element) -> Any:
    name = str(element.tag)
    if name == D + "response":
        return _response(element)
    if name == D + "status":
        return name, (element.text or "").split(" ")[1]
    if name in (ETAG, TOKEN):
        return (name,)
    if name == ADDRESS_DATA:
        return name, card_lines(element.text or "")
    children = [_told(child) for child in element if child.tag not in _FOR_PEOPLE]
    # RFC 4918, 17 and RFC 3744, 5.5: only the entries of an access control list have an order.
    if name != D + "acl":
        children.sort(key=repr)
    return name, sorted(element.items()), " ".join((element.text or "").split()), children


def _response(element: etree._Element) -> Any:
    by_status: dict[str, list[Any]] = {}
    for propstat in element.findall(D + "propstat"):
        code = (propstat.findtext(D + "status") or "").split(" ")[1]
        by_status.setdefault(code, []).extend([_told(child) for child in propstat.iterfind(f"{D}prop/*")])
    own = [_told(child) for child in element if child.tag in (D + "href", D + "status", D + "error")]
    properties = sorted([(code, sorted(found, key=repr)) for code, found in by_status.items()])
    return D + "response", sorted(own, key=repr), properties


def card_lines(text: str) -> list[tuple[str, str]]:
    """The properties of a card in any order."""
    return sorted([(line.name, line.value) for line in parse_card(text.encode()).lines])


def etags(text: str | bytes) -> dict[str, str]:
    """The ETags of a multistatus by href."""
    root = etree.fromstring(text.encode() if isinstance(text, str) else text)
    found = {str(one.findtext(D + "href")): one.findtext(f".//{ETAG}") for one in root.iterfind(D + "response")}
    return {href: tag for href, tag in found.items() if tag}


def token(text: str | bytes) -> str:
    """The sync token at the end of a multistatus."""
    root = etree.fromstring(text.encode() if isinstance(text, str) else text)
    return root.findtext(TOKEN) or ""


def check(
    trial: Trial,
    example: Example,
    places: Callable[[str], str],
    user: str = "alice",
    more: Mapping[str, str] | None = None,
) -> str:
    """Send an example, compare status, document and ETags with what is printed; the document that was answered."""
    response = example.send(trial, places, user, more)
    answer = trial.read(response).decode()
    assert response.status == example.status, answer
    if example.answer:
        assert told(answer) == told(places(example.answer))
        for href, tag in etags(answer).items():
            got = trial.request("GET", href, {}, b"", user).headers.get("ETag")
            assert got in (None, tag), href
    return answer
