"""Who acts, and the account behind it.

Implements: RFC 3744, 2
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Principal:
    """An authenticated user: `name` is unique among all principals and is the URL segment of the user's homes."""

    name: str


@dataclass(slots=True)
class Account:
    """A user's account: what `davctl user` edits.

    `password_hash` is a PHC string (`$argon2id$...`), or empty when an outside checker proves the password. `quota` is
    the limit on stored bytes, None for the server's default. `created` is POSIX seconds.
    """

    name: str
    password_hash: str = ""
    email: str = ""
    display_name: str = ""
    quota: int | None = None
    created: float = 0.0


@dataclass(frozen=True, slots=True)
class Quota:
    """Bytes in use by an owner and the limit on them; `limit` None is unlimited.

    Implements: RFC 4331, 3, 4
    """

    used: int
    limit: int | None
