"""The dashboard's routes: the page, its pieces, what it does, and the stream that keeps it up to date.

Implements: RFC 9110, 9.3.3, 15.4.4; docs/operate/monitoring.md, Dashboard
"""

from __future__ import annotations

import socket
import time
from collections.abc import Awaitable, Callable, Mapping
from math import ceil, isfinite
from typing import Any, Final

from klein import Klein
from twisted.web.iweb import IRequest
from twisted.web.resource import Resource

from davd.admin import (
    account_panel,
    app_password_forms,
    belongings,
    cost_panels,
    operations,
    page,
    panels,
    socket_page,
    worker_panels,
)
from davd.admin.account_panel import MIB, Notice
from davd.admin.accounts import Accounts
from davd.admin.assets import Assets
from davd.admin.entrance import login_of
from davd.admin.forms import csrf_of, field
from davd.admin.live import Live
from davd.admin.look import Look, Watch
from davd.admin.markup import Markup, markup
from davd.admin.openapi import API
from davd.admin.plane import Plane
from davd.admin.sessions import Sessions, cookie
from davd.authentication.passwords import random_password
from davd.interfaces.store import StoreError
from davd.model.errors import HTTPError

_HTML: Final = "text/html; charset=utf-8"
_SHOWN: Final[Mapping[str, Callable[[Look], Markup]]] = {
    "state": panels.state,
    "tiles": panels.tiles,
    "signals": panels.signals,
    "alerts": panels.alerts,
    "queue": panels.queue,
    "caches": panels.caches,
    "connections": panels.connections,
    "workers": worker_panels.workers,
    "forecast": worker_panels.forecast,
    "routes": cost_panels.routes,
    "spending": cost_panels.accounts,
    "consumers": cost_panels.consumers,
    "configuration": panels.reload,
}


class Pages(Resource):
    """Both apps behind the entrance: what programs ask for, and what people look at; and the WebSocket."""

    isLeaf = True

    def __init__(self, programs: Resource, people: Resource, socket: Resource) -> None:
        super().__init__()
        self._programs = programs
        self._people = people
        self._socket = socket

    def render(self, request: Any) -> Any:
        """Called by the entrance."""
        path = request.path.decode("latin-1")
        if path == socket_page.PATH:
            return self._socket.render(request)
        for_programs = path.startswith((API, "/health")) or path in ("/metrics", "/statistics")
        return (self._programs if for_programs else self._people).render(request)


