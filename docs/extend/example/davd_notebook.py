"""Notebooks: collections of short notes, a verb that appends to one, and a report that finds them by a word.

Every user has one, `/notebooks/NAME/notes/`. A note is a text of at most 64 KiB.
"""

from hashlib import sha256
from typing import Any

from davd.dav import contents, guard, membership
from davd.dav.access.privileges import READ
from davd.dav.elements.source import expect_root, reading
from davd.dav.exchange import Exchange
from davd.dav.home import make_home
from davd.dav.methods import put
from davd.dav.properties.trees import Above
from davd.dav.properties.view import View
from davd.dav.registry import CollectionType, Extension, LiveProperty, Member, Method, Report
from davd.dav.reports.found import at_once, too_many
from davd.dav.reports.found import respond as respond_with
from davd.formats.xml.writer import href
from davd.http.response import Response
from davd.interfaces.store import ITransaction
from davd.model.errors import HTTPError
from davd.model.index import IndexQuery, ObjectIndex, Term
from davd.model.resource import COLLECTION, PRINCIPAL, NewContent, Resource

NAMESPACE = "http://example.org/ns/notebook"
NOTEBOOK = "notebook"
HOMES = "notebooks"
VALID_NOTE = "{" + NAMESPACE + "}valid-note"
NOTES_WITH = "{" + NAMESPACE + "}notes-with"
MAX_BYTES = 64 * 1024
MAX_FOUND = 100


async def check_note(exchange: Exchange, notebook: Resource, member: Member) -> NewContent | None:
    """Let texts in, and tell the store what is in them; 403 for all else."""
    content = membership.content_of_object(member)
    data = contents.content_of(content, exchange.store.blobs)
    try:
        text = data.decode()
    except UnicodeDecodeError:
        raise HTTPError(403, VALID_NOTE) from None
    index = ObjectIndex(member.name, "NOTE", terms=(("TEXT", text.casefold()),))
    return membership.indexed(content, None, index, "text/plain; charset=utf-8")


async def append(exchange: Exchange) -> Response:
    """Add what was sent to the end of a file; what PUT of the whole would be refused for, this is."""
    resource = guard.require(exchange, exchange.node, READ)
    added = exchange.upload
    if added is None or resource.content_length + added.length > MAX_BYTES:
        raise HTTPError(413)
    blobs = exchange.store.blobs
    [before] = await contents.contents_of(exchange.transaction, blobs, [resource])
    whole = before + contents.content_of(added, blobs)
    exchange.upload = NewContent(len(whole), sha256(whole).hexdigest(), data=whole)
    return await put.respond(exchange)


@reading
def _word(root: Any) -> str:
    expect_root(root, NOTES_WITH)
    return (root.text or "").strip()


async def notes_with(exchange: Exchange) -> Response:
    """207 with the etag of each note that has the word, at most a hundred of them."""
    word = _word(exchange.source, exchange.request.headers.get("content-type"))
    notebook = guard.require(exchange, exchange.node, READ)
    query = IndexQuery(terms=(Term("TEXT", "contains", word.casefold()),))
    rows = await exchange.transaction.find(notebook.id, query, MAX_FOUND + 1)
    notes = await exchange.transaction.resources([row.id for row in rows[:MAX_FOUND]])
    seen = await guard.visible(exchange, notes, notebook)
    tail = too_many(exchange) if len(rows) > MAX_FOUND else b""
    tree = [((*exchange.node.path.segments, note.name), note) for note in seen]
    return await respond_with(exchange, ("{DAV:}getetag",), at_once(tree), Above(exchange.node.chain, []), tail)


def home(view: View, resource: Resource) -> bytes | None:
    """Where the notebooks of a principal are: how a client finds them."""
    return href(view.exchange.href((HOMES, resource.name), True)) if resource.type == PRINCIPAL else None


async def provision(transaction: ITransaction, name: str, now: float) -> None:
    """A notebook for everybody; nothing where there is a home already."""
    made = await make_home(transaction, HOMES, name, now)
    if made is not None:
        await transaction.create(made, "notes", NOTEBOOK, name, now)


def extension(settings: dict[str, Any]) -> Extension:
    """The rows of `[extensions.notebook]`, which has no settings."""
    if settings:
        raise ValueError(f"extensions.notebook: there is no setting called {next(iter(settings))}")
    return Extension(
        NOTEBOOK,
        methods=[Method("APPEND", append, writes=True, takes="upload", check=put.check, on_collection=False)],
        reports=[Report(NOTES_WITH, notes_with, lambda resource: resource.type == NOTEBOOK)],
        properties=[LiveProperty("{" + NAMESPACE + "}notebook-home", home, in_allprop=False)],
        collection_types=[
            CollectionType(
                NOTEBOOK,
                ("{DAV:}collection", "{" + NAMESPACE + "}notebook"),
                allowed_parents=frozenset((COLLECTION,)),
                within=HOMES,
                check_member=check_note,
                members_type="text/plain",
                max_bytes=MAX_BYTES,
                size_condition=VALID_NOTE,
            )
        ],
        compliance=["notebook"],
        provision=provision,
    )
