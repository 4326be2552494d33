"""The admin plane's pages for programs: health, metrics, and the JSON API.

Implements: docs/operate/monitoring.md, Health, Metrics, JSON API
"""

from __future__ import annotations

from typing import Any, Final

import msgspec
from klein import Klein
from msgspec import Struct
from twisted.web.iweb import IRequest

from davd.admin import app_password_routes, collections_routes, trash_routes
from davd.admin.content import answer, body, number, there
from davd.admin.entrance import login_of
from davd.admin.openapi import API, document
from davd.admin.plane import Plane
from davd.admin.sessions import Session, Sessions, cookie
from davd.interfaces.store import StoreError
from davd.model.errors import HTTPError
from davd.observe.exposition import render
from davd.observe.signals import SIGNALS

TOP = 50
# Bytes; no store keeps a larger number.
MOST_QUOTA: Final = (1 << 63) - 1


class NewAccount(Struct, forbid_unknown_fields=True):
    """What makes an account."""

    name: str
    password: str
    email: str = ""
    display_name: str = ""


class AccountChange(Struct, forbid_unknown_fields=True, omit_defaults=True):
    """What is to be other than it is; what is left out stays."""

    email: str | msgspec.UnsetType = msgspec.UNSET
    display_name: str | msgspec.UnsetType = msgspec.UNSET
    quota: int | None | msgspec.UnsetType = msgspec.UNSET
    disabled: bool | msgspec.UnsetType = msgspec.UNSET


class NewPassword(Struct, forbid_unknown_fields=True):
    """A password."""

    password: str


