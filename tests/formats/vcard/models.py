"""Cards for hypothesis, and what two cards that say the same have in common.

Verifies: RFC 6350, 3.3; RFC 2426, 4
"""

from __future__ import annotations

import base64
import datetime
from collections import Counter

from hypothesis import strategies as st

from davd.formats.contentlines import escape
from davd.formats.vcard.card import parse
from davd.formats.vcard.params import pairs

TEXT = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cn"), include_characters='\n,;:\\"'), max_size=30
)
WORD = st.text("abcdefghijklmnopqrstuvwxyzäöü 0123456789", min_size=1, max_size=12).map(str.strip).filter(bool)
TYPES = st.lists(st.sampled_from(["HOME", "WORK", "x-lab"]), unique=True, max_size=2)
DATES = st.dates().filter(lambda day: day.year > 1604).map(lambda day: day.isoformat())
MOMENTS = st.datetimes(min_value=datetime.datetime(1970, 1, 1)).map(
    lambda moment: moment.strftime("%Y-%m-%dT%H:%M:%SZ")
)
URIS = st.sampled_from(
    ["http://example.com/a?b=c,d;e", "urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6", "mailto:a@b.c"]
)
BASE64 = st.binary(min_size=1, max_size=90).map(lambda octets: base64.b64encode(octets).decode())


def _typed(name: str, values: st.SearchStrategy[str], *, pref: bool = True) -> st.SearchStrategy[str]:
    def written(parts: tuple[list[str], bool, str]) -> str:
        types, preferred, value = parts
        listed = ",".join([*types, *(["PREF"] if preferred and pref else [])])
        return f"{name};TYPE={listed}:{value}" if listed else f"{name}:{value}"

    return st.tuples(TYPES, st.booleans(), values).map(written)


def _joined(count: int) -> st.SearchStrategy[str]:
    return st.lists(TEXT.map(escape), min_size=count, max_size=count).map(";".join)


LINES_3 = st.one_of(
    _typed("TEL", WORD),
    _typed("EMAIL", TEXT.map(escape)),
    _typed("ADR", st.lists(WORD, min_size=7, max_size=7).map(";".join)),
    _typed("LABEL", WORD, pref=False),
    _typed("URL", URIS),
    _typed("X-CUSTOM", TEXT.map(escape)),
    TEXT.map(lambda text: f"NOTE:{escape(text)}"),
    TEXT.map(lambda text: f"TITLE;LANGUAGE=fr:{escape(text)}"),
    _joined(2).map(lambda text: f"ORG:{text}"),
    st.lists(WORD, min_size=1, max_size=3).map(lambda words: "CATEGORIES:" + ",".join(words)),
    BASE64.map(lambda text: f"PHOTO;ENCODING=b;TYPE=JPEG:{text}"),
    BASE64.map(lambda text: f"LOGO;ENCODING=b;TYPE=HOME,image/x-odd:{text}"),
    BASE64.map(lambda text: f"KEY;ENCODING=b;TYPE=PGP:{text}"),
    BASE64.map(lambda text: f"SOUND;ENCODING=b:{text}"),
    URIS.map(lambda text: f"PHOTO;VALUE=uri;TYPE=PNG:{text}"),
    TEXT.filter(lambda text: ":" not in text).map(lambda text: f"KEY;VALUE=text:{escape(text)}"),
    st.sampled_from(
        ["GEO:37.386013;-122.082932", "TZ:-05:00", "TZ;VALUE=text:Europe/Berlin", "CLASS:PRIVATE", "MAILER:x"]
    ),
    MOMENTS.map(lambda text: f"REV:{text}"),
    st.sampled_from(["UID:1234-5678", "UID:urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6"]),
    st.sampled_from(["X-ADDRESSBOOKSERVER-MEMBER:urn:uuid:1", "AGENT;VALUE=uri:CID:JQPUBLIC.part3.960129T083020.x@h"]),
    TEXT.map(lambda text: "AGENT:" + escape(f"BEGIN:VCARD\nVERSION:3.0\nNOTE:{escape(text)}\nEND:VCARD")),
)
ONCE_3 = st.tuples(
    st.one_of(st.none(), DATES.map("BDAY:{}".format), st.just("BDAY;X-APPLE-OMIT-YEAR=1604:1604-02-29")),
    st.one_of(st.none(), MOMENTS.map("BDAY;VALUE=date-time:{}".format)),
    st.sampled_from([None, "X-ADDRESSBOOKSERVER-KIND:group", "X-ABSHOWAS:COMPANY", "KIND:location"]),
    st.one_of(st.none(), WORD.map("SORT-STRING:{}".format)),
)


@st.composite
def labelled(draw: st.DrawFn) -> list[str]:
    """Properties of Apple's programs with their labels, each pair in a group of its own."""
    found = []
    for number, kind in enumerate(draw(st.lists(st.sampled_from("ardx"), max_size=4)), 1):
        if kind == "a" and "_$!<Anniversary>!$_" not in "".join(found):
            found += [f"item{number}.X-ABDATE:{draw(DATES)}", f"item{number}.X-ABLABEL:_$!<Anniversary>!$_"]
        elif kind == "r":
            label = draw(st.sampled_from(["_$!<Spouse>!$_", "_$!<Father>!$_", "Godmother"]))
            found += [f"item{number}.X-ABRELATEDNAMES:{draw(WORD)}", f"item{number}.X-ABLABEL:{label}"]
        elif kind == "d":
            found += [f"item{number}.X-ABDATE:{draw(DATES)}", f"item{number}.X-ABLABEL:First met"]
        elif kind == "x":
            found += [f"item{number}.TEL:{draw(WORD)}", f"item{number}.X-ABLABEL:_$!<Other>!$_"]
    return found


@st.composite
def cards_3(draw: st.DrawFn) -> bytes:
    """A vCard 3.0 in the form that programs of today write."""
    lines = draw(st.lists(LINES_3, max_size=8)) + [line for line in draw(ONCE_3) if line] + draw(labelled())
    name = draw(_joined(5))
    shown = escape(draw(TEXT))
    text = "\r\n".join(["BEGIN:VCARD", "VERSION:3.0", f"N:{name}", f"FN:{shown}", *lines, "END:VCARD", ""])
    return text.encode()


def model(data: bytes) -> Counter[tuple[str, str, frozenset[tuple[str, str]], str]]:
    """What a card says: its properties with group, parameters and value; order and case of types do not count."""
    found: Counter[tuple[str, str, frozenset[tuple[str, str]], str]] = Counter()
    for line in parse(data).lines:
        params = frozenset([(name, text.lower() if name in ("TYPE", "VALUE") else text) for name, text in pairs(line)])
        found[line.group.lower(), line.name, params, line.value] += 1
    return found
