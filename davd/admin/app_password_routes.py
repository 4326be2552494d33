"""The JSON API's routes for app passwords.

Implements: docs/operate/monitoring.md, JSON API
"""

from __future__ import annotations

from typing import Any

from klein import Klein
from msgspec import Struct
from twisted.web.iweb import IRequest

from davd.admin.content import answer, body, there
from davd.admin.openapi import API

_PASSWORDS = API + "/accounts/<name>/app-passwords"


class NewAppPassword(Struct, forbid_unknown_fields=True):
    """What has it, and the POSIX time at which it ends; null for none."""

    label: str = ""
    expires: float | None = None


def attach(app: Klein) -> None:
    """Give the app of the JSON API these routes; who it belongs to has a `plane`."""

    @app.route(_PASSWORDS, methods=["GET"])
    async def app_passwords(admin: Any, request: IRequest, name: str) -> bytes:
        """Those of an account."""
        return answer(request, {"app_passwords": await there(admin.plane.passwords).all(name)})

    @app.route(_PASSWORDS, methods=["POST"])
    async def make_app_password(admin: Any, request: IRequest, name: str) -> bytes:
        """Make one; this answer alone tells it."""
        new = body(request, NewAppPassword)
        made = await there(admin.plane.passwords).create(name, new.label, new.expires)
        request.setResponseCode(201)
        return answer(request, made)

    @app.route(_PASSWORDS, methods=["DELETE"])
    async def revoke_app_passwords(admin: Any, request: IRequest, name: str) -> bytes:
        """End all of them."""
        return answer(request, {"revoked": await there(admin.plane.passwords).revoke(name, None)})

    @app.route(_PASSWORDS + "/<id>", methods=["DELETE"])
    async def revoke_app_password(admin: Any, request: IRequest, name: str, id: str) -> bytes:
        """End one."""
        await there(admin.plane.passwords).revoke(name, id)
        request.setResponseCode(204)
        return b""
