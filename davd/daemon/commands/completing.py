"""What a shell may offer for a word of the command line: names that the store and the settings have.

Whatever goes wrong, nothing is offered and nothing is said: somebody is typing. The store is asked by its indices
alone, and no longer than a tenth of a second.

Implements: docs/operate/davctl.md, Completion
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from typing import Any, Final

import apsw
import click
from click.shell_completion import CompletionItem

from davd.caldav.properties.principal import HOMES as CALENDARS
from davd.carddav.properties.principal import HOMES as BOOKS
from davd.config.keys import keys
from davd.config.load import ConfigError, load
from davd.model.path import Path
from davd.model.principal import GROUP, INDIVIDUAL, RESOURCE, ROOM
from davd.model.resource import FILE

_MOST: Final = 200
_SECONDS: Final = 0.1
# Behind every text that begins with the same.
_LAST: Final = "\U0010ffff"
# Steps of SQLite's machine between two looks at the clock.
_STEPS: Final = 1000

_ACCOUNTS: Final = (
    "SELECT name FROM account WHERE name >= ? AND name < ? AND kind IN (?, ?, ?, ?) ORDER BY name LIMIT ?"
)
_MEMBERS: Final = (
    "SELECT name FROM resource WHERE parent_id = ? AND name >= ? AND name < ? AND type <> ? ORDER BY name LIMIT ?"
)
_MEMBER: Final = "SELECT id FROM resource WHERE parent_id = ? AND name = ?"

Offer = Callable[[click.Context, click.Parameter, str], list[str]]


def _data(context: click.Context) -> str:
    """The data folder that the command line means."""
    given = context.find_root().params
    return given.get("data") or load(given.get("config"), os.environ).data


def _asked(context: click.Context, ask: Callable[[apsw.Connection], list[str]]) -> list[str]:
    """What `ask` finds in the store; nothing where there is none, it cannot be read, or it takes too long."""
    try:
        path = os.path.join(_data(context), "davd.sqlite")
        connection = apsw.Connection(path, apsw.SQLITE_OPEN_READONLY)
        try:
            until = time.monotonic() + _SECONDS
            connection.set_busy_timeout(20)
            connection.set_progress_handler(lambda: time.monotonic() > until, _STEPS)
            return ask(connection)
        finally:
            connection.close()
    except (apsw.Error, ConfigError, OSError, ValueError):
        return []


def principals(*kinds: str) -> Offer:
    """The names of principals of these kinds."""
    wanted = [*kinds, *[kinds[0]] * (4 - len(kinds))]

    def offer(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
        values = (incomplete, incomplete + _LAST, *wanted, _MOST)
        return _asked(context, lambda connection: [name for (name,) in connection.execute(_ACCOUNTS, values)])

    return offer


users: Final = principals(INDIVIDUAL)
groups: Final = principals(GROUP)
# Those who have calendars and address books.
owners: Final = principals(INDIVIDUAL, ROOM, RESOURCE)
everybody: Final = principals(INDIVIDUAL, GROUP, ROOM, RESOURCE)


def collections(*homes: str) -> Offer:
    """The names of the collections that the user named by --user has in these homes."""

    def offer(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
        user = context.params.get("user")
        if not user:
            return []
        return _asked(
            context,
            lambda connection: [name for home in homes for name in _members(connection, (home, user), incomplete)],
        )

    return offer


calendars: Final = collections(CALENDARS)
books: Final = collections(BOOKS)
both: Final = collections(CALENDARS, BOOKS)


def paths(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """The collections one step further along a path as it is in URLs."""
    above, _, begun = (incomplete if incomplete.startswith("/") else f"/{incomplete}").rpartition("/")

    def ask(connection: apsw.Connection) -> list[str]:
        segments = Path.parse(above + "/").segments
        return [Path((*segments, name), True).href for name in _members(connection, segments, begun)]

    try:
        return _asked(context, ask)
    except Exception:  # A path that is none, in whatever way.
        return []


def _members(connection: apsw.Connection, segments: Sequence[str], begun: str) -> list[str]:
    """The collections in the one at `segments` whose names begin so."""
    at: Any = 1
    for name in segments:
        at = connection.execute(_MEMBER, (at, name)).get
        if at is None:
            return []
    rows = connection.execute(_MEMBERS, (at, begun, begun + _LAST, FILE, _MOST))
    return [name for (name,) in rows]


def settings(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """The keys of all settings, and their sections."""
    known = dict.fromkeys([name for key in keys() for name in (*_sections(key), key)])
    return [name for name in known if name.startswith(incomplete)]


def _sections(key: str) -> list[str]:
    parts = key.split(".")[:-1]
    return [".".join(parts[:end]) for end in range(1, len(parts) + 1)]


def folders(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Folders that have backups in them, and the way to others."""
    above, begun = os.path.split(incomplete)
    try:
        entries = sorted(os.scandir(above or "."), key=lambda entry: entry.name)
        found = [
            os.path.join(above, entry.name)
            for entry in entries[:_MOST]
            if entry.name.startswith(begun) and os.path.exists(os.path.join(entry.path, "davd-backup"))
        ]
    except OSError:
        found = []
    return [CompletionItem(each) for each in found] or [CompletionItem(incomplete, type="dir")]
