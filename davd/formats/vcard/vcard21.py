"""vCard 2.1, as files exported by telephones and old programs still have it, read as lines of vCard 3.0.

What differs: a line in QUOTED-PRINTABLE goes on in the next one while it ends with an equals sign; BASE64 ends with a
blank line or with the next property; CHARSET may be anything; a parameter may stand without its name; the only escape
is that of the semicolon; and the white space of a fold belongs to the text.

Implements: RFC 2045, 6.7; RFC 2426, 2.3, 5 (what 3.0 makes of the 2.1 of the versit Consortium)
"""

from __future__ import annotations

import base64
import quopri
import re
from collections.abc import Iterable, Iterator
from typing import Final

from davd.formats.contentlines import LIMITS, ContentError, Line, escape, make, split

_LINE: Final = re.compile(rb"([^\r\n]*+)(\r\n|\r|\n|\Z)")
_HEAD: Final = re.compile(rb'((?:[^":\r\n]|"[^"\r\n]*+")*+):')
_NAME: Final = re.compile(r"(?:([A-Za-z0-9_-]++)\.)?+([A-Za-z0-9_-]++)")
_ESCAPED: Final = re.compile(r"\\([;,:])")
_CHARSET: Final = re.compile(
    r"utf-?8|us-ascii|ascii|latin-?1|iso[-_]?8859-\d{1,2}|windows-\d{3,4}|cp\d{3,4}|koi8-[ru]|mac-?roman|tis-620|gb2312|gbk"
    r"|gb18030|big5(?:-hkscs)?|shift[-_]jis|sjis|euc-(?:jp|kr)|iso-2022-(?:jp|kr)|utf-?16(?:le|be)?",
    re.I,
)
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_OFFSET: Final = re.compile(r"([+-])(\d\d):?(\d\d)?")
_ENCODINGS: Final = {"QUOTED-PRINTABLE": "", "8BIT": "", "7BIT": "", "BASE64": "b", "B": "b"}
_LOCATIONS: Final = {"INLINE": "", "URL": "uri", "URI": "uri", "CONTENT-ID": "cid", "CID": "cid"}
_STRUCTURED: Final = frozenset({"N", "ADR", "ORG", "GENDER"})
_LISTS: Final = frozenset({"CATEGORIES", "NICKNAME"})
_URIS: Final = frozenset({"URL", "SOURCE", "IMPP", "FBURL", "CALURI", "CALADRURI", "X-SOCIALPROFILE"})
_IMAGES: Final = frozenset({"PHOTO", "LOGO"})


def lines(data: bytes, *, old: bool = True) -> list[Line]:
    """The content lines, with the spans they have in `data` and the parameters and text that 3.0 has for them.

    With `old` false it is a later card with lines in QUOTED-PRINTABLE all the same: only those are made new, and the
    white space of a fold is no text. ContentError for a line that is none.
    """
    if len(data) > LIMITS.octets:
        raise ContentError(f"More than {LIMITS.octets} octets.", LIMITS.octets)
    if b"\0" in data:
        raise ContentError("There is a NUL octet.", data.index(b"\0"))
    found: list[Line] = []
    for head, value, start, end in _logical(data, old):
        if head is None:
            if found:
                found[-1].end = end
            continue
        found.append(_line(head, value, start, end, old))
    return found


def modern(begin: Line, properties: Iterable[Line], finish: Line) -> list[Line]:
    """All lines of an old card, made anew as a card of version 3.0."""
    inside = [Line(line.name, line.group, line.raw_params, line.value) for line in properties if line.name != "VERSION"]
    return [make(begin.name, "VCARD"), make("VERSION", "3.0"), *inside, make(finish.name, "VCARD")]


def _logical(data: bytes, old: bool) -> Iterator[tuple[bytes | None, bytes, int, int]]:
    """Head, value, first octet and octet after the last of each line; the head of blank lines is None."""
    position = 3 if data.startswith(b"\xef\xbb\xbf") else 0
    size = len(data)
    count = 0
    while position < size:
        start = position
        match = _LINE.match(data, position)
        assert match is not None
        position = match.end()
        text = match[1]
        count += 1
        if count > LIMITS.lines:
            raise ContentError(f"More than {LIMITS.lines} lines.", start)
        if not text.strip():
            yield None, b"", start, position
            continue
        named = _HEAD.match(text)
        head, colon, value = text.partition(b":")
        if named is not None:
            head = named[1]
            value = text[named.end() :]
        elif not colon:
            raise ContentError("A line has no colon.", start)
        parts = [value]
        position = _continued(data, position, head.upper(), parts, old)
        yield head, b"".join(parts), start, position


