"""A small world with grants of every kind, and an oracle that says what each person may do in it.

The oracle knows the tree, the grants and RFC 3744, B. It was written without a look at how davd decides.

Verifies: RFC 3744, 3, 5.5, 6, B
"""

from __future__ import annotations

from dataclasses import dataclass

from davd.application.provision import provision
from davd.dav import guard
from davd.dav.exchange import Exchange
from davd.dav.fields import parse_reference
from davd.dav.multistatus import respond
from davd.dav.properties.view import View
from davd.dav.registry import Extension, LiveProperty, Report
from davd.formats.xml import writer
from davd.formats.xml.reader import parse
from davd.http.response import Response
from davd.model.acl import AUTHENTICATED, Ace, write
from davd.model.principal import GROUP
from davd.model.resource import Resource
from davd.testing.exchange import Trial, run

BUSY = "{urn:ietf:params:xml:ns:caldav}read-free-busy"
READING = frozenset({"read", "read-current-user-privilege-set", BUSY})
WRITING = frozenset({"write", "write-properties", "write-content", "bind", "unbind"})
EVERYTHING = READING | WRITING | {"all", "unlock", "read-acl", "write-acl"}
SPREAD = {"read": READING, "write": WRITING, "all": EVERYTHING}

# What is granted to whom on /files/alice/open/; the users are called after it.
OPEN = {
    "reader": "read",
    "writer": "read write",
    "busy": BUSY,
    "binder": "read bind",
    "unbinder": "read unbind",
    "filler": "read write-content",
    "describer": "read write-properties",
    "rewriter": "read write-content write-properties",
    "lister": "read read-acl",
    "keeper": "read write-acl",
    "freer": "read unlock",
    "deputy": "all",
    "blind": "write",
}
# Elsewhere: path, whom, what.
OTHERS = [
    ("/files/alice/open/", "staff", "read bind"),
    ("/files/alice/open/inner/", "binder", "unbind"),
    ("/files/alice/open/inner/", "stranger2", "read"),
    ("/files/alice/single.txt", "picky", "read"),
    ("/files/alice/single.txt", "editor", "read write"),
    ("/files/alice/public/", AUTHENTICATED, "read"),
    ("/files/hera/", "reader", "read"),
    ("/files/hera/", "writer", "read write"),
    ("/files/hera/", "busy", BUSY),
]
GROUPS = {"inner": ["member"], "staff": ["inner"], "friends": ["alice", "fellow"]}
USERS = ["alice", "hera", *OPEN, "member", "fellow", "stranger", "stranger2", "picky", "editor"]
ROLES = [name for name in USERS if name != "hera"]

COLLECTIONS = [
    "/files/alice/open/", "/files/alice/open/inner/", "/files/alice/closed/", "/files/alice/public/",
    "/files/hera/dir/",
]  # fmt: skip
FILES = [
    "/files/alice/open/note.txt", "/files/alice/open/inner/deep.txt", "/files/alice/closed/note.txt",
    "/files/alice/single.txt", "/files/alice/public/note.txt", "/files/hera/dir/note.txt",
]  # fmt: skip
HOMES = [f"/files/{name}/" for name in USERS]
PRINCIPALS = [*[f"/principals/users/{name}/" for name in USERS], *[f"/principals/groups/{name}/" for name in GROUPS]]
SHARED = ["/", "/files/", "/principals/", "/principals/users/", "/principals/groups/"]
THERE = {*SHARED, *COLLECTIONS, *FILES, *HOMES, *PRINCIPALS, *[f"/files/{name}/own.txt" for name in USERS]}

TARGETS = [
    "/files/alice/", "/files/hera/", *COLLECTIONS, *FILES, "/files/alice/open/none", "/files/alice/open/inner/none/",
    "/files/alice/closed/none", "/files/alice/none", "/files/alice/none/none", "/files/alice/single.txt/none",
    "/files/hera/dir/none", "/files/nobody/", "/files/nobody/none", "/principals/users/alice/",
    "/principals/groups/staff/", "/principals/users/none/",
]  # fmt: skip


def parent(path: str) -> str:
    return path.rstrip("/").rpartition("/")[0] + "/"


def owner(path: str) -> str:
    """Whose it is; empty for nobody's."""
    parts = path.strip("/").split("/")
    if parts[0] == "files" and len(parts) > 1:
        return parts[1]
    return parts[2] if parts[0] == "principals" and len(parts) > 2 else ""


def groups(name: str) -> set[str]:
    found: set[str] = set()
    more = {name}
    while more:
        more = {group for group, members in GROUPS.items() if more & set(members)} - found
        found |= more
    return found


def spread(names: str) -> frozenset[str]:
    return frozenset().union(*[SPREAD.get(name, frozenset({name})) for name in names.split()])


