"""`davctl grant`, `revoke`, `grants`: who else may do what to something, also where nobody logs in who could say so.

What is granted is written by the ACL method in the owner's name, so all that a client's ACL has to pass is passed.

Implements: RFC 3744, 5.5, 8.1
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from typing import Final

import click

from davd.application.acting import Acting
from davd.daemon.commands import completing
from davd.daemon.commands.command import Command
from davd.daemon.commands.outcomes import Grant, Granted
from davd.daemon.commands.principals import registry_in_force
from davd.daemon.commands.telling import tell
from davd.daemon.importing.importer import reason
from davd.daemon.offline import Context
from davd.dav.access.privileges import READ, READ_FREE_BUSY, TREE, Privilege, expand
from davd.formats.xml.writer import document, element, href
from davd.interfaces.store import IReadTransaction, IStore, ITransaction
from davd.model.acl import AUTHENTICATED, NAME, OWNER, SELF, Ace, parse
from davd.model.errors import HTTPError
from davd.model.path import Path
from davd.model.principal import SEGMENTS
from davd.model.resource import Resource
from davd.stores.transactions import transact

# Names of principals have no colons, so nobody is called so.
_SUBJECTS: Final = {"DAV:authenticated": AUTHENTICATED, "DAV:owner": OWNER, "DAV:self": SELF}
_WORDS: Final = {subject: word for word, subject in _SUBJECTS.items()}
_MARKUP: Final = {
    AUTHENTICATED: element("{DAV:}authenticated"),
    OWNER: element("{DAV:}property", element("{DAV:}owner")),
    SELF: element("{DAV:}self"),
}
_PREFIXES: Final = {"DAV:": "DAV:", "urn:ietf:params:xml:ns:caldav": "CALDAV:"}

Change = Callable[[tuple[str, ...]], Sequence[str]]


def _local(name: str) -> str:
    return name.rpartition("}")[2]


def _prefixed(name: str) -> str:
    """The name as the RFCs write it: `DAV:read`."""
    namespace, _, local = name[1:].rpartition("}")
    return _PREFIXES[namespace] + local


def _spellings() -> dict[str, str]:
    found = {}
    for name in sorted(expand(TREE.name)):
        found[_local(name)] = found[_prefixed(name)] = name
    return found


_PRIVILEGES: Final = _spellings()


class _Place:
    """What a command is about: the resource at `path`, by the names along its way from the root."""

    def __init__(self, context: Context, text: str) -> None:
        prefix = context.settings.dav.prefix
        if prefix and text.startswith(prefix + "/"):
            text = text[len(prefix) :]
        try:
            self.segments = Path.parse(text if text.startswith("/") else "/" + text).segments
        except HTTPError as error:
            raise click.ClickException(f"{text} is no path: {error.detail}") from None
        self.href = Path(self.segments).href

    async def chain(self, transaction: IReadTransaction) -> list[Resource]:
        """The resources that lead here; a click error where there is nothing, or what nobody owns."""
        chain: list[Resource] = await transaction.resolve(self.segments)
        if len(chain) <= len(self.segments):
            raise click.ClickException(f"there is nothing at {self.href}")
        if not chain[-1].owner:
            raise click.ClickException(f"{self.href} belongs to nobody, and what all may do there is settled")
        return chain


def _privileges(words: Collection[str]) -> tuple[str, ...]:
    unknown = [word for word in words if word not in _PRIVILEGES]
    if unknown:
        known = ", ".join(sorted(word for word in _PRIVILEGES if ":" not in word))
        raise click.UsageError(f"there is no privilege {unknown[0]}; there are {known}")
    return tuple(dict.fromkeys([_PRIVILEGES[word] for word in words]))


async def _subject(transaction: IReadTransaction, text: str) -> str:
    """Whom a word of the command line means, as `Ace.principal` has it."""
    if text in _SUBJECTS:
        return _SUBJECTS[text]
    name = text
    parts = [part for part in text.split("/") if part]
    if len(parts) == 3 and parts[0] == "principals":
        name = parts[2]
    account = await transaction.account(name)
    if account is None or (name != text and SEGMENTS[account.kind] != parts[1]):
        raise click.ClickException(f"there is no user, group, room or resource {text}")
    return NAME + name


async def _body(transaction: IReadTransaction, entries: Sequence[Ace], prefix: str) -> bytes:
    """The body of an ACL request for these entries."""
    aces = []
    for entry in entries:
        subject = _MARKUP.get(entry.principal, b"")
        if not subject:
            name = entry.principal.removeprefix(NAME)
            account = await transaction.account(name)
            if account is None:
                # What a principal was granted that is no more goes with the first change.
                continue
            subject = href(prefix + Path(("principals", SEGMENTS[account.kind], name), True).href)
        held = [element("{DAV:}privilege", element(privilege)) for privilege in entry.privileges]
        aces.append(element("{DAV:}ace", [element("{DAV:}principal", subject), element("{DAV:}grant", held)]))
    return document("{DAV:}acl", aces)


async def _put(
    context: Context, store: IStore, transaction: ITransaction, place: _Place, subject: str, change: Change
) -> list[Ace]:
    """Let `change` make of what a principal holds by the resource's own entries what it is to hold.

    The entries that count there afterwards, inherited ones too.
    """
    chain = await place.chain(transaction)
    owner = chain[-1].owner
    if await transaction.account(owner) is None:
        raise click.ClickException(f"{place.href} belongs to {owner}, and there is no account {owner}")
    entries = parse(chain[-1].acl)
    held = tuple(dict.fromkeys([name for entry in entries if entry.principal == subject for name in entry.privileges]))
    wanted = tuple(change(held))
    others = [entry for entry in entries if entry.principal != subject]
    if wanted != held:
        written = [*others, Ace(subject, wanted)] if wanted else others
        acting = Acting(store, registry_in_force(context), context.settings.dav, owner, time.time())
        body = await _body(transaction, written, context.settings.dav.prefix)
        try:
            await acting.perform(transaction, "ACL", place.segments, {"content-type": "application/xml"}, body)
        except HTTPError as error:
            why = "it is locked" if error.status == 423 else reason(error)
            raise click.ClickException(f"the entries of {place.href} cannot be changed: {why}") from None
    return [*others, Ace(subject, wanted), *[entry for _, entry in _inherited(chain)]]


def _inherited(chain: Sequence[Resource]) -> list[tuple[Sequence[Resource], Ace]]:
    """The entries that come from above, nearest first, each with the way to where it stands."""
    found = []
    for depth in range(len(chain) - 1, 0, -1):
        if chain[depth - 1].owner != chain[-1].owner:
            break
        found += [(chain[:depth], entry) for entry in parse(chain[depth - 1].acl)]
    return found


def _change(context: Context, path: str, principal: str, change: Change) -> tuple[_Place, str, list[Ace]]:
    """Carry out a change; the place, whom it is about, and the entries that count there afterwards."""
    place = _Place(context, path)

    async def work(store: IStore) -> tuple[str, list[Ace]]:
        async def put(transaction: ITransaction) -> tuple[str, list[Ace]]:
            subject = await _subject(transaction, principal)
            return subject, await _put(context, store, transaction, place, subject, change)

        return await transact(store, put)

    return (place, *context.with_store(work))


def _told(names: Collection[str]) -> str:
    return " ".join([_local(name) for name in names])


def _offered(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    return [word for word in sorted(_PRIVILEGES) if ":" not in word and word.startswith(incomplete)]


_PATH = click.argument("path", shell_complete=completing.paths)
_PRINCIPAL = click.argument("principal", shell_complete=completing.everybody)


@click.command(
    cls=Command,
    tells=Granted,
    examples=(
        "davctl grant /calendars/alice/work/ bob read write",
        "davctl grant /calendars/hall/calendar/ staff read-free-busy",
        "davctl grant /files/alice/shared/ DAV:authenticated read",
    ),
)
@_PATH
@_PRINCIPAL
@click.argument("privileges", nargs=-1, required=True, shell_complete=_offered)
@click.pass_obj
def grant(context: Context, path: str, principal: str, privileges: tuple[str, ...], as_json: bool) -> None:
    """Let PRINCIPAL do more to what is at PATH, and below.

    PATH is that of the URL, as in /calendars/hall/calendar/. PRINCIPAL is the name of a user, a group, a room or a
    resource, or DAV:authenticated for everybody who logs in. PRIVILEGES are read, read-free-busy, write, all, or
    another of RFC 3744: write-properties, write-content, bind, unbind, unlock, read-acl, write-acl.
    """
    added = _privileges(privileges)
    place, subject, entries = _change(
        context,
        path,
        principal,
        lambda held: held if set(added) <= expand(*held) else [*dict.fromkeys((*held, *added))],
    )
    held = expand(
        *[name for entry in entries if entry.principal in (subject, AUTHENTICATED) for name in entry.privileges]
    )
    effective = READ in held or held == expand(READ_FREE_BUSY)
    outcome = Granted(place.href, principal, [_local(name) for name in added], effective)
    tell(as_json, outcome, [f"granted {_told(added)} on {place.href} to {principal}"])
    if not effective:
        click.echo(f"warning: without read only read-free-busy has an effect, and {principal} has no read", err=True)


@click.command(
    cls=Command,
    tells=Grant,
    examples=(
        "davctl revoke /calendars/alice/work/ bob write",
        "davctl revoke /calendars/alice/work/ bob  # all of it",
    ),
)
@_PATH
@_PRINCIPAL
@click.argument("privileges", nargs=-1, shell_complete=_offered)
@click.pass_obj
def revoke(context: Context, path: str, principal: str, privileges: tuple[str, ...], as_json: bool) -> None:
    """Take PRIVILEGES on what is at PATH from PRINCIPAL.

    Without PRIVILEGES all that were granted to it there. What is granted on a collection above, or to a group of the
    principal, is taken back where it was granted.
    """
    taken = _privileges(privileges) or (TREE.name,)

    def rest(held: tuple[str, ...]) -> Sequence[str]:
        left = _without(TREE, frozenset(held), frozenset(taken))
        if expand(*left) == expand(*held):
            told = _told(_privileges(privileges)) or "anything"
            raise click.ClickException(f"{principal} is not granted {told} by an entry of {path}")
        return left

    place, _, _ = _change(context, path, principal, rest)
    outcome = Grant(place.href, principal, [_local(name) for name in taken])
    tell(as_json, outcome, [f"revoked {_told(taken)} on {place.href} from {principal}"])


def _without(privilege: Privilege, held: frozenset[str], taken: frozenset[str]) -> list[str]:
    """What is left of `held` without `taken`: of an aggregate that something is taken out of, the other parts."""
    if privilege.name in taken:
        return []
    if privilege.name in held and expand(privilege.name).isdisjoint(taken):
        return [privilege.name]
    if privilege.name in held:
        held |= {part.name for part in privilege.contains}
    return [name for part in privilege.contains for name in _without(part, held, taken)]


@click.command(cls=Command, tells=list[Grant], examples=("davctl grants /calendars/alice/work/",))
@_PATH
@click.pass_obj
def grants(context: Context, path: str, as_json: bool) -> None:
    """List who may do what to what is at PATH.

    Beside its owner, that is. Each in a line: principal, privileges, and where that was granted, separated by tabs.
    """
    place = _Place(context, path)

    async def work(store: IStore) -> list[Grant]:
        async with store.read() as transaction:
            chain = await place.chain(transaction)
        found = [(chain, entry) for entry in parse(chain[-1].acl)] + _inherited(chain)
        return [
            Grant(
                Path(place.segments[: len(way) - 1]).href,
                _name(entry.principal),
                [_local(privilege) for privilege in entry.privileges],
            )
            for way, entry in found
        ]

    granted = context.with_store(work)
    tell(as_json, granted, [f"{each.principal}\t{' '.join(each.privileges)}\t{each.path}" for each in granted])


def _name(subject: str) -> str:
    return _WORDS.get(subject) or subject.removeprefix(NAME)