def _continued(data: bytes, position: int, head: bytes, parts: list[bytes], old: bool) -> int:
    """Add to `parts` what the lines from `position` on bring to a value; the octet after them."""
    quoted = b"QUOTED-PRINTABLE" in head
    binary = b"BASE64" in head or b"ENCODING=B" in head
    while position < len(data):
        match = _LINE.match(data, position)
        assert match is not None
        text = match[1]
        last = parts[-1]
        if text[:4].upper() == b"END:":
            break
        if quoted and last.rstrip(b" \t").endswith(b"="):
            parts[-1] = last.rstrip(b" \t")[:-1]
            # The specification's own example indents what follows an encoded line end.
            parts.append(text.lstrip(b" \t") if parts[-1].endswith(b"=0D=0A") else text)
        elif text[:1] in (b" ", b"\t") and text.strip():
            parts.append(text.strip() if binary else text if old else text[1:])
        elif binary and text.strip() and b":" not in text:
            parts.append(text.strip())
        else:
            break
        position = match.end()
    return position


def _line(head: bytes, octets: bytes, start: int, end: int, old: bool) -> Line:
    name, *written = head.decode("utf-8", "replace").split(";")
    named = _NAME.fullmatch(name.strip())
    if named is None:
        raise ContentError("A line does not begin with a property's name.", start)
    property_name = named[2].upper()
    group = named[1] or ""
    encoding, charset, location, params = _params(written)
    if not old and encoding != "QUOTED-PRINTABLE":
        try:
            return Line(property_name, group, "".join([f";{item}" for item in written]), octets.decode(), start, end)
        except UnicodeDecodeError:
            raise ContentError("A line is not UTF-8.", start) from None
    if encoding == "b":
        value = "".join(octets.decode("ascii", "ignore").split())
    else:
        if encoding == "QUOTED-PRINTABLE":
            octets = quopri.decodestring(octets)
        if encoding == "QUOTED-PRINTABLE" and property_name in _IMAGES:
            encoding = "b"
            value = base64.b64encode(octets).decode()
        elif old:
            value = _value(property_name, _text(octets, charset), location, params)
        else:
            # What was encoded has the escapes of its version, but for the line ends.
            value = _printable(_text(octets, charset)).replace("\n", "\\n")
    if encoding == "b":
        params.insert(0, ("ENCODING", "b"))
    made = make(property_name, value, params, group)
    made.start = start
    made.end = end
    return made


def _params(written: list[str]) -> tuple[str, str, str, list[tuple[str, str]]]:
    """Encoding (`b` or upper case), charset, location (`uri`, `cid` or empty), and what 3.0 has for the rest."""
    encoding = charset = location = ""
    params: list[tuple[str, str]] = []
    for item in ";".join(written).replace(",ENCODING=", ";ENCODING=").split(";"):
        name, equals, value = item.partition("=")
        name = name.strip().upper()
        value = value.strip().strip('"')
        if not equals:
            value = item.strip()
            upper = value.upper()
            name = "ENCODING" if upper in _ENCODINGS else "VALUE" if upper in _LOCATIONS else "TYPE"
        if not value or not _NAME.fullmatch(name):
            continue
        if name == "ENCODING":
            encoding = _ENCODINGS.get(value.upper()) or value.upper()
        elif name == "CHARSET":
            charset = value
        elif name == "VALUE" and value.upper() in _LOCATIONS:
            location = _LOCATIONS[value.upper()]
        elif name == "TYPE":
            params += [("TYPE", part.strip()) for part in value.split(",") if part.strip()]
        else:
            params.append((name, value))
    params.sort(key=lambda param: param[0] == "TYPE")
    return encoding, charset, location, params


def _text(octets: bytes, charset: str) -> str:
    """The octets in the charset they claim; else in UTF-8, or what Windows of western Europe used."""
    if charset and _CHARSET.fullmatch(charset):
        try:
            return octets.decode(charset)
        except (LookupError, UnicodeDecodeError):
            pass
    try:
        return octets.decode("utf-8")
    except UnicodeDecodeError:
        return octets.decode("cp1252", "replace")


def _value(name: str, text: str, location: str, params: list[tuple[str, str]]) -> str:
    """The text of a 2.1 value with the escapes of 3.0."""
    if location == "cid":
        params.insert(0, ("VALUE", "uri"))
        return "cid:" + _one_line(text).strip("<>")
    if location == "uri" or name in _URIS:
        if location and name not in _URIS:
            params.insert(0, ("VALUE", "uri"))
        return _one_line(text)
    if name in ("BEGIN", "END", "VERSION"):
        return _one_line(text)
    if name == "GEO":
        return _one_line(text).replace(",", ";", 1)
    if name == "TZ":
        return _OFFSET.sub(lambda match: f"{match[1]}{match[2]}:{match[3] or '00'}", _one_line(text), count=1)
    text = _printable(text)
    if name.startswith("X-"):
        # Nobody knows what its punctuation means.
        return text.replace("\n", "\\n")
    if name in _STRUCTURED:
        return ";".join([escape(_ESCAPED.sub(r"\1", part)) if part else "" for part in split(text, ";")])
    if name in _LISTS:
        return ",".join([escape(_ESCAPED.sub(r"\1", part)) for part in split(text, ",")])
    return escape(_ESCAPED.sub(r"\1", text))


def _one_line(text: str) -> str:
    return _printable(text).replace("\n", "").replace("\t", "")


def _printable(text: str) -> str:
    """The text with one kind of line end and without the control characters that no content line can hold."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _CONTROL.sub("", text)
