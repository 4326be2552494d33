"""The dashboard's routes for the app passwords of an account.

Implements: docs/operate/monitoring.md, Dashboard
"""

from __future__ import annotations

import time
from typing import Any, Final

from klein import Klein
from twisted.web.iweb import IRequest

from davd.admin import app_password_panel
from davd.admin.account_panel import Notice
from davd.admin.app_password_panel import MOST_DAYS
from davd.admin.content import there
from davd.admin.forms import csrf_of, field
from davd.admin.markup import Markup, markup
from davd.admin.plane import Plane
from davd.model.errors import HTTPError

_DAY: Final = 86400.0


async def shown(plane: Plane, request: Any, owner: str, swap: bool = False) -> Markup:
    """The app passwords of an account; nothing where this process has none."""
    if plane.passwords is None:
        return markup()
    found = await plane.passwords.all(owner)
    return app_password_panel.app_passwords(found, owner, csrf_of(request), time.time(), swap)


def attach(app: Klein) -> None:
    """Give the app of the dashboard these routes; who it belongs to has a `plane` and `changed`."""

    @app.route("/do/app-password", methods=["POST"])
    async def make_app_password(dashboard: Any, request: IRequest) -> bytes:
        """Make one, and show it this once."""
        owner, end = field(request, "of"), _end(field(request, "days"), time.time())
        made = await there(dashboard.plane.passwords).create(owner, field(request, "label"), end)
        what = f"{made['label']} may" if made["label"] else "A device may"
        return await _told(dashboard, request, Notice(f"{what} log in as {owner} now.", password=made["password"]))

    @app.route("/do/revoke-app-password", methods=["POST"])
    async def revoke_app_password(dashboard: Any, request: IRequest) -> bytes:
        """End one."""
        owner, id = field(request, "of"), field(request, "id")
        await there(dashboard.plane.passwords).revoke(owner, id)
        return await _told(dashboard, request, Notice(f"The app password app-{id} of {owner} is revoked."))


async def _told(dashboard: Any, request: Any, notice: Notice) -> bytes:
    """The answer: the notice, and the list as it is now."""
    owner = field(request, "of")
    told: bytes = await dashboard.changed(request, notice, owner, lambda: shown(dashboard.plane, request, owner, True))
    return told


def _end(days: str, now: float) -> float | None:
    """The POSIX time so many days from now; None for no number. HTTPError 422."""
    days = days.strip()
    if not days:
        return None
    if not days.isascii() or not days.isdigit() or len(days) > 4 or not 1 <= int(days) <= MOST_DAYS:
        raise HTTPError(422, detail=f"it ends after 1 to {MOST_DAYS} days, or never when there is no number")
    return now + int(days) * _DAY
