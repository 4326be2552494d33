"""Content lines: the one grammar under iCalendar and vCard, read without loss.

A line knows which octets it was read from, so whoever writes it again writes those, folds and odd line ends included.
What people's programs send is read wherever one reading suggests itself: LF or CR alone, an octet order mark, blank
lines, folds inside a UTF-8 character, names in lower case, parameters without the quotes they need, control characters.

Implements: RFC 5545, 3.1, 3.1.1, 3.1.4, 3.2, 3.3.11; RFC 6350, 3.1, 3.2, 3.3, 3.4; RFC 6868, 3
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

# "Lines of text SHOULD NOT be longer than 75 octets, excluding the line break." (RFC 5545, 3.1)
FOLD_AT: Final = 75

_BOM: Final = b"\xef\xbb\xbf"
_NAME: Final = re.compile(r"(?:([A-Za-z0-9_-]++)\.)?+([A-Za-z0-9_-]++)")
# A quote opens only where a value begins; where it is never closed, it is a character like any other.
_QUOTED: Final = r'"[^"]*+"'
_HEAD: Final = re.compile(
    rf"[^:;]*+(?:;[^=:;]*+(?:=(?:{_QUOTED}[^,:;]*+|[^,:;]*+)(?:,(?:{_QUOTED}[^,:;]*+|[^,:;]*+))*+)?+)*+:"
)
_END_OF_LINE: Final = r"(?:\r\n?|\n)"
# A line with what is folded into it, even across blank lines, and the blank lines after it.
_LOGICAL: Final = re.compile(
    rf"([^\r\n]*+(?:{_END_OF_LINE}++[ \t][^\r\n]*+)*+)(?:{_END_OF_LINE}++|\Z)",
)
_FOLD: Final = re.compile(rf"{_END_OF_LINE}++[ \t]")
_PARAM: Final = re.compile(
    rf";([^=;]*+)(?:=((?:{_QUOTED}[^,;]*+|[^,;]*+)(?:,(?:{_QUOTED}[^,;]*+|[^,;]*+))*+))?+",
)
_PARAM_VALUE: Final = re.compile(r'(?:"([^"]*+)"([^,]*+)|([^,]*+))(,|\Z)')
_CARET: Final = re.compile(r"\^([n'^])")
_CARET_MEANS: Final = {"n": "\n", "'": '"', "^": "^"}
_CARET_WRITES: Final = str.maketrans({"\n": "^n", '"': "^'", "^": "^^"})
_ESCAPE: Final = re.compile(r"\\([nN,;\\])")
_ESCAPE_MEANS: Final = {"n": "\n", "N": "\n", ",": ",", ";": ";", "\\": "\\"}
_ESCAPE_WRITES: Final = str.maketrans({"\\": "\\\\", ";": "\\;", ",": "\\,", "\n": "\\n", "\r": ""})
_NEEDS_QUOTES: Final = re.compile(r"[:;,]")
_NOT_IN_A_LINE: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


class ContentError(ValueError):
    """Octets that are no iCalendar or vCard by any reading.

    The text is one clear sentence for the one who sent them. `offset` is the octet at which it went wrong, -1 where
    that is not known (a value that has been taken out of its line).
    """

    def __init__(self, text: str, offset: int = -1) -> None:
        super().__init__(text)
        self.offset = offset


@dataclass(frozen=True, slots=True)
class Limits:
    """What is read at most: octets and lines in all, and components inside each other below the outermost.

    The lines of a folded one may be counted singly. So many of them take some 0.1 s, however long they are.
    """

    octets: int = 16 * 1024 * 1024
    lines: int = 50_000
    depth: int = 4


LIMITS: Final = Limits()


# Structs are made three times as fast as dataclasses; a calendar of 10,000 events has half a million lines.
class Line(msgspec.Struct, gc=False, eq=False):
    """One content line.

    `name` is in upper case and without the vCard group, which stands in `group` as it was written. `raw_params` is what
    stands between name and colon, as written but unfolded, from its first semicolon on. `value` is unfolded, but not
    unescaped. The line is `source[start:end]`, with its folds, its line end and the blank lines after it; both are -1
    for a line that davd made. A line that is changed has to be made anew: its octets are what is written.
    """

    name: str
    group: str
    raw_params: str
    value: str
    start: int = -1
    end: int = -1
    _params: dict[str, tuple[str, ...]] | None = None

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Line):
            return NotImplemented
        # What has been worked out of a line makes no difference.
        return (
            self.name == other.name
            and self.value == other.value
            and self.raw_params == other.raw_params
            and self.group == other.group
            and self.start == other.start
            and self.end == other.end
        )

    @property
    def params(self) -> dict[str, tuple[str, ...]]:
        """The values of each parameter by its name in upper case.

        Quotes are taken off and RFC 6868's carets decoded. A parameter without an equals sign (vCard 2.1) has no value.
        """
        found = self._params
        if found is None:
            found = self._params = _parse_params(self.raw_params) if self.raw_params else {}
        return found

    def param(self, name: str) -> str:
        """The first value of the parameter, the empty string where there is none."""
        values = self.params.get(name)
        return values[0] if values else ""


def lines(data: bytes, limits: Limits = LIMITS) -> list[Line]:
    """The content lines in order; ContentError for what is none, for what is not UTF-8 and for more than `limits`."""
    if len(data) > limits.octets:
        raise ContentError(f"More than {limits.octets} octets.", limits.octets)
    position = 3 if data.startswith(_BOM) else 0
    # One character for each octet, so that positions are octets.
    text = data.decode("latin-1")
    if "\0" in text:
        raise ContentError("There is a NUL octet.", text.index("\0"))
    end_of_line = "\r\n"
    breaks = text.count("\n")
    returns = text.count("\r")
    if returns and (returns != breaks or text.count("\r\n") != breaks):
        return _read(_mixed(text, position, limits), position)
    if not returns:
        end_of_line = "\n"
    if breaks > limits.lines:
        raise ContentError(f"More than {limits.lines} lines.")
    # A fold becomes one NUL, which stands for the white space: the text is shorter by the length of a line end.
    joined = text[position:].replace(end_of_line + " ", "\0").replace(end_of_line + "\t", "\0")
    if end_of_line + "\0" in joined or joined[:1] in "\0 \t\r\n":
        return _read(_mixed(text, position, limits), position)
    return _read(_even(joined.split(end_of_line), position, len(end_of_line), len(data)), position)


def _even(parts: list[str], position: int, width: int, total: int) -> Iterator[tuple[str, int]]:
    """The unfolded lines of a text with one kind of line end, `width` octets long, and the octet behind each."""
    for part in parts:
        position += len(part) + width
        if "\0" in part:
            position += part.count("\0") * width
            part = part.replace("\0", "")
        yield part, position if position < total else total


def _mixed(text: str, position: int, limits: Limits) -> Iterator[tuple[str, int]]:
    """The unfolded lines of any text, and the octet behind each."""
    count = 0
    size = len(text)
    while position < size:
        match = _LOGICAL.match(text, position)
        assert match is not None
        count += 1
        if count > limits.lines:
            raise ContentError(f"More than {limits.lines} lines.", position)
        position = match.end()
        yield _FOLD.sub("", match[1]), position


def _read(parts: Iterable[tuple[str, int]], start: int) -> list[Line]:
    found: list[Line] = []
    append = found.append
    known = _KNOWN.get
    line: Line | None = None
    for part, end in parts:
        if not part.isascii():
            part = _decoded(part, start)
        head, colon, value = part.partition(":")
        name = known(head)
        if name is not None and colon:
            line = Line(name, "", "", value, start, end)
        elif not part.strip(" \t"):
            # A blank line belongs to the line before it.
            if line is not None:
                line.end = end
            start = end
            continue
        else:
            line = _line(part, start, end)
        append(line)
        start = end
    return found


def _line(part: str, start: int, end: int) -> Line:
    """One unfolded line of any form."""
    head, colon, value = part.partition(":")
    if '"' in head:
        # There may be a colon between the quotes.
        match = _HEAD.match(part)
        if match is not None:
            head = part[: match.end() - 1]
            colon = ":"
            value = part[match.end() :]
    if not colon:
        raise ContentError("A line has no colon.", start)
    name, semicolon, params = head.partition(";")
    known = _KNOWN.get(name)
    if known is not None:
        return Line(known, "", semicolon + params, value, start, end)
    # Where files with octet order marks were joined, there is one before a BEGIN.
    named = _NAME.fullmatch(name.removeprefix("\ufeff"))
    if named is None:
        raise ContentError("A line does not begin with a property's name.", start)
    return Line(named[2].upper(), named[1] or "", semicolon + params, value, start, end)


def _decoded(part: str, start: int) -> str:
    try:
        return part.encode("latin-1").decode("utf-8")
    except UnicodeDecodeError:
        raise ContentError("A line is not UTF-8.", start) from None


def _parse_params(raw: str) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    if '"' not in raw:
        for item in raw[1:].split(";"):
            name, equals, text = item.partition("=")
            values = found.setdefault(name.strip().upper(), [])
            if equals:
                values += text.split(",")
    else:
        for match in _PARAM.finditer(raw):
            values = found.setdefault(match[1].strip().upper(), [])
            if match[2] is not None:
                values += _quoted_list(match[2])
    if "^" in raw:
        return {name: tuple(map(_uncaret, values)) for name, values in found.items()}
    return {name: tuple(values) for name, values in found.items()}


def _quoted_list(text: str) -> list[str]:
    """The values between commas that stand outside quotes, without their quotes."""
    values = []
    for match in _PARAM_VALUE.finditer(text):
        quoted, rest, bare, comma = match.groups()
        values.append(bare if quoted is None else quoted + rest)
        if not comma:
            break
    return values


def _uncaret(text: str) -> str:
    return _CARET.sub(lambda match: _CARET_MEANS[match[1]], text) if "^" in text else text


def make(name: str, value: str, params: Sequence[tuple[str, str]] = (), group: str = "") -> Line:
    """A new line; parameters of one name in a row become one with several values.

    `value` is written as it is, so TEXT has to be escaped. ContentError when it would break the line.
    """
    raw = ""
    last = ""
    for key, text in params:
        text = text.translate(_CARET_WRITES)
        if _NEEDS_QUOTES.search(text):
            text = f'"{text}"'
        raw += f",{text}" if key == last else f";{key}={text}"
        last = key
    if _NOT_IN_A_LINE.search(value) or _NOT_IN_A_LINE.search(raw):
        raise ContentError("A control character cannot stand in a content line.")
    return Line(name.upper(), group, raw, value)


def write(content: Iterable[Line], source: bytes = b"") -> bytes:
    """The lines as octets: those read from `source` as they were there, those made folded at 75 octets."""
    out: list[bytes] = []
    for line in content:
        if out and not out[-1].endswith((b"\n", b"\r")):
            # The last line of a source may lack its end, and is not the last one any more.
            out.append(b"\r\n")
        out.append(source[line.start : line.end] if line.start >= 0 else folded(line))
    return b"".join(out)


def folded(line: Line) -> bytes:
    """The line made from its parts, in pieces of at most 75 octets that split no character, with a line end."""
    text = f"{line.group}.{line.name}" if line.group else line.name
    octets = f"{text}{line.raw_params}:{line.value}".encode()
    size = len(octets)
    if size <= FOLD_AT:
        return octets + b"\r\n"
    pieces = []
    begin = 0
    room = FOLD_AT
    while size - begin > room:
        cut = begin + room
        while octets[cut] & 0xC0 == 0x80:
            cut -= 1
        pieces.append(octets[begin:cut])
        begin = cut
        room = FOLD_AT - 1
    pieces.append(octets[begin:])
    return b"\r\n ".join(pieces) + b"\r\n"


def unescape(text: str) -> str:
    """TEXT as people read it; a backslash that escapes nothing stays."""
    if "\\" not in text:
        return text
    return _ESCAPE.sub(lambda match: _ESCAPE_MEANS[match[1]], text)


def escape(text: str) -> str:
    """TEXT as it stands in a content line; other line ends than LF are made LF first."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text.translate(_ESCAPE_WRITES)


