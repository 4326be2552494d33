"""Where a Redis is: its URL, read.

Implements: RFC 3986, 3.2, 3.3, 3.4
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

PORT: Final = 6379
_DATABASE = re.compile(r"[0-9]{1,5}\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Target:
    """A server at `host` and `port`, or at the UNIX socket `path`; the number of the database, and who logs in."""

    host: str = ""
    port: int = PORT
    path: str = ""
    tls: bool = False
    database: int = 0
    user: str = ""
    password: str = field(default="", repr=False)

    def __str__(self) -> str:
        """The place alone: no one who logs in, no password."""
        if self.path:
            return f"unix:{self.path}"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'rediss' if self.tls else 'redis'}://{host}:{self.port}"


def parse(url: str) -> Target:
    """Read `redis://`, `rediss://` or `unix://`; ValueError with a sentence for the operator, without the password."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError("the URL of Redis has no valid host and port") from None
    if parts.fragment:
        raise ValueError("the URL of Redis has a fragment; write %23 for # in a password")
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    if user and not password:
        raise ValueError("the URL of Redis has a user without a password")
    if parts.scheme == "unix":
        return _socket(parts, user, password)
    if parts.scheme not in ("redis", "rediss"):
        raise ValueError("the URL of Redis begins with redis://, rediss:// or unix://")
    if not parts.hostname:
        raise ValueError("the URL of Redis names no host")
    if parts.query:
        raise ValueError("the URL of Redis takes no query; the database is its path")
    return Target(
        host=parts.hostname,
        port=PORT if port is None else port,
        tls=parts.scheme == "rediss",
        database=_database(parts.path.removeprefix("/")),
        user=user,
        password=password,
    )


def _socket(parts: SplitResult, user: str, password: str) -> Target:
    if parts.hostname or not parts.path.startswith("/"):
        raise ValueError("the URL of Redis by a UNIX socket has three slashes before the path: unix:///path")
    options = parse_qs(parts.query, keep_blank_values=True)
    database = options.pop("db", [""])
    if options or len(database) != 1:
        raise ValueError("the URL of Redis by a UNIX socket takes db=NUMBER and nothing else")
    return Target(path=unquote(parts.path), database=_database(database[0]), user=user, password=password)


def _database(text: str) -> int:
    if text and not _DATABASE.match(text):
        raise ValueError("the database in the URL of Redis is no number")
    return int(text or "0")
