"""The one argument of each verb.

Implements: RFC 4918, 8
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from davd.http.request import Request
from davd.model.path import quote_segment
from davd.model.principal import Principal
from davd.model.resource import NewContent

if TYPE_CHECKING:
    from davd.dav.fields import Fields
    from davd.dav.registry import Registry
    from davd.dav.settings import DavSettings
    from davd.interfaces.store import IStore, ITransaction
    from davd.tree.node import Node


@dataclass(slots=True)
class Exchange:
    """A request on its way through a verb.

    `principal` is who asks. `node` is where the request URI leads, seen by `transaction`, which may write only for
    verbs whose row says so. `store` serves streams that outlive the transaction: each page they read takes a new
    reading transaction. `now` is the POSIX time at which the verb began. `content` is the XML body of verbs that take
    one, and `upload` the stored body of verbs that take an upload. `fields` are the parsed DAV header fields. A verb
    sets `fleeting` when its answer depends on more than the store and the request (the seconds a lock has left, the
    room on the disk), so that it is not kept.
    """

    request: Request
    fields: Fields
    principal: Principal
    node: Node
    transaction: ITransaction
    store: IStore
    registry: Registry
    settings: DavSettings
    now: float
    content: bytes = b""
    upload: NewContent | None = None
    fleeting: bool = False

    def href(self, segments: tuple[str, ...], slash: bool) -> str:
        """The path-absolute reference of a resource, below the configured prefix."""
        text = self.settings.prefix + "/" + "/".join([quote_segment(segment) for segment in segments])
        return text + "/" if slash and segments else text