class Dashboard:
    """The Klein app of the dashboard; `Entrance` stands before it. `clock` is the reactor."""

    app = Klein()

    def __init__(self, plane: Plane, sessions: Sessions, clock: Any) -> None:
        self.plane = plane
        self._sessions = sessions
        self._assets = Assets()
        self._watch = Watch(plane)
        self._host = socket.gethostname()
        self.live = Live(self._watch, sessions, clock, self._parts)

    # -- log-in ---------------------------------------------------------------------------------------------------

    @app.route("/login", methods=["GET"])
    def form(self, request: IRequest) -> bytes:
        """The form for the token."""
        return self._html(request, page.login(self._assets))

    @app.route("/login", methods=["POST"])
    async def log_in(self, request: IRequest) -> bytes:
        """Let a browser in that sends the token."""
        if self._sessions.right(field(request, "token").strip()):
            value, _ = self._sessions.open()
            request.setHeader("Set-Cookie", cookie(value, request.isSecure()))
            return _see(request, "/")
        wait = await self._sessions.failed(str(getattr(request.getClientAddress(), "host", "") or ""))
        if wait > 0:
            request.setResponseCode(429)
            request.setHeader("Retry-After", str(ceil(wait)))
            sentence = f"Too many wrong tokens: try again in {ceil(wait)} seconds."
        else:
            # RFC 9110, 15.5.2 asks for a challenge; this one makes no browser ask for a password by itself.
            request.setResponseCode(401)
            request.setHeader("WWW-Authenticate", 'Bearer realm="davd admin"')
            sentence = "That is not the token."
        return self._html(request, page.login(self._assets, sentence))

    @app.route("/logout", methods=["POST"])
    def log_out(self, request: IRequest) -> bytes:
        """End the session."""
        self._sessions.close(login_of(request))
        request.setHeader("Set-Cookie", cookie("", request.isSecure()))
        return _see(request, "/login")

    # -- the page -------------------------------------------------------------------------------------------------

    @app.route("/", methods=["GET"])
    async def home(self, request: IRequest) -> bytes:
        """The dashboard."""
        return await self._page(request)

    @app.route("/events", methods=["GET"])
    async def events(self, request: IRequest) -> None:
        """What has changed, every few seconds, until the browser goes."""
        await self.live.serve(request, login_of(request))

    @app.route("/static/<path:path>", methods=["GET"])
    def static(self, request: IRequest, path: str) -> bytes:
        """A file of the page."""
        found = self._assets.answer(request, path)
        if found is None:
            raise HTTPError(404, detail="there is no such file")
        return found

    @app.route("/panel/accounts", methods=["GET"])
    async def listed(self, request: IRequest) -> bytes:
        """The accounts, or those that are looked for."""
        found = await self._accounts().all()
        return self._html(request, account_panel.accounts(found, field(request, "find")).encode())

    @app.route("/panel/account", methods=["GET"])
    async def account(self, request: IRequest) -> bytes:
        """One account."""
        return self._html(request, (await self._one(request, field(request, "account"))).encode())

    # -- what it does ---------------------------------------------------------------------------------------------

    @app.route("/do/run", methods=["POST"])
    async def run(self, request: IRequest) -> bytes:
        """Do a chore."""
        chore = field(request, "of")
        if self.plane.chores is None:
            raise HTTPError(404, detail="this process has no chores")
        try:
            report = await self.plane.chores.run(chore)
        except KeyError:
            raise HTTPError(404, detail=f"there is no chore {chore}") from None
        done = report.outcome == "done"
        sentence = f"The chore {chore} is done." if done else f"The chore {chore}: {report.outcome}."
        return await self._told(request, Notice(sentence, done))

    @app.route("/do/<action>", methods=["POST"])
    async def change(self, request: IRequest, action: str) -> bytes:
        """Change an account, or make one."""
        accounts = self._accounts()
        named = field(request, "name" if action == "create" else "of")
        if action == "create":
            password = random_password()
            made = await accounts.create(named, password, field(request, "email"), field(request, "display_name"))
            named = made["name"]
            notice = Notice(f"The account {named} is there.", password=password)
        elif action == "password":
            password = random_password()
            await accounts.set_password(named, password)
            notice = Notice(f"{named} has a new password.", password=password)
        elif action in ("disable", "enable"):
            await accounts.change(named, {"disabled": action == "disable"})
            notice = Notice(f"{named} may {'no longer log in' if action == 'disable' else 'log in again'}.")
        elif action == "quota":
            clear = field(request, "clear") == "yes"
            await accounts.change(named, {"quota": None if clear else _quota(field(request, "quota"))})
            notice = Notice(f"{named} has no quota of its own any more." if clear else f"The quota of {named} is set.")
        elif action == "delete":
            if field(request, "sure") != "yes":
                raise HTTPError(422, detail="whoever deletes an account has to say that they are sure")
            await accounts.remove(named, field(request, "data") == "delete")
            return await self._told(request, Notice(f"The account {named} is deleted."), "")
        else:
            raise HTTPError(404, detail="there is no such thing to do")
        return await self._told(request, notice, named)

    belongings.attach(app)
    app_password_forms.attach(app)

    # -- refusals -------------------------------------------------------------------------------------------------

    @app.handle_errors(HTTPError)
    async def refused(self, request: IRequest, failure: Any) -> bytes:
        """A refusal with its sentence."""
        error: HTTPError = failure.value
        request.setResponseCode(error.status)
        for name, value in (error.headers or {}).items():
            request.setHeader(name, value)
        sentence = error.detail or "it cannot be done"
        if request.method == b"POST":
            notice = Notice(f"Not done: {sentence}.", False)
            try:
                return await self._told(request, notice)
            except HTTPError:
                # What the page was of is not there either: nothing of it can be shown.
                return await self._told(request, notice, "")
        request.setHeader("Content-Type", "text/plain; charset=utf-8")
        return f"{sentence}\n".encode(errors="backslashreplace")

    @app.handle_errors(StoreError)
    def failed(self, request: IRequest, failure: Any) -> bytes:
        """The store cannot do it now."""
        request.setResponseCode(503)
        request.setHeader("Content-Type", "text/plain; charset=utf-8")
        return f"{failure.value}\n".encode(errors="backslashreplace")

    # -- its pieces -----------------------------------------------------------------------------------------------

    def _parts(self, look: Look, csrf: str) -> dict[str, Markup]:
        """The pieces that change while the page is open; the forms in them are for the session of `csrf`."""
        return {key: show(look) for key, show in _SHOWN.items()} | {"chores": operations.chores(look, csrf)}

    async def _page(self, request: Any, notice: Notice | None = None, named: str | None = None) -> bytes:
        csrf = csrf_of(request)
        named = field(request, "account") if named is None else named
        fixed = {
            "notice": account_panel.said(notice),
            "configuration": operations.settings(self.plane.configuration()),
            "accounts": markup("There are none."),
        }
        if self.plane.accounts is not None:
            query = field(request, "find")
            found = await self.plane.accounts.all()
            fixed["accounts"] = markup(
                account_panel.creation(csrf),
                account_panel.search(query),
                account_panel.accounts(found, query),
                await self._one(request, named) if named else account_panel.nobody(),
            )
        parts = self._parts(await self._watch.look(), csrf)
        return self._html(request, page.dashboard(self._assets, csrf, self._host, parts, fixed))

    async def _told(self, request: Any, notice: Notice, named: str | None = None) -> bytes:
        """The answer to something that was done: the pieces of the page it has changed, or all of it."""
        if request.getHeader("hx-request") is None:
            return await self._page(request, notice, named)
        csrf = csrf_of(request)
        pieces = [account_panel.said(notice)]
        if named is not None and self.plane.accounts is not None:
            pieces.append(account_panel.accounts(await self.plane.accounts.all(), "", swap=True))
            pieces.append(await self._one(request, named, swap=True) if named else account_panel.nobody(swap=True))
        if named is None and self.plane.chores is not None:
            chores = operations.chores(await self._watch.look(), csrf)
            pieces.append(page.part("chores", chores, swap=True))
        return self._html(request, markup(pieces).encode())

    async def changed(self, request: Any, notice: Notice, named: str, pieces: Callable[[], Awaitable[Markup]]) -> bytes:
        """The answer to something that was done to what an account has: the notice and these pieces, or the page."""
        if request.getHeader("hx-request") is None:
            return await self._page(request, notice, named)
        return self.show(request, markup(account_panel.said(notice), await pieces()))

    def show(self, request: Any, piece: Markup) -> bytes:
        """The answer that is a piece of the page."""
        return self._html(request, piece.encode())

    async def _one(self, request: Any, named: str, swap: bool = False) -> Markup:
        accounts = self._accounts()
        one = await accounts.show(named)
        has = markup(
            await app_password_forms.shown(self.plane, request, named),
            await belongings.shown(self.plane, request, named),
        )
        return account_panel.account(one, has, csrf_of(request), time.time(), swap)

    def _accounts(self) -> Accounts:
        if self.plane.accounts is None:
            raise HTTPError(404, detail="this process has no accounts")
        return self.plane.accounts

    def _html(self, request: Any, content: bytes) -> bytes:
        request.setHeader("Content-Type", _HTML)
        # Forms that no script sends tell where they come from only under this policy.
        request.setHeader("Referrer-Policy", "same-origin")
        return content


def _see(request: Any, place: str) -> bytes:
    # RFC 9110, 15.4.4: the answer to a POST is found by a GET at another place.
    request.setResponseCode(303)
    request.setHeader("Location", place)
    return b""


def _quota(text: str) -> int | None:
    """Bytes, from a number of MiB; None for the default. HTTPError 422."""
    if not text.strip():
        return None
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not isfinite(value) or value < 0 or value > 1 << 40:
        raise HTTPError(422, detail="a quota is a number of MiB, or nothing for the default")
    return int(value * MIB)
