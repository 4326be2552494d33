"""The way to calendars and contacts, which clients go alike: well-known URL, principal, homes, members.

Implements: RFC 6764, 5, 6; RFC 5397, 3; RFC 4791, 6.2.1; RFC 6352, 7.1.1; RFC 6578, 3.2
"""

from __future__ import annotations

from davd.daemon.doctor import bodies
from davd.daemon.doctor.line import Field
from davd.daemon.doctor.steps import REDIRECT, Step

DEPTH_0: Field = ("Depth", "0")
DEPTH_1: Field = ("Depth", "1")


def well_known(service: str) -> Step:
    """PROPFIND of the well-known URL of `caldav` or `carddav`, before any password."""
    return Step(
        f"looks for {service} by the host's name",
        "PROPFIND",
        f"/.well-known/{service}",
        (DEPTH_0, bodies.XML),
        bodies.propfind("D:current-user-principal"),
        expects=REDIRECT | {207},
        otherwise={
            200: "well-known-missing",
            401: "well-known-login",
            403: "well-known-method",
            404: "well-known-missing",
            405: "well-known-method",
            501: "well-known-method",
        },
        keeps={"context": "Location"},
        login=False,
        follow=False,
    )


# Where the well-known URL has led to, or else the URL that was given.
CONTEXT = Step(
    "asks where that leads who is logged in",
    "PROPFIND",
    "{context}",
    (DEPTH_0, bodies.XML),
    bodies.propfind("D:current-user-principal", "D:principal-URL", "D:resourcetype"),
    otherwise={200: "well-known-elsewhere", 404: "well-known-elsewhere", 405: "well-known-elsewhere"},
    checks=("principal",),
    hrefs={"D:current-user-principal": "principal"},
)
GIVEN = Step(
    "asks at the URL who is logged in",
    "PROPFIND",
    "{url}",
    (DEPTH_0, bodies.XML),
    bodies.propfind("D:resourcetype", "D:displayname", "D:current-user-principal", "D:current-user-privilege-set"),
    checks=("principal",),
    hrefs={"D:current-user-principal": "principal"},
)


def options(target: str, *checks: str) -> Step:
    """OPTIONS, for the field DAV."""
    return Step("asks what the server can do", "OPTIONS", target, expects=frozenset({200, 204}), checks=checks)


def home(names: tuple[str, ...], checks: tuple[str, ...], hrefs: dict[str, str]) -> Step:
    """PROPFIND of the principal for the homes."""
    return Step(
        "asks the principal for its homes",
        "PROPFIND",
        "{principal}",
        (DEPTH_0, bodies.XML),
        bodies.propfind("D:displayname", "D:resourcetype", *names, *hrefs),
        checks=checks,
        hrefs=hrefs,
    )


CALENDAR_HOME = {"C:calendar-home-set": "calendar-home"}
BOOK_HOME = {"A:addressbook-home-set": "book-home"}


def calendars(*names: str) -> Step:
    """The list of calendars."""
    return Step(
        "lists the calendars",
        "PROPFIND",
        "{calendar-home}",
        (DEPTH_1, bodies.XML),
        bodies.propfind("D:resourcetype", "D:displayname", "S:getctag", "D:sync-token", *names),
        checks=("calendars", "ctag"),
        types={"C:calendar": "calendar"},
    )


def books(*names: str) -> Step:
    """The list of address books."""
    return Step(
        "lists the address books",
        "PROPFIND",
        "{book-home}",
        (DEPTH_1, bodies.XML),
        bodies.propfind("D:resourcetype", "D:displayname", "S:getctag", "D:sync-token", *names),
        checks=("books",),
        types={"A:addressbook": "book"},
    )


def sync(place: str) -> Step:
    """The first synchronisation of a collection."""
    return Step(
        f"synchronises the first {place}",
        "REPORT",
        f"{{{place}}}",
        (bodies.XML,),
        bodies.sync(),
        otherwise={400: "no-sync", 415: "no-sync"},
    )
