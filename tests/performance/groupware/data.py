"""Events and cards like those people have, the same in every run."""

import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Final

FIRST: Final = date(2026, 1, 1)
DAYS: Final = 730
_WORDS: Final = (
    "planning review budget dentist lunch quarterly team call school piano football release interview workshop"
    " birthday retro customer training travel maintenance"
).split()
_NAMES: Final = "Ada Grace Edsger Barbara Donald Radia Tim Margaret Alan Frances Ken Jean Niklaus Hedy Linus".split()
_FAMILIES: Final = "Lovelace Hopper Dijkstra Liskov Knuth Perlman Lee Hamilton Turing Allen Thompson Bartik".split()

_ZONE = """BEGIN:VTIMEZONE
TZID:Europe/Berlin
BEGIN:DAYLIGHT
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
TZNAME:CEST
DTSTART:19700329T020000
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
END:DAYLIGHT
BEGIN:STANDARD
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
TZNAME:CET
DTSTART:19701025T030000
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
END:STANDARD
END:VTIMEZONE"""


def event_component(number: int) -> str:
    """One VEVENT: most are single appointments, some last whole days, one in twenty recurs."""
    chance = random.Random(number)
    day = FIRST + timedelta(chance.randrange(DAYS))
    title = f"{chance.choice(_WORDS)} {chance.choice(_WORDS)} {number}"
    lines = ["BEGIN:VEVENT", f"UID:{number:06}-bench@example.org", "DTSTAMP:20260101T000000Z", f"SUMMARY:{title}"]
    if chance.random() < 0.2:
        last = day + timedelta(chance.randint(1, 4))
        lines += [f"DTSTART;VALUE=DATE:{day:%Y%m%d}", f"DTEND;VALUE=DATE:{last:%Y%m%d}", "TRANSP:TRANSPARENT"]
    else:
        hour, minute = chance.randint(7, 19), chance.choice((0, 15, 30))
        lines += [f"DTSTART;TZID=Europe/Berlin:{day:%Y%m%d}T{hour:02}{minute:02}00", "DURATION:PT45M"]
    if number % 20 == 0:
        until = day + timedelta(weeks=chance.randint(4, 60))
        lines.append(f"RRULE:FREQ=WEEKLY;UNTIL={until:%Y%m%d}" + ("T220000Z" if "TZID" in lines[4] else ""))
    lines += [f"LOCATION:Room {chance.randint(1, 40)}", "DESCRIPTION:" + " ".join(chance.choices(_WORDS, k=30))]
    if chance.random() < 0.3:
        people = chance.sample(_NAMES, 3)
        lines.append(f"ORGANIZER;CN={people[0]}:mailto:{people[0].lower()}@example.org")
        lines += [f"ATTENDEE;CN={name};PARTSTAT=ACCEPTED:mailto:{name.lower()}@example.org" for name in people]
    if chance.random() < 0.5:
        lines += ["BEGIN:VALARM", "ACTION:DISPLAY", "DESCRIPTION:soon", "TRIGGER:-PT15M", "END:VALARM"]
    return "\n".join([*lines, "END:VEVENT"])


def _octets(text: str) -> bytes:
    folded = []
    for line in text.split("\n"):
        while len(line) > 74:
            folded.append(line[:74])
            line = " " + line[74:]
        folded.append(line)
    return ("\r\n".join(folded) + "\r\n").encode()


def event(number: int) -> bytes:
    """The calendar object of one event."""
    head = "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//davd//bench//EN"
    return _octets(f"{head}\n{_ZONE}\n{event_component(number)}\nEND:VCALENDAR")


def card(number: int) -> bytes:
    """One contact."""
    chance = random.Random(-number - 1)
    name, family = chance.choice(_NAMES), chance.choice(_FAMILIES)
    lines = [
        "BEGIN:VCARD",
        "VERSION:3.0",
        f"UID:{number:06}-card@example.org",
        f"FN:{name} {family}",
        f"N:{family};{name};;;",
        f"EMAIL;TYPE=INTERNET,WORK:{name}.{family}.{number}@example.org".lower(),
        f"TEL;TYPE=CELL:+49 151 {chance.randrange(10**7):07}",
        f"ADR;TYPE=HOME:;;Street {chance.randint(1, 99)};City {chance.randint(1, 50)};;{chance.randrange(10**5):05};",
        f"ORG:Company {chance.randint(1, 80)}",
        f"BDAY:{1950 + chance.randrange(60)}-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}",
        "NOTE:" + " ".join(chance.choices(_WORDS, k=12)),
        "REV:20260101T000000Z",
        "END:VCARD",
    ]
    return _octets("\n".join(lines))


def months() -> Iterator[tuple[str, str]]:
    """The first moments of each month of the data and of the next one, in UTC as calendar-query writes them."""
    for number in range(24):
        first = datetime(2026 + number // 12, number % 12 + 1, 1, tzinfo=UTC)
        after = datetime(2026 + (number + 1) // 12, (number + 1) % 12 + 1, 1, tzinfo=UTC)
        yield f"{first:%Y%m%dT%H%M%SZ}", f"{after:%Y%m%dT%H%M%SZ}"
