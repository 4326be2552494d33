"""The JSON API's routes for calendars, address books and folders of accounts.

Implements: docs/operate/monitoring.md, JSON API
"""

from __future__ import annotations

from typing import Any

from klein import Klein
from msgspec import Struct, field
from twisted.web.iweb import IRequest

from davd.admin.collections import PAGE
from davd.admin.content import answer, body, id_of, text, there, whole
from davd.admin.openapi import API
from davd.model.errors import HTTPError

_COLLECTIONS = API + "/accounts/<name>/collections"
_MOST = 500


class NewCollection(Struct, forbid_unknown_fields=True):
    """What makes a collection: `calendar` or `addressbook`; without a `name` it gets one like its display name."""

    kind: str
    name: str = ""
    display_name: str = ""
    components: list[str] = field(default_factory=list)


class CollectionChange(Struct, forbid_unknown_fields=True):
    """What is to be other than it is."""

    display_name: str


def attach(app: Klein) -> None:
    """Give the app of the JSON API these routes; who it belongs to has a `plane`."""

    @app.route(_COLLECTIONS, methods=["GET"])
    async def list_collections(admin: Any, request: IRequest, name: str) -> bytes:
        """A page of the collections."""
        limit = whole(request, b"limit", PAGE)
        if not 1 <= limit <= _MOST:
            raise HTTPError(422, detail=f"limit: expected 1 to {_MOST}")
        return answer(request, await there(admin.plane.collections).page(name, text(request, b"after"), limit))

    @app.route(_COLLECTIONS, methods=["POST"])
    async def create_collection(admin: Any, request: IRequest, name: str) -> bytes:
        """Make one."""
        new = body(request, NewCollection)
        made = await there(admin.plane.collections).create(name, new.kind, new.name, new.display_name, new.components)
        request.setResponseCode(201)
        return answer(request, made)

    @app.route(_COLLECTIONS + "/<id>", methods=["GET"])
    async def show_collection(admin: Any, request: IRequest, name: str, id: str) -> bytes:
        """One of them."""
        return answer(request, await there(admin.plane.collections).show(name, id_of(id)))

    @app.route(_COLLECTIONS + "/<id>", methods=["PATCH"])
    async def rename_collection(admin: Any, request: IRequest, name: str, id: str) -> bytes:
        """Give it another display name."""
        change = body(request, CollectionChange)
        return answer(request, await there(admin.plane.collections).rename(name, id_of(id), change.display_name))

    @app.route(_COLLECTIONS + "/<id>", methods=["DELETE"])
    async def remove_collection(admin: Any, request: IRequest, name: str, id: str) -> bytes:
        """Remove it; the entry of the trash that it is now."""
        return answer(request, {"trash": await there(admin.plane.collections).remove(name, id_of(id))})
