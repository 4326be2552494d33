"""ACL: another access control list for a resource.

davd grants and never denies, and what is granted on a collection counts for all in it. The entry of the owner is
protected; all others of a resource's own are replaced.

Implements: RFC 3744, 7.5, 8.1, 8.1.1
"""

from __future__ import annotations

from typing import Final

from davd.dav import guard
from davd.dav.access.privileges import SUPPORTED, WRITE_ACL
from davd.dav.elements.acl import HREF, PROPERTY, RequestedAce, parse_acl
from davd.dav.exchange import Exchange
from davd.dav.fields import parse_reference
from davd.dav.registry import Method
from davd.http.response import Response
from davd.model.acl import AUTHENTICATED, NAME, OWNER, SELF, Ace, parse, write
from davd.model.errors import HTTPError
from davd.model.principal import SEGMENTS

_SUBJECTS: Final = {"{DAV:}authenticated": AUTHENTICATED, "{DAV:}self": SELF}
_PRINCIPALS: Final = "principals"


async def respond(exchange: Exchange) -> Response:
    """Replace the entries of the resource; 200.

    403 with the precondition that the list in the body violates; 400 for what is no list; 423 when the resource is
    locked.
    """
    node = exchange.node
    resource = guard.require(exchange, node, WRITE_ACL)
    requested = parse_acl(exchange.source, exchange.request.headers.get("content-type"))
    entries = await _entries(exchange, requested)
    await guard.check_preconditions(exchange)
    # RFC 3744, 7.5: "A lock on a resource ensures that only the lock owner can modify ACEs that are not inherited and
    # not protected".
    await guard.check_locks(exchange, [node.chain])
    text = write(tuple(entries))
    if text != resource.acl:
        await exchange.transaction.set_acl(resource, text, exchange.now)
    return Response(200)


async def _entries(exchange: Exchange, requested: tuple[RequestedAce, ...]) -> list[Ace]:
    """What is to be kept with the resource; HTTPError 403 with a precondition of RFC 3744, 8.1.1."""
    entries = []
    for ace in requested:
        entry = await _entry(exchange, ace)
        if ace.protected:
            # Some clients send back all they were told; what is protected stays as it is.
            if entry.principal != OWNER:
                raise _refused("no-protected-ace-conflict")
        elif ace.inherited:
            if entry not in _inherited(exchange):
                raise _refused("no-inherited-ace-conflict")
        else:
            entries.append(entry)
    # "The number of ACEs submitted in the ACL request MUST NOT exceed the number of ACEs allowed on that resource."
    if len(entries) > exchange.settings.max_aces:
        raise _refused("limited-number-of-aces")
    return entries


def _inherited(exchange: Exchange) -> set[Ace]:
    chain = exchange.node.chain
    owner = chain[-1].owner
    return {entry for above in chain[:-1] if above.owner == owner for entry in parse(above.acl)}


async def _entry(exchange: Exchange, ace: RequestedAce) -> Ace:
    # "The ACL request MUST NOT include a DAV:invert element."
    if ace.inverted:
        raise _refused("no-invert")
    # "The ACEs submitted in the ACL request MUST NOT include a deny ACE."
    if not ace.grants:
        raise _refused("grant-only")
    # "The ACEs submitted in the ACL request MUST be supported by the resource." None is abstract.
    if not SUPPORTED.issuperset(ace.privileges):
        raise _refused("not-supported-privilege")
    return Ace(await _principal(exchange, ace), ace.privileges)


async def _principal(exchange: Exchange, ace: RequestedAce) -> str:
    if ace.subject == HREF:
        return NAME + await _recognized(exchange, ace.value)
    if ace.subject == PROPERTY:
        # DAV:owner is the only property of every resource that names a principal.
        if ace.value != "{DAV:}owner":
            raise _refused("allowed-principal")
        return OWNER
    subject = _SUBJECTS.get(ace.subject)
    if subject is None:
        # "For example, a server where only authenticated principals can access resources would not allow the DAV:all or
        # DAV:unauthenticated principals to be used in an ACE".
        raise _refused("allowed-principal")
    return subject


async def _recognized(exchange: Exchange, reference: str) -> str:
    """The name of the principal whose URL `reference` is."""
    request, settings = exchange.request, exchange.settings
    try:
        path = parse_reference(reference, request.authority, settings.hostnames, request.scheme, settings.prefix)
    except HTTPError:
        path = None
    # "Every principal URL in the ACL request MUST identify a principal resource." Nobody can share with people they
    # cannot name, so it need not be a principal that the user may look at.
    if path is not None and len(path.segments) == 3 and path.segments[0] == _PRINCIPALS:
        _, segment, name = path.segments
        account = await exchange.transaction.account(name)
        if account is not None and SEGMENTS[account.kind] == segment:
            return name
    raise _refused("recognized-principal")


def _refused(condition: str) -> HTTPError:
    return HTTPError(403, f"{{DAV:}}{condition}")


ACL = Method("ACL", respond, writes=True, takes="xml")
