"""All that can go wrong before the server runs, gone through in the order an administrator would expect."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from twisted.internet.endpoints import serverFromString

from davd.authentication.passwords import Passwords
from davd.config.settings import Settings
from davd.daemon import admin_token
from davd.daemon.admin_plane import AdminTLS, loopback
from davd.daemon.assemble import CheckerContext, checkers_of, registry_of, rules_of
from davd.daemon.autoscale import forecast_of
from davd.daemon.first_run import ADMIN, first_account, make_folder
from davd.daemon.observing import ways_of
from davd.daemon.offline import drive
from davd.net.certificates import CertificateError, CertificateFiles, find, self_signed
from davd.net.endpoints import Bound, ListenError, bind, inherit, parse
from davd.net.tls import TLS
from davd.stores.sqlite.store import SQLiteStore
from davd.stores.threads import run_here


@dataclass(slots=True)
class Prepared:
    """What is ready to serve.

    `listeners` are bound sockets, or endpoint strings of kinds that only Twisted can open; `places` are their URLs or
    paths for people. `admin`, `admin_tls` and `admin_place` are the same of the admin plane where it is on.
    `token` opens the admin plane; `token_made` tells that it was made just now.
    `password` is that of the `account` made just now, None when there were accounts.
    """

    tls: TLS | None
    listeners: list[Bound | str] = field(default_factory=list)
    places: list[str] = field(default_factory=list)
    admin: Bound | None = None
    admin_tls: AdminTLS | None = None
    admin_place: str = ""
    token: str = ""
    token_made: bool = False
    account: str = ADMIN
    password: str | None = None


def prepare(settings: Settings, now: float, reactor: Any) -> Prepared:
    """Make what is missing in the data folder and take the ports.

    `reactor` is only shown to the endpoints that Twisted will open. Raises StoreError, CheckerError, CertificateError,
    ListenError or ValueError, each with one sentence.
    """
    registry_of(settings)
    rules_of(settings)
    ways_of(settings.alerts)
    forecast_of(settings.scaling)
    make_folder(settings.data)
    prepared = Prepared(_certificates(settings))
    with ExitStack() as undo:
        # The ports come before the account: its password is shown once, and must not be lost to a port that is taken.
        for text in settings.net.listen:
            bound = bind(text, prepared.tls)
            if bound is None:
                _examine(text, reactor)
            else:
                undo.callback(bound.close)
            prepared.listeners.append(text if bound is None else bound)
            prepared.places.append(text if bound is None else _place(bound, settings.dav.prefix))
        if settings.admin.listen:
            _prepare_admin(settings, prepared, undo)
        prepared.password = drive(_open_store(settings, now))
        undo.pop_all()
    return prepared


def inherit_prepared(settings: Settings, descriptors: Sequence[int]) -> Prepared:
    """The same in a worker, whose supervisor has done the rest: sockets by their descriptors, in the order of `listen`.

    Raises CertificateError or ListenError.
    """
    tls = _certificates(settings)
    listeners: list[Bound | str] = [
        inherit(text, descriptor, tls) for text, descriptor in zip(settings.net.listen, descriptors, strict=True)
    ]
    return Prepared(tls, listeners)


def _examine(text: str, reactor: Any) -> None:
    """Look at an endpoint that only Twisted can open, which will be when the server runs."""
    try:
        serverFromString(reactor, text)
    except TypeError:
        # The parsers of endpoints take their arguments as those of a function.
        raise ListenError(f"{text} is no endpoint: its kind does not take these options") from None
    except Exception as error:
        raise ListenError(f"{text} is no endpoint: {error}") from None


def _prepare_admin(settings: Settings, prepared: Prepared, undo: ExitStack) -> None:
    text = loopback(settings.admin.listen)
    bound = bind(text, prepared.tls)
    if bound is None:
        raise ListenError(f"the admin plane cannot listen on {text}: expected tcp:, ssl:, unix: or systemd:")
    undo.callback(bound.close)
    prepared.admin = bound
    prepared.admin_place = _place(bound, "")
    prepared.token, prepared.token_made = admin_token.obtain(settings.data)
    if bound.tls is not None:
        _, _, options = parse(text)
        key = options.get("privateKey") or options.get("certKey")
        certificate = options.get("certKey") or key
        named = [CertificateFiles(Path(certificate), Path(key))] if key and certificate else _files(settings)
        prepared.admin_tls = AdminTLS(named[0])


async def _open_store(settings: Settings, now: float) -> str | None:
    """Migrate the store, look at the checkers' settings, and make the first account where davd keeps the accounts."""
    store = SQLiteStore(settings.data, settings.store)
    await store.start()
    try:
        passwords = Passwords(settings.authentication, run_here)
        for checker in checkers_of(settings, CheckerContext(store, passwords, lambda: now)):
            await checker.start()
            await checker.stop()
        if "accounts" not in settings.check_with:
            return None
        return await first_account(store, settings.authentication, now)
    finally:
        await store.stop()


def _certificates(settings: Settings) -> TLS | None:
    if settings.net.certificates:
        return TLS.from_folder(Path(settings.net.certificates))
    if not any(_wants_certificate(text) for text in (*settings.net.listen, settings.admin.listen) if text):
        return None
    return TLS.from_files(*_files(settings))


def _files(settings: Settings) -> list[CertificateFiles]:
    """The certificates that serve where an endpoint names none."""
    if settings.net.certificates:
        return find(Path(settings.net.certificates))
    try:
        return [self_signed(Path(settings.data), [socket.gethostname(), *settings.dav.hostnames])]
    except OSError as error:
        raise CertificateError(f"cannot make a certificate in {settings.data}: {error.strerror}") from None


def _wants_certificate(text: str) -> bool:
    kind, _, options = parse(text)
    return (kind == "ssl" and "privateKey" not in options) or (kind == "systemd" and options.get("tls") == "yes")


def _place(bound: Bound, prefix: str) -> str:
    if bound.path:
        return f"unix:{bound.path}"
    address = bound.socket.getsockname()
    if isinstance(address, (str, bytes)):
        return bound.text
    host, port = address[:2]
    name = "localhost" if host in ("0.0.0.0", "::", "127.0.0.1", "::1") else f"[{host}]" if ":" in host else host
    return f"{'https' if bound.tls else 'http'}://{name}:{port}{prefix}/"