def held(role: str, path: str) -> frozenset[str]:
    """The privileges of `role` on what is at `path`, local names."""
    if path not in THERE:
        return frozenset()
    if not owner(path):
        return READING
    if path.startswith("/principals/"):
        if owner(path) == role:
            return READING | {"read-acl", "write-properties"}
        mine = groups(role)
        return READING if owner(path) in mine or groups(owner(path)) & mine else frozenset()
    if owner(path) == role:
        return EVERYTHING
    subjects = {role, AUTHENTICATED, *groups(role)}
    granted: frozenset[str] = frozenset()
    for place, subject, names in [("/files/alice/open/", name, names) for name, names in OPEN.items()] + OTHERS:
        if subject in subjects and (path == place or (place.endswith("/") and path.startswith(place))):
            granted |= spread(names)
    return granted if "read" in granted else granted & {BUSY}


def readable(role: str, path: str) -> bool:
    return "read" in held(role, path)


def shown_below(role: str, path: str, deep: bool) -> set[str]:
    """What a listing of a readable collection shows beside itself: going down only through what is shown."""
    members = {place for place in THERE if place != "/" and parent(place) == path and readable(role, place)}
    return members.union(*[shown_below(role, place, True) for place in members]) if deep and members else members


@dataclass(frozen=True)
class Expected:
    """What the oracle says of one cell.

    `kind` is `"done"`, `"absent"` (as if nothing were there), `"refused"` (needs `privilege` on `href`), or a status.
    """

    kind: str
    privilege: str = ""
    href: str = ""


DONE = Expected("done")
ABSENT = Expected("absent")
NOT_ALLOWED = Expected("405")


def needing(role: str, *needs: tuple[str, str]) -> Expected:
    """DONE when `role` holds each (privilege, path), else the refusal for the first that is missing."""
    for privilege, path in needs:
        if privilege not in held(role, path):
            return Expected("refused", privilege, path)
    return DONE


def making(role: str, path: str) -> Expected:
    """What becomes of an attempt to give an absent path a resource."""
    above = parent(path)
    if not readable(role, above) or above in FILES:
        return ABSENT
    return needing(role, ("bind", above))


# -- what the matrix needs of the server beside the rows of WebDAV ----------------------------------------------------


async def _find(exchange: Exchange) -> Response:
    """A report that looks its hrefs up, as calendar-multiget does."""
    pieces = [writer.MULTISTATUS_OPEN]
    for element in parse(exchange.content).iter("{DAV:}href"):
        path = parse_reference(element.text, exchange.request.authority)
        assert path is not None
        node = await guard.find(exchange, path)
        pieces.append(writer.status_response(element.text, 404 if node.resource is None else 200))
    return respond(b"".join([*pieces, writer.MULTISTATUS_CLOSE]))


async def _busy(exchange: Exchange) -> Response:
    """A report for those who may know when somebody is busy."""
    guard.require(exchange, exchange.node, BUSY)
    return Response(200, {}, b"busy")


def _link(view: View, resource: Resource) -> bytes:
    # Where it leads is written in the name of the file that has it.
    return writer.href(bytes.fromhex(resource.name).decode()) if resource.name.startswith("2f") else b""


EXTENSION = Extension(
    "matrix",
    reports=[
        Report("{urn:x}find", _find),
        Report("{urn:x}busy", _busy, lambda resource: resource.is_collection, BUSY),
    ],
    properties=[LiveProperty("{urn:x}link", _link, in_allprop=False)],
)


def make_world() -> Trial:
    """The world, with a file of one's own in each home and links to every target in it."""
    trial = Trial(EXTENSION)
    run(_people(trial))
    for path in COLLECTIONS:
        assert trial.request("MKCOL", path, user=owner(path)).status == 201
    for path in [*FILES, *[f"/files/{name}/own.txt" for name in USERS]]:
        assert trial.request("PUT", path, body=path.encode(), user=owner(path)).status == 201
    run(_grants(trial))
    return trial


async def _people(trial: Trial) -> None:
    async with trial.store.write() as transaction:
        for name in USERS:
            await provision(transaction, name, trial.now)
        for name in GROUPS:
            await provision(transaction, name, trial.now, kind=GROUP)
        for name, members in GROUPS.items():
            await transaction.set_group_members(name, members)


async def _grants(trial: Trial) -> None:
    entries: dict[str, list[Ace]] = {}
    for path, subject, names in [("/files/alice/open/", name, names) for name, names in OPEN.items()] + OTHERS:
        privileges = tuple([name if name.startswith("{") else f"{{DAV:}}{name}" for name in names.split()])
        principal = subject if subject == AUTHENTICATED else f"name:{subject}"
        entries.setdefault(path, []).append(Ace(principal, privileges))
    async with trial.store.write() as transaction:
        for path, aces in entries.items():
            chain = await transaction.resolve(path.strip("/").split("/"))
            await transaction.set_acl(chain[-1], write(tuple(aces)), trial.now)
