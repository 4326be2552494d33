"""Who acts, and the account behind it.

Implements: RFC 3744, 2
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

INDIVIDUAL: Final = "individual"
GROUP: Final = "group"
ROOM: Final = "room"
RESOURCE: Final = "resource"

# Stands before the hash of an account that may not log in: no checker takes it for a hash, and it can be taken away.
DISABLED: Final = "!"

# For how long an app password that has expired is still listed, so that one can see why a device is not let in.
EXPIRED_SECONDS: Final = 30 * 86400.0

# The segment below /principals/ under which a principal of each kind is found.
SEGMENTS: Final = {INDIVIDUAL: "users", GROUP: "groups", ROOM: "rooms", RESOURCE: "resources"}


@dataclass(frozen=True, slots=True)
class Principal:
    """An authenticated user: `name` is unique among all principals and is the URL segment of the user's homes.

    `groups` are the names of the groups that the user is in, directly or by others, as far as they were asked for.
    `fellows` are the names of the principals that the user may know of beside themselves, as far as they were asked
    for; None stands for all there are.
    """

    name: str
    groups: frozenset[str] = frozenset()
    fellows: frozenset[str] | None = frozenset()


@dataclass(slots=True)
class Account:
    """What `davctl` keeps of a principal: a user's account, or a group, a room, a resource.

    `kind` is `INDIVIDUAL`, `GROUP`, `ROOM` or `RESOURCE`; only individuals log in.

    `password_hash` is a PHC string (`$argon2id$...`), or empty when an outside checker proves the password; `DISABLED`
    stands before it while the account may not log in. `quota` is the limit on stored bytes, None for the server's
    default. `created` is POSIX seconds.
    """

    name: str
    password_hash: str = ""
    email: str = ""
    display_name: str = ""
    quota: int | None = None
    created: float = 0.0
    kind: str = INDIVIDUAL

    @property
    def disabled(self) -> bool:
        """Whether nobody may log in as this account."""
        return self.password_hash.startswith(DISABLED)


@dataclass(frozen=True, slots=True)
class AppPassword:
    """A password that a user has given to one device or program, beside the account's own.

    `id` is the part of the password that everybody may know, `hash` the SHA-256 of the whole in hexadecimal. `label`
    says what has it. `created`, `last_used` (the last log-in by it, to the hour; None: never) and `expires` (None: not
    by itself) are POSIX seconds.
    """

    id: str
    account: str
    label: str
    hash: str
    created: float
    last_used: float | None = None
    expires: float | None = None

    def expired(self, now: float) -> bool:
        """Whether its time is over at the POSIX time `now`."""
        return self.expires is not None and self.expires <= now


@dataclass(frozen=True, slots=True)
class Quota:
    """Bytes in use by an owner and the limit on them; `limit` None is unlimited.

    Implements: RFC 4331, 3, 4
    """

    used: int
    limit: int | None
