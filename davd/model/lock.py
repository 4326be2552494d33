"""Write locks.

Implements: RFC 4918, 6, 7, 14.1
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

EXCLUSIVE: Final = "exclusive"
SHARED: Final = "shared"


@dataclass(slots=True)
class Lock:
    """A write lock on a resource.

    `token` is the whole `urn:uuid:` URI. `resource_id` is the lock root. `scope` is `EXCLUSIVE` or `SHARED`. `infinite`
    tells Depth infinity from Depth 0. `principal` is the account that took the lock. `owner` is the client's DAV:owner
    element as serialised XML (UTF-8, self-contained namespaces), empty when it sent none. `timeout` is what was granted
    in seconds, `expires` the POSIX time at which the lock is gone. `root` is the path segments of the lock root, filled
    in by the store when it reads.
    """

    token: str
    resource_id: int
    scope: str
    infinite: bool
    principal: str
    owner: bytes
    timeout: int
    expires: float
    root: tuple[str, ...] = ()
