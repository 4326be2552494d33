"""The dashboard's routes for what an account has: its collections and its trash.

Implements: docs/operate/monitoring.md, Dashboard
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, Final

from klein import Klein
from twisted.web.iweb import IRequest

from davd.admin import collections_panel, trash_panel
from davd.admin.account_panel import Notice
from davd.admin.content import there
from davd.admin.forms import csrf_of, field, id_in, numbers
from davd.admin.markup import Markup, markup
from davd.admin.plane import Plane
from davd.model.errors import HTTPError
from davd.model.trash import NEWEST

# The fields that tell which page of each is shown; the forms have them as well.
_COLLECTIONS_AFTER: Final = "collections_after"
_TRASH_AFTER: Final = "trash_after"
_TRASH_FIND: Final = "trash_find"


async def shown(plane: Plane, request: Any, owner: str, swap: bool = False) -> Markup:
    """The collections and the trash of an account, on the pages that the request asks for."""
    return markup(await _collections(plane, request, owner, swap), await _trash(plane, request, owner, swap))


async def _collections(plane: Plane, request: Any, owner: str, swap: bool = False) -> Markup | None:
    if plane.collections is None:
        return None
    after = field(request, _COLLECTIONS_AFTER)
    found = await plane.collections.page(owner, after)
    keeps = plane.trash is not None and plane.trash.keeps
    return collections_panel.collections(owner, found, after, csrf_of(request), time.time(), keeps, swap)


async def _trash(plane: Plane, request: Any, owner: str, swap: bool = False) -> Markup | None:
    if plane.trash is None:
        return None
    find, before = field(request, _TRASH_FIND), field(request, _TRASH_AFTER)
    found = await plane.trash.page(owner, find, id_in(request, _TRASH_AFTER, NEWEST))
    return trash_panel.trash(owner, found, find, before, csrf_of(request), time.time(), swap)


def attach(app: Klein) -> None:
    """Give the app of the dashboard these routes; who it belongs to has a `plane`, `show` and `changed`."""

    @app.route("/panel/collections", methods=["GET"])
    async def list_collections(dashboard: Any, request: IRequest) -> bytes:
        """A page of collections."""
        there(dashboard.plane.collections)
        piece = await _collections(dashboard.plane, request, field(request, "account"))
        found: bytes = dashboard.show(request, piece)
        return found

    @app.route("/panel/trash", methods=["GET"])
    async def list_trash(dashboard: Any, request: IRequest) -> bytes:
        """A page of the trash."""
        there(dashboard.plane.trash)
        found: bytes = dashboard.show(request, await _trash(dashboard.plane, request, field(request, "account")))
        return found

    @app.route("/do/collection-create", methods=["POST"])
    async def create_collection(dashboard: Any, request: IRequest) -> bytes:
        """Make a calendar, a task list or an address book."""
        words, kind, components = collections_panel.KINDS.get(field(request, "kind"), ("", "", ()))
        made = await there(dashboard.plane.collections).create(
            field(request, "of"),
            kind,
            field(request, "name").strip(),
            field(request, "display_name").strip(),
            components,
        )
        return await _told(dashboard, request, Notice(f"{words} {made['display_name']} is there: {made['path']}"))

    @app.route("/do/collection-rename", methods=["POST"])
    async def rename_collection(dashboard: Any, request: IRequest) -> bytes:
        """Give a collection another display name."""
        title = field(request, "display_name").strip()
        made = await there(dashboard.plane.collections).rename(field(request, "of"), id_in(request, "id", 0), title)
        called = f"is called {title} now" if title else "has no display name any more"
        return await _told(dashboard, request, Notice(f"{made['path']} {called}."))

    @app.route("/do/collection-remove", methods=["POST"])
    async def remove_collection(dashboard: Any, request: IRequest) -> bytes:
        """Remove a collection."""
        _require_sure(request, "removes a collection")
        entry = await there(dashboard.plane.collections).remove(field(request, "of"), id_in(request, "id", 0))
        sentence = "It is removed, and is in the trash." if entry else "It is removed, and was not kept in the trash."
        return await _told(dashboard, request, Notice(sentence))

    @app.route("/do/trash-restore", methods=["POST"])
    async def restore_trashed(dashboard: Any, request: IRequest) -> bytes:
        """Put entries back."""
        replace = field(request, "replace") == "yes"
        told = await there(dashboard.plane.trash).restore(_chosen(request), replace, field(request, "of"))
        return await _told(dashboard, request, trash_panel.restored(told))

    @app.route("/do/trash-purge", methods=["POST"])
    async def purge_trashed(dashboard: Any, request: IRequest) -> bytes:
        """Remove entries for good."""
        _require_sure(request, "removes something for good")
        gone = await there(dashboard.plane.trash).purge(field(request, "of"), _chosen(request))
        return await _told(dashboard, request, _gone(gone))

    @app.route("/do/trash-empty", methods=["POST"])
    async def empty_trash(dashboard: Any, request: IRequest) -> bytes:
        """Remove all entries for good."""
        _require_sure(request, "empties the trash")
        return await _told(dashboard, request, _gone(await there(dashboard.plane.trash).empty(field(request, "of"))))


async def _told(dashboard: Any, request: Any, notice: Notice) -> bytes:
    """The answer: the notice, and both pieces, for what leaves the one comes to the other."""
    owner = field(request, "of")
    told: bytes = await dashboard.changed(request, notice, owner, lambda: shown(dashboard.plane, request, owner, True))
    return told


def _chosen(request: Any) -> Sequence[int]:
    ids = numbers(request, "shown" if field(request, "every") == "yes" else "id")
    if not ids:
        raise HTTPError(422, detail="no entry is chosen")
    return ids


def _require_sure(request: Any, what: str) -> None:
    if field(request, "sure") != "yes":
        raise HTTPError(422, detail=f"whoever {what} has to say that they are sure")


def _gone(number: int) -> Notice:
    return Notice(f"{number} {'entry is' if number == 1 else 'entries are'} removed for good.")