class Admin:
    """The Klein app of the admin plane; `Entrance` stands before it."""

    app = Klein()

    def __init__(self, plane: Plane, sessions: Sessions) -> None:
        self.plane = plane
        self._sessions = sessions

    # -- health ---------------------------------------------------------------------------------------------------

    @app.route("/health/live", methods=["GET"])
    def live(self, request: IRequest) -> bytes:
        """200 as long as the process answers at all."""
        return answer(request, {"status": "ok"})

    @app.route("/health/ready", methods=["GET"])
    async def ready(self, request: IRequest) -> bytes:
        """200 when requests should come here, else 503; which part is not in order."""
        parts = await self.plane.ready()
        if not all(parts.values()):
            request.setResponseCode(503)
        return answer(request, {"status": "ok" if all(parts.values()) else "failing", "parts": parts})

    @app.route("/health", methods=["GET"])
    async def health(self, request: IRequest) -> bytes:
        """The same as a word: `ok`, or 503 and `failing`."""
        request.setHeader(b"Content-Type", b"text/plain; charset=utf-8")
        if all((await self.plane.ready()).values()):
            return b"ok\n"
        request.setResponseCode(503)
        return b"failing\n"

    # -- figures --------------------------------------------------------------------------------------------------

    @app.route("/metrics", methods=["GET"])
    async def metrics(self, request: IRequest) -> bytes:
        """The metrics, for Prometheus."""
        text, media_type = render(await self.plane.snapshot(), request.getHeader("accept") or "")
        request.setHeader("Content-Type", media_type)
        return text

    @app.route("/statistics", methods=["GET"])
    @app.route(API + "/statistics", methods=["GET"])
    async def statistics(self, request: IRequest) -> bytes:
        """The counters of all processes that serve, summed up."""
        return answer(request, await self.plane.counted())

    @app.route(API + "/metrics", methods=["GET"])
    async def snapshot(self, request: IRequest) -> bytes:
        """The metrics of all processes, as JSON."""
        snapshot = await self.plane.snapshot()
        families = [
            {
                "name": family.name,
                "type": family.type,
                "help": family.help,
                "samples": [{"suffix": one.suffix, "labels": one.labels, "value": one.value} for one in family.samples],
            }
            for family in snapshot.families
        ]
        return answer(request, {"at": snapshot.at, "families": families})

    @app.route(API + "/history", methods=["GET"])
    def history(self, request: IRequest) -> bytes:
        """The signals of the last hour, those after `since`, those in `signal`."""
        history = there(self.plane.history)
        words = [word.decode("latin-1") for word in request.args.get(b"signal", [])]
        if not set(words) <= set(SIGNALS):
            raise HTTPError(422, detail=f"signal: expected some of {', '.join(SIGNALS)}")
        since = number(request, b"since", 0.0)
        return answer(request, {"units": dict(SIGNALS), "values": history.since(since, words or SIGNALS)})

    @app.route(API + "/connections", methods=["GET"])
    async def connections(self, request: IRequest) -> bytes:
        """Connections, and the networks with most requests under way."""
        counted = await self.plane.counted()
        return answer(request, {**counted["connections"], "busiest": counted["pool"].get("sources", {})})

    @app.route(API + "/routes", methods=["GET"])
    async def routes(self, request: IRequest) -> bytes:
        """The kinds of requests that took most processor time."""
        return answer(request, {"routes": (await self.plane.counted()).get("routes", [])[:TOP]})

    @app.route(API + "/consumers", methods=["GET"])
    async def consumers(self, request: IRequest) -> bytes:
        """The accounts that have cost most since the start, and who has used most of the budgets of rates."""
        counted = await self.plane.counted()
        accounts = sorted(counted.get("spending", []), key=lambda row: -row["cpu"])
        return answer(request, {"accounts": accounts[:TOP], "consumers": counted.get("consumers", [])[:TOP]})

    @app.route(API + "/alerts", methods=["GET"])
    def alerts(self, request: IRequest) -> bytes:
        """The alerts in force."""
        return answer(request, {"alerts": [msgspec.to_builtins(alert) for alert in self.plane.alerts()]})

    @app.route(API + "/configuration", methods=["GET"])
    def configuration(self, request: IRequest) -> bytes:
        """The settings in force, secrets masked, and where each comes from."""
        return answer(request, {"settings": self.plane.configuration()})

    # -- chores ---------------------------------------------------------------------------------------------------

    @app.route(API + "/chores", methods=["GET"])
    def chores(self, request: IRequest) -> bytes:
        """What is done now and then, and what became of it."""
        chores = there(self.plane.chores)
        return answer(request, {"chores": [msgspec.to_builtins(report) for report in chores.report()]})

    @app.route(API + "/chores/<name>/run", methods=["POST"])
    async def run(self, request: IRequest, name: str) -> bytes:
        """Do it now."""
        chores = there(self.plane.chores)
        try:
            return answer(request, msgspec.to_builtins(await chores.run(name)))
        except KeyError:
            raise HTTPError(404, detail=f"there is no chore {name}") from None

    # -- accounts -------------------------------------------------------------------------------------------------

    @app.route(API + "/accounts", methods=["GET"])
    async def accounts(self, request: IRequest) -> bytes:
        """All accounts."""
        return answer(request, {"accounts": await there(self.plane.accounts).all()})

    @app.route(API + "/accounts", methods=["POST"])
    async def create(self, request: IRequest) -> bytes:
        """Add an account."""
        new = body(request, NewAccount)
        made = await there(self.plane.accounts).create(new.name, new.password, new.email, new.display_name)
        request.setResponseCode(201)
        return answer(request, made)

    @app.route(API + "/accounts/<name>", methods=["GET"])
    async def account(self, request: IRequest, name: str) -> bytes:
        """One account."""
        return answer(request, await there(self.plane.accounts).show(name))

    @app.route(API + "/accounts/<name>", methods=["PATCH"])
    async def change(self, request: IRequest, name: str) -> bytes:
        """Change an account: address, name, quota, whether it may log in."""
        changes = msgspec.structs.asdict(body(request, AccountChange))
        wanted = {key: value for key, value in changes.items() if value is not msgspec.UNSET}
        quota = wanted.get("quota")
        if quota is not None and not 0 <= quota <= MOST_QUOTA:
            raise HTTPError(422, detail=f"quota: expected a number of bytes up to {MOST_QUOTA}, or null")
        return answer(request, await there(self.plane.accounts).change(name, wanted))

    @app.route(API + "/accounts/<name>", methods=["DELETE"])
    async def remove(self, request: IRequest, name: str) -> bytes:
        """Remove an account, with `data=delete` all it has as well."""
        await there(self.plane.accounts).remove(name, request.args.get(b"data") == [b"delete"])
        request.setResponseCode(204)
        return b""

    @app.route(API + "/accounts/<name>/password", methods=["PUT"])
    async def password(self, request: IRequest, name: str) -> bytes:
        """Set an account's password."""
        await there(self.plane.accounts).set_password(name, body(request, NewPassword).password)
        request.setResponseCode(204)
        return b""

    collections_routes.attach(app)
    trash_routes.attach(app)
    app_password_routes.attach(app)

    # -- browsers -------------------------------------------------------------------------------------------------

    @app.route(API + "/session", methods=["POST"])
    def log_in(self, request: IRequest) -> bytes:
        """Let this browser in by a cookie; the value that it has to send with what changes something."""
        value, session = self._sessions.open()
        request.setHeader("Set-Cookie", cookie(value, request.isSecure()))
        return answer(request, _told(session))

    @app.route(API + "/session", methods=["GET"])
    def session(self, request: IRequest) -> bytes:
        """The session of this browser; 404 for who came by the token."""
        session = login_of(request).session
        if session is None:
            raise HTTPError(404, detail="this request came by the token")
        return answer(request, _told(session))

    @app.route(API + "/session", methods=["DELETE"])
    def log_out(self, request: IRequest) -> bytes:
        """End the session."""
        self._sessions.close(login_of(request))
        request.setHeader("Set-Cookie", cookie("", request.isSecure()))
        request.setResponseCode(204)
        return b""

    @app.route(API + "/openapi.json", methods=["GET"])
    def openapi(self, request: IRequest) -> bytes:
        """What all of this is, for programs that write clients."""
        return answer(request, document())

    # -- refusals -------------------------------------------------------------------------------------------------

    @app.handle_errors(HTTPError)
    def refused(self, request: IRequest, failure: Any) -> bytes:
        """A refusal with its sentence."""
        error: HTTPError = failure.value
        request.setResponseCode(error.status)
        return answer(request, {"error": error.detail or "it cannot be done"})

    @app.handle_errors(StoreError)
    def failed(self, request: IRequest, failure: Any) -> bytes:
        """The store cannot do it now."""
        request.setResponseCode(503)
        return answer(request, {"error": str(failure.value)})


def _told(session: Session) -> dict[str, Any]:
    return {"csrf": session.csrf, "until": session.until}
