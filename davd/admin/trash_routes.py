"""The JSON API's routes for the trash of accounts.

Implements: docs/operate/monitoring.md, JSON API
"""

from __future__ import annotations

from typing import Any

from klein import Klein
from msgspec import Struct
from twisted.web.iweb import IRequest

from davd.admin.content import answer, body, id_of, text, there, whole
from davd.admin.openapi import API
from davd.admin.trash import PAGE
from davd.model.trash import NEWEST

_TRASH = API + "/accounts/<name>/trash"


class Restoring(Struct, forbid_unknown_fields=True):
    """Which entries are put back, and whether they may take the place of what has their name or UID now."""

    ids: list[int]
    replace: bool = False


class Purging(Struct, forbid_unknown_fields=True):
    """Which entries are removed for good."""

    ids: list[int]


def attach(app: Klein) -> None:
    """Give the app of the JSON API these routes; who it belongs to has a `plane`."""

    @app.route(_TRASH, methods=["GET"])
    async def list_trash(admin: Any, request: IRequest, name: str) -> bytes:
        """A page of the trash."""
        trash = there(admin.plane.trash)
        before, limit = whole(request, b"before", NEWEST), whole(request, b"limit", PAGE)
        return answer(request, await trash.page(name, text(request, b"find"), before, limit))

    @app.route(_TRASH, methods=["DELETE"])
    async def empty_trash(admin: Any, request: IRequest, name: str) -> bytes:
        """Remove all of it for good."""
        return answer(request, {"removed": await there(admin.plane.trash).empty(name)})

    @app.route(_TRASH + "/<id>", methods=["GET"])
    async def show_trashed(admin: Any, request: IRequest, name: str, id: str) -> bytes:
        """One entry."""
        return answer(request, await there(admin.plane.trash).show(name, id_of(id)))

    @app.route(_TRASH + "/<id>", methods=["DELETE"])
    async def remove_trashed(admin: Any, request: IRequest, name: str, id: str) -> bytes:
        """Remove one entry for good."""
        trash, number = there(admin.plane.trash), id_of(id)
        await trash.show(name, number)
        await trash.purge(name, [number])
        request.setResponseCode(204)
        return b""

    @app.route(_TRASH + "/restore", methods=["POST"])
    async def restore_trashed(admin: Any, request: IRequest, name: str) -> bytes:
        """Put entries back."""
        wanted = body(request, Restoring)
        told = await there(admin.plane.trash).restore(wanted.ids, wanted.replace, name)
        return answer(request, {"restored": told})

    @app.route(_TRASH + "/purge", methods=["POST"])
    async def purge_trashed(admin: Any, request: IRequest, name: str) -> bytes:
        """Remove entries for good."""
        return answer(request, {"removed": await there(admin.plane.trash).purge(name, body(request, Purging).ids)})