def split(value: str, separator: str) -> list[str]:
    """The parts between separators that no backslash escapes; the parts are still escaped."""
    parts = value.split(separator)
    if len(parts) == 1 or "\\" not in value:
        return parts
    joined: list[str] = []
    pending: list[str] = []
    for part in parts:
        pending.append(part)
        if (len(part) - len(part.rstrip("\\"))) % 2 == 0:
            joined.append(separator.join(pending))
            pending = []
    if pending:
        joined.append(separator.join(pending))
    return joined


# Names as they mostly stand there, without parameters, by what stands before the colon.
_KNOWN: Final[dict[str, str]] = {
    name: name
    for name in (
        # iCalendar
        "BEGIN END VERSION PRODID CALSCALE METHOD UID DTSTAMP DTSTART DTEND DUE DURATION SUMMARY DESCRIPTION LOCATION "
        "CREATED LAST-MODIFIED SEQUENCE STATUS TRANSP CLASS CATEGORIES PRIORITY URL GEO RRULE RDATE EXDATE EXRULE "
        "RECURRENCE-ID ORGANIZER ATTENDEE ATTACH COMMENT CONTACT RELATED-TO RESOURCES REQUEST-STATUS COMPLETED "
        "PERCENT-COMPLETE FREEBUSY TZID TZNAME TZOFFSETFROM TZOFFSETTO TZURL TZUNTIL ACTION TRIGGER REPEAT "
        "ACKNOWLEDGED PROXIMITY COLOR IMAGE CONFERENCE NAME SOURCE REFRESH-INTERVAL BUSYTYPE X-LIC-LOCATION "
        "X-WR-CALNAME X-WR-ALARMUID X-WR-TIMEZONE X-APPLE-DEFAULT-ALARM X-APPLE-TRAVEL-ADVISORY-BEHAVIOR "
        "X-MOZ-GENERATION X-MOZ-LASTACK X-MICROSOFT-CDO-BUSYSTATUS X-MICROSOFT-CDO-ALLDAYEVENT "
        "X-MICROSOFT-CDO-IMPORTANCE "
        # vCard
        "FN N NICKNAME PHOTO BDAY ANNIVERSARY GENDER ADR TEL EMAIL IMPP LANG TZ TITLE ROLE LOGO ORG MEMBER RELATED "
        "NOTE REV SOUND CLIENTPIDMAP KEY FBURL CALADRURI CALURI KIND MAILER LABEL SORT-STRING X-ABUID X-ABSHOWAS "
        "X-ADDRESSBOOKSERVER-KIND X-ADDRESSBOOKSERVER-MEMBER X-PHONETIC-FIRST-NAME X-PHONETIC-LAST-NAME"
    ).split()
}
