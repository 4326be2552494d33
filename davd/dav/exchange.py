"""The one argument of each verb.

Implements: RFC 4918, 8
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from davd.http.request import Request
from davd.model.errors import HTTPError
from davd.model.path import quote_segment
from davd.model.principal import Principal
from davd.model.resource import NewContent

if TYPE_CHECKING:
    from davd.dav.access.acquaintance import Acquaintance
    from davd.dav.fields import Fields
    from davd.dav.registry import Registry
    from davd.dav.settings import DavSettings
    from davd.formats.xml.reader import Element
    from davd.http.response import Response
    from davd.interfaces.store import IStore, ITransaction
    from davd.tree.node import Node


async def at_once() -> None:
    """Go on: the pace where nobody else waits."""


async def here(call: Callable[[], object]) -> object:
    """Do work at once, where there is no other thread for it."""
    return call()


@dataclass(slots=True)
class Exchange:
    """A request on its way through a verb.

    `principal` is who asks; what was asked of the store about them is in `acquaintance`. `node` is where the request
    URI leads, seen by `transaction`, which may write only for verbs whose row says so. `store` serves streams that
    outlive the transaction: each page they read takes a new reading transaction. `now` is the POSIX time at which the
    verb began. `content` is the XML body of verbs that take one, and `upload` the stored body of verbs that take an
    upload. `fields` are the parsed DAV header fields. A verb sets `fleeting` when its answer depends on more than the
    store and the request (the seconds a lock has left, the room on the disk), so that it is not kept, and
    `rests_on_store` when it depends on more of the store than the resources on the way to the target, the target and
    its members: then it stands only as long as nothing at all is committed.

    `pace` is awaited between the steps of work that could hold up others, never inside a transaction: it returns when
    this request may go on. `rows` counts the resources that the answer told of so far, streams included. `document` is
    what came of content so large that it was parsed before the transaction began.

    A verb that reads sets `later` when its answer takes longer than a transaction should: that is awaited, with turns
    for others in between, when the transaction has ended, and gives the response in the place of the verb's own. Work
    that cannot be done in steps is handed to `aside`, which does it in a thread; never inside a transaction either.
    `examined` is what came of `Method.examine` where there is no upload, None for nothing.
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
    rests_on_store: bool = False
    pace: Callable[[], Awaitable[None]] = at_once
    rows: int = 0
    document: Element | HTTPError | None = None
    acquaintance: Acquaintance | None = None
    later: Callable[[], Awaitable[Response]] | None = None
    aside: Callable[[Callable[[], object]], Awaitable[object]] = here
    examined: object = None

    @property
    def source(self) -> bytes | Element:
        """The XML that came with the request, parsed already or not; `b""` without any.

        HTTPError when it was found to be wrong.
        """
        document = self.document
        if document is None:
            return self.content
        if isinstance(document, HTTPError):
            raise document
        return document

    def href(self, segments: tuple[str, ...], slash: bool) -> str:
        """The path-absolute reference of a resource, below the configured prefix."""
        text = self.settings.prefix + "/" + "/".join([quote_segment(segment) for segment in segments])
        return text + "/" if slash and segments else text
