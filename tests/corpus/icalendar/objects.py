"""The iCalendar objects beside this file.

A name says where an object comes from: `rfc5545-4-todo` is an example of RFC 5545, 4, with the lines of a VCALENDAR
around it where the RFC shows no more than a component; `client-apple` is written in the manner of that client.
"""

from pathlib import Path

_FOLDER = Path(__file__).parent

# Examples that are no calendar object resources, with the precondition that says so.
REFUSED = {
    "rfc4791-4.1-two-uids": "valid-calendar-object-resource",
    "rfc5545-4-busy": "valid-calendar-object-resource",
    "rfc5545-4-method": "valid-calendar-object-resource",
    "rfc7529-4.3-1": "supported-rscale",
    "rfc7529-4.3-2": "supported-rscale",
    "rfc7529-4.3-3": "supported-rscale",
    "rfc7953-c.3": "valid-calendar-object-resource",
}


def names(beginning: str = "") -> list[str]:
    """The names of all objects, or of those whose names begin like that, sorted."""
    return sorted(path.stem for path in _FOLDER.glob(f"{beginning}*.ics"))


def octets(name: str) -> bytes:
    """The object as it travels, with CRLF at the ends of its lines."""
    return b"\r\n".join((_FOLDER / f"{name}.ics").read_bytes().splitlines()) + b"\r\n"


def json(name: str) -> bytes:
    """The jCal object of RFC 7265, Appendix B, that belongs to the iCalendar object of this name."""
    return (_FOLDER / f"{name}.json").read_bytes()
