"""What clients do when something is written: a folder or a calendar of its own, which goes away again.

Implements: RFC 4918, 9.3, 9.6, 9.7, 9.9, 9.10, 10.3, 10.4, 10.6; RFC 9110, 10.1.1, 13.1.1, 13.1.2; RFC 4791, 5.3.1
"""

from __future__ import annotations

from davd.daemon.doctor import bodies
from davd.daemon.doctor.dialogues.discovery import DEPTH_0, DEPTH_1
from davd.daemon.doctor.line import CHUNKED, EXPECT, Field
from davd.daemon.doctor.steps import CREATED, MULTISTATUS, Step, Unless

_GONE = frozenset({200, 204})
_OK = frozenset({200})
_HELD = frozenset({412, 423})
# Above the 1 MiB that nginx takes when nobody has told it another limit.
_LARGE = b"\0" * (2 * 1024 * 1024)

FOLDER = Step(
    "makes a folder",
    "MKCOL",
    "{url}{trial-name}/",
    expects=CREATED,
    otherwise={403: "not-writable", 409: "not-writable"},
    writes=True,
    makes="trial",
)


def _file(title: str, method: str, fields: tuple[Field, ...] = (), **more: object) -> Step:
    return Step(title, method, "{trial}file.txt", fields, writes=True, **more)  # type: ignore[arg-type]


FIRST = _file("writes a file", "PUT", body="the first", expects=CREATED)
NO_REPLACING = _file(
    "writes it only if it is new",
    "PUT",
    (("If-None-Match", "*"),),
    body="the first",
    expects=_HELD,
    otherwise=dict.fromkeys(CREATED, "if-none-match-lost"),
)
GUARDED = _file(
    "writes it only if it is another",
    "PUT",
    (("If-Match", '"davctl-doctor"'),),
    body="the first",
    expects=_HELD,
    otherwise=dict.fromkeys(CREATED, "if-match-lost"),
)
READ = _file("reads it, to be kept", "GET", expects=_OK)
SECOND = _file("changes it", "PUT", body="the second", expects=CREATED, keeps={"etag": "ETag"})
AGAIN = _file("reads it again", "GET", (("Accept-Encoding", "gzip"),), expects=_OK, checks=("etag", "second"))
LISTED = Step(
    "lists the folder",
    "PROPFIND",
    "{trial}",
    (DEPTH_1, bodies.XML),
    bodies.propfind("D:resourcetype", "D:getetag", "D:getcontentlength", "D:getlastmodified"),
    checks=("two",),
    writes=True,
)
ALONE = Step(
    "looks at the folder alone",
    "PROPFIND",
    "{trial}",
    (DEPTH_0, bodies.XML),
    bodies.propfind("D:resourcetype"),
    writes=True,
)
IN_CHUNKS = Step(
    "writes a file in chunks",
    "PUT",
    "{trial}chunks.txt",
    body="content of no announced length",
    sending=CHUNKED,
    expects=CREATED,
    writes=True,
    unless=Unless("no-length"),
)
EXPECTING = Step(
    "asks before it writes a file",
    "PUT",
    "{trial}expect.txt",
    body="content that the server is asked for",
    sending=EXPECT,
    expects=CREATED,
    writes=True,
)
LARGE = Step("writes a file of 2 MiB", "PUT", "{trial}large.bin", body=_LARGE, expects=CREATED, writes=True)


def moved(place: str, name: str, new: str) -> Step:
    """MOVE within a place, its Destination by the public name; a path alone is tried where that is refused."""
    return Step(
        "renames it",
        "MOVE",
        f"{{{place}}}{name}",
        (("Destination", f"{{origin}}{{{place}}}{new}"), ("Overwrite", "F")),
        expects=CREATED,
        writes=True,
        unless=Unless("destination", (("Destination", f"{{{place}}}{new}"), ("Overwrite", "F"))),
    )


COPIED = Step(
    "copies it",
    "COPY",
    "{trial}moved.txt",
    (("Destination", "{origin}{trial}copy.txt"), ("Overwrite", "F")),
    expects=CREATED,
    writes=True,
    unless=Unless("destination", (("Destination", "{trial}copy.txt"), ("Overwrite", "F"))),
)
NOT_OVER = Step(
    "renames it to a name that is taken",
    "MOVE",
    "{trial}moved.txt",
    (("Destination", "{origin}{trial}copy.txt"), ("Overwrite", "F")),
    expects=frozenset({412}),
    otherwise=dict.fromkeys(CREATED, "overwrite-lost"),
    writes=True,
)
DELETED = Step("deletes it", "DELETE", "{trial}moved.txt", expects=_GONE, writes=True)

