"""jCal: iCalendar as JSON, both ways.

What cannot be read as the type it should have goes through as text of type "unknown", so that nothing stored is lost.

Implements: RFC 7265, 3.1, 3.2, 3.3, 3.4, 3.5, 3.6, 4, 5
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

import msgspec

from davd.formats.contentlines import LIMITS, ContentError, Limits, Line, escape, make, split, unescape
from davd.formats.icalendar import values
from davd.formats.icalendar.object import Component, parse, serialize
from davd.formats.icalendar.value_types import DEFAULTS, LISTS, STRUCTURED, UNKNOWN, value_type

_NAME: Final = re.compile(r"[a-zA-Z0-9_-]+", re.ASCII)
_DATE: Final = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})", re.ASCII)
_DATE_TIME: Final = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})(Z?)", re.ASCII)
_TIME: Final = re.compile(r"([0-9]{2}):([0-9]{2}):([0-9]{2})(Z?)", re.ASCII)
_OFFSET: Final = re.compile(r"([+-][0-9]{2}):([0-9]{2})(?::([0-9]{2}))?", re.ASCII)
_RULE_VALUE: Final = re.compile(r"[A-Za-z0-9+-]+", re.ASCII)
_NUMBER: Final = re.compile(r"[+-]?[0-9]{1,9}", re.ASCII)


def to_jcal(data: bytes) -> bytes:
    """One iCalendar object as jCal; ContentError where `data` is none."""
    return msgspec.json.encode(array(parse(data)))


def from_jcal(data: bytes, limits: Limits = LIMITS) -> bytes:
    """A jCal object as iCalendar; ContentError where `data` is none, or would go beyond `limits`."""
    return serialize(parse_jcal(data, limits))


def array(component: Component) -> list[Any]:
    """The component as the array of RFC 7265, 3.3: its name, its properties, its components."""
    return [
        component.name.lower(),
        [_property(line) for line in component.lines],
        [array(inner) for inner in component.components],
    ]


def parse_jcal(data: bytes, limits: Limits = LIMITS) -> Component:
    """The VCALENDAR of a jCal object, all of it made anew; ContentError for anything else."""
    if len(data) > limits.octets:
        raise ContentError(f"More than {limits.octets} octets.", limits.octets)
    try:
        document = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ContentError(f"Not JSON: {error}") from None
    component = _component(document, limits.depth)
    if component.name != "VCALENDAR":
        raise ContentError("The outermost component is not a vcalendar.")
    return component


# ------------------------------------------------------------------------------------------------- from iCalendar


def _property(line: Line) -> list[Any]:
    name = line.name.lower()
    params = {key.lower(): _param(found) for key, found in line.params.items() if key != "VALUE"}
    kind = value_type(line)
    value = line.value
    if kind == "DATE-TIME" and "VALUE" not in line.params and "T" not in value.upper():
        # RFC 7265, Appendix B.1 reads eight digits as a date even where nothing says so.
        kind = "DATE"
    try:
        if line.param("ENCODING").upper() == "BASE64":
            # "If the property value type is "BINARY", the base64 encoding MUST be preserved." "If the value type is not
            # "BINARY", the "ENCODING" property parameter MUST be removed, and the value MUST be base64 decoded."
            value = _unpacked(value, kind)
            params.pop("encoding")
        return [name, params, kind.lower(), *_read(line.name, kind, value)]
    except ContentError:
        return [name, params, "unknown", line.value]


def _unpacked(value: str, kind: str) -> str:
    if kind == "BINARY":
        return value
    try:
        return values.binary(value).decode("utf-8")
    except UnicodeDecodeError:
        raise ContentError("What is in base64 is no text.") from None


def _param(found: tuple[str, ...]) -> str | list[str]:
    return list(found) if len(found) > 1 else "".join(found)


def _read(name: str, kind: str, value: str) -> list[Any]:
    """The JSON values of a property's value of this type; ContentError where it is of another."""
    read = _READ.get(kind, str)
    if name in STRUCTURED:
        return [[read(part) for part in split(value, ";")]]
    if name in LISTS:
        return [read(part) for part in split(value, ",")]
    return [read(value)]


def _moment(text: str) -> str:
    found = values.moment(text)
    written = values.write_moment(found)
    date = f"{written[:4]}-{written[4:6]}-{written[6:8]}"
    if found.kind is values.Kind.DATE:
        return date
    return f"{date}T{written[9:11]}:{written[11:13]}:{written[13:]}"


