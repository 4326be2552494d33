"""All that can go wrong before the server runs, gone through in the order an administrator would expect."""

from __future__ import annotations

import socket
from dataclasses import dataclass, field
from pathlib import Path

from davd.authentication.passwords import Passwords
from davd.config.settings import Settings
from davd.daemon.assemble import CheckerContext, checkers_of, registry_of
from davd.daemon.first_run import ADMIN, first_account, make_folder
from davd.daemon.offline import drive
from davd.net.certificates import self_signed
from davd.net.endpoints import Bound, bind, parse
from davd.net.tls import TLS
from davd.stores.sqlite.store import SQLiteStore
from davd.stores.threads import run_here


@dataclass(slots=True)
class Prepared:
    """What is ready to serve.

    `listeners` are bound sockets, or endpoint strings of kinds that only Twisted can open; `places` are their URLs or
    paths for people. `password` is that of the `account` made just now, None when there were accounts.
    """

    tls: TLS | None
    listeners: list[Bound | str]
    places: list[str] = field(default_factory=list)
    account: str = ADMIN
    password: str | None = None


def prepare(settings: Settings, now: float) -> Prepared:
    """Make what is missing in the data folder and take the ports.

    Raises StoreError, CheckerError, CertificateError, ListenError or ValueError, each with one sentence.
    """
    registry_of(settings)
    make_folder(settings.data)
    password = drive(_open_store(settings, now))
    tls = _certificates(settings)
    prepared = Prepared(tls, [], password=password)
    try:
        for text in settings.net.listen:
            bound = bind(text, tls)
            prepared.listeners.append(text if bound is None else bound)
            prepared.places.append(text if bound is None else _place(bound, settings.dav.prefix))
    except BaseException:
        for opened in prepared.listeners:
            if isinstance(opened, Bound):
                opened.close()
        raise
    return prepared


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
    if not any(_wants_certificate(text) for text in settings.net.listen):
        return None
    return TLS.from_files(self_signed(Path(settings.data), [socket.gethostname(), *settings.dav.hostnames]))


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