LOCKED = _file(
    "locks the file",
    "LOCK",
    (("Timeout", "Second-3600"), DEPTH_0, bodies.XML),
    body=bodies.LOCK,
    expects=CREATED,
    keeps={"lock": "Lock-Token"},
)
UNDER_LOCK = _file(
    "writes it with the lock's token",
    "PUT",
    (("If", "({lock})"),),
    body="the first",
    expects=CREATED,
    otherwise={423: "if-lost", 412: "if-lost"},
)
WITHOUT_TOKEN = _file(
    "writes it without the lock's token",
    "PUT",
    body="the first",
    needs=("lock",),
    expects=frozenset({423}),
    otherwise=dict.fromkeys(CREATED, "lock-not-kept"),
)
UNLOCKED = _file("unlocks it", "UNLOCK", (("Lock-Token", "{lock}"),), expects=_GONE)
NOT_THERE = Step(
    "looks for a file that is not there",
    "PROPFIND",
    "{trial}absent.txt",
    (DEPTH_0,),
    body="",
    expects=frozenset({404}),
    otherwise=dict.fromkeys((200, 207), "not-found-as-multistatus"),
    writes=True,
)
FILES = (FIRST, NO_REPLACING, GUARDED, READ, SECOND, AGAIN, LISTED, ALONE, IN_CHUNKS, EXPECTING, LARGE)

_COMPONENTS = '<C:supported-calendar-component-set><C:comp name="VEVENT"/></C:supported-calendar-component-set>'
_NAMED = "<D:displayname>{trial-name}</D:displayname>"
MKCALENDAR = Step(
    "makes a calendar",
    "MKCALENDAR",
    "{calendar-home}{trial-name}/",
    (bodies.XML,),
    bodies.setting(_NAMED, _COMPONENTS, root="C:mkcalendar"),
    expects=CREATED,
    writes=True,
    makes="trial-calendar",
)
MKCOL = Step(
    "makes a calendar",
    "MKCOL",
    "{calendar-home}{trial-name}/",
    (bodies.XML,),
    bodies.setting(
        "<D:resourcetype><D:collection/><C:calendar/></D:resourcetype>", _NAMED, _COMPONENTS, root="D:mkcol"
    ),
    expects=CREATED,
    writes=True,
    makes="trial-calendar",
)
COLOUR = Step(
    "gives it a colour",
    "PROPPATCH",
    "{trial-calendar}",
    (bodies.XML,),
    bodies.setting("<I:calendar-color>#CC73E1FF</I:calendar-color>"),
    expects=MULTISTATUS | {200},
    writes=True,
)
EVENT = Step(
    "adds an event",
    "PUT",
    "{trial-calendar}event.ics",
    (bodies.ICS, ("If-None-Match", "*")),
    bodies.EVENT,
    expects=CREATED,
    writes=True,
)
EVENT_GUARDED = Step(
    "changes the event only if it is another",
    "PUT",
    "{trial-calendar}event.ics",
    (bodies.ICS, ("If-Match", '"davctl-doctor"')),
    bodies.EVENT,
    expects=_HELD,
    otherwise=dict.fromkeys(CREATED, "if-match-lost"),
    writes=True,
)
EVENT_READ = Step(
    "reads the event",
    "GET",
    "{trial-calendar}event.ics",
    (("Accept-Encoding", "gzip"),),
    expects=_OK,
    checks=("etag",),
    writes=True,
)
EVENT_QUERIED = Step(
    "fetches the event by a report",
    "REPORT",
    "{trial-calendar}",
    (DEPTH_1, bodies.XML),
    bodies.document(
        "C:calendar-multiget",
        bodies.prop("D:getetag", "C:calendar-data"),
        "<D:href>{trial-calendar}event.ics</D:href>",
    ),
    writes=True,
)
EVENTS = (EVENT, EVENT_GUARDED, EVENT_READ, EVENT_QUERIED, moved("trial-calendar", "event.ics", "moved.ics"))