def _date(text: str) -> str:
    if values.moment(text).kind is not values.Kind.DATE:
        raise ContentError("Not a DATE.")
    return _moment(text)


def _date_time(text: str) -> str:
    if values.moment(text).kind is values.Kind.DATE:
        raise ContentError("Not a DATE-TIME.")
    return _moment(text)


def _time(text: str) -> str:
    text = text.strip()
    values.time(text)
    return f"{text[:2]}:{text[2:4]}:{text[4:].upper()}"


def _offset(text: str) -> str:
    written = values.write_utc_offset(values.utc_offset(text))
    return f"{written[:3]}:{written[3:5]}" + (f":{written[5:]}" if len(written) > 5 else "")


def _duration(text: str) -> str:
    values.duration(text)
    return text.strip()


def _period(text: str) -> list[str]:
    found = values.period(text)
    first, _, last = text.partition("/")
    return [_moment(first), _duration(last) if found.duration is not None else _moment(last)]


def _recur(text: str) -> dict[str, Any]:
    """A rule as an object; that it makes sense is not asked here."""
    rule: dict[str, Any] = {}
    for part in text.strip().rstrip(";").split(";"):
        key, equals, value = part.partition("=")
        if not equals or not _NAME.fullmatch(key):
            raise ContentError("Not a RECUR.")
        key = key.lower()
        if key == "until":
            rule[key] = _moment(value)
        else:
            found = [int(item) if _NUMBER.fullmatch(item) else item for item in value.split(",")]
            rule[key] = found[0] if len(found) == 1 else found
    return rule


_READ: Final[dict[str, Callable[[str], Any]]] = {
    "BINARY": str,
    "BOOLEAN": values.boolean,
    "CAL-ADDRESS": str,
    "DATE": _date,
    "DATE-TIME": _date_time,
    "DURATION": _duration,
    "FLOAT": values.floating,
    "INTEGER": values.integer,
    "PERIOD": _period,
    "RECUR": _recur,
    "TEXT": unescape,
    "TIME": _time,
    "URI": str,
    "UTC-OFFSET": _offset,
}

# --------------------------------------------------------------------------------------------------- to iCalendar


def _component(found: object, depth: int) -> Component:
    if not (isinstance(found, list) and len(found) == 3):
        raise ContentError("A component is not an array of three.")
    name, properties, inner = found
    if not (
        isinstance(name, str) and _NAME.fullmatch(name) and isinstance(properties, list) and isinstance(inner, list)
    ):
        raise ContentError("A component is not a name, an array of properties and an array of components.")
    if inner and not depth:
        raise ContentError("Components are nested too deep.")
    lines = [_line(item) for item in properties]
    return Component(name.upper(), lines, [_component(item, depth - 1) for item in inner])


def _line(found: object) -> Line:
    if not (isinstance(found, list) and len(found) >= 4):
        raise ContentError("A property is not an array of at least four.")
    name, params, kind, *rest = found
    if not (_is_name(name) and isinstance(params, dict) and _is_name(kind)):
        raise ContentError("A property does not begin with a name, an object and the name of a type.")
    name = name.upper()
    kind = kind.upper()
    if name in ("BEGIN", "END"):
        raise ContentError("A property cannot be named begin or end.")
    pairs = _pairs(params)
    # "If the property's value type is "unknown", no "VALUE" parameter is included." Nor is it for the default (3.5.1).
    if kind not in (UNKNOWN, DEFAULTS.get(name)):
        pairs.append(("VALUE", kind))
        if kind == "BINARY":
            pairs.append(("ENCODING", "BASE64"))
    return make(name, _written(name, kind, rest), pairs)


def _is_name(found: object) -> bool:
    return isinstance(found, str) and _NAME.fullmatch(found) is not None


def _pairs(params: dict[Any, Any]) -> list[tuple[str, str]]:
    pairs = []
    for key, value in params.items():
        upper = key.upper()
        if not _NAME.fullmatch(key) or upper == "VALUE":
            raise ContentError("A parameter's name is wrong.")
        for item in _several(value):
            if not isinstance(item, str):
                raise ContentError("The value of a parameter is not a string.")
            pairs.append((upper, item))
    return pairs


def _written(name: str, kind: str, found: list[Any]) -> str:
    write = _WRITE.get(kind, _plain)
    if name in STRUCTURED:
        return ";".join(write(item) for item in _several(found[0]))
    return ",".join(write(item) for item in found)


def _plain(found: object) -> str:
    if not isinstance(found, str):
        raise ContentError("A value is not a string.")
    return found


def _from_text(found: object) -> str:
    return escape(_plain(found))


def _from_boolean(found: object) -> str:
    if not isinstance(found, bool):
        raise ContentError("A value is not true or false.")
    return "TRUE" if found else "FALSE"


def _from_integer(found: object) -> str:
    if isinstance(found, float) and found.is_integer():
        # "a fractional and/or exponential part are only allowed under limited circumstances": 4.2e1 is one.
        found = int(found)
    if not isinstance(found, int) or isinstance(found, bool):
        raise ContentError("A value is not an integer.")
    return str(values.integer(str(found)))


def _from_float(found: object) -> str:
    if not isinstance(found, int | float) or isinstance(found, bool) or abs(found) >= 1e16:
        raise ContentError("A value is not a float.")
    text = repr(found)
    # The grammar of FLOAT knows no exponent.
    return text if "e" not in text else f"{found:.20f}".rstrip("0")


def _from_moment(found: object) -> str:
    text = _plain(found)
    match = _DATE_TIME.fullmatch(text)
    written = "{}{}{}T{}{}{}{}".format(*match.groups()) if match else _from_date(text)
    values.moment(written)
    return written


def _from_date(found: object) -> str:
    match = _DATE.fullmatch(_plain(found))
    if match is None:
        raise ContentError("A value is not a date.")
    written = "".join(match.groups())
    values.moment(written)
    return written


def _from_date_time(found: object) -> str:
    if not _DATE_TIME.fullmatch(_plain(found)):
        raise ContentError("A value is not a date-time.")
    return _from_moment(found)


def _from_time(found: object) -> str:
    match = _TIME.fullmatch(_plain(found))
    if match is None:
        raise ContentError("A value is not a time.")
    written = "".join(match.groups())
    values.time(written)
    return written


def _from_offset(found: object) -> str:
    match = _OFFSET.fullmatch(_plain(found))
    if match is None:
        raise ContentError("A value is not a utc-offset.")
    return values.write_utc_offset(values.utc_offset("".join(match.groups(""))))


def _from_duration(found: object) -> str:
    values.duration(_plain(found))
    return _plain(found)


def _from_period(found: object) -> str:
    # Appendix B.2 writes as one string what 3.6.9 wants as an array of two.
    parts = found.split("/") if isinstance(found, str) else found
    if not (isinstance(parts, list) and len(parts) == 2):
        raise ContentError("A value is not a period.")
    first, last = (_plain(part) for part in parts)
    return f"{_from_moment(first)}/{_from_duration(last) if 'P' in last else _from_moment(last)}"


def _from_recur(found: object) -> str:
    if not isinstance(found, dict) or not found:
        raise ContentError("A value is not a recur.")
    parts = []
    for key, value in found.items():
        if not _NAME.fullmatch(key):
            raise ContentError("The name of a part of a recur is wrong.")
        if key == "until":
            parts.append(f"UNTIL={_from_moment(value)}")
            continue
        parts.append(f"{key.upper()}={','.join(_rule_value(item) for item in _several(value))}")
    return ";".join(parts)


def _several(found: Any) -> list[Any]:
    return found if isinstance(found, list) else [found]


def _rule_value(found: object) -> str:
    text = _from_integer(found) if isinstance(found, int | float) else _plain(found)
    if not _RULE_VALUE.fullmatch(text):
        raise ContentError("A part of a recur is wrong.")
    return text


_WRITE: Final[dict[str, Callable[[object], str]]] = {
    "BINARY": _plain,
    "BOOLEAN": _from_boolean,
    "CAL-ADDRESS": _plain,
    "DATE": _from_date,
    "DATE-TIME": _from_date_time,
    "DURATION": _from_duration,
    "FLOAT": _from_float,
    "INTEGER": _from_integer,
    "PERIOD": _from_period,
    "RECUR": _from_recur,
    "TEXT": _from_text,
    "TIME": _from_time,
    "URI": _plain,
    "UTC-OFFSET": _from_offset,
}
