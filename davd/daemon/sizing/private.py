"""A davd of the bench's own, on the disk of the one to be sized, with accounts that nobody has logged in to yet."""

from __future__ import annotations

import os
import secrets
import shutil
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from davd.application.acting import Acting
from davd.application.provision import provision
from davd.authentication.passwords import hash_password
from davd.config.keys import ENVIRONMENT_PREFIX, values
from davd.config.origin import DEFAULT
from davd.daemon.assemble import registry_of
from davd.daemon.doctor.connect import Origin, context_of
from davd.daemon.doctor.examination import basic
from davd.daemon.offline import Context
from davd.daemon.sizing.calendars import Calendar, Event, content_of
from davd.daemon.sizing.mix import EVENTS
from davd.interfaces.store import IStore, ITransaction
from davd.model.principal import Account
from davd.stores.transactions import transact

_START_SECONDS = 60.0
_STOP_SECONDS = 40.0
_TWISTD = "from twisted.scripts.twistd import run; run()"
# What is taken over from the settings of the davd to be sized; the rest names its files, ports and caches.
_SECTIONS = ("authentication", "pool", "store", "dav", "application")
_NOT_TAKEN = ("dav.prefix",)
# All users come from one address here.
_OVER: Mapping[str, str] = {
    "rates.address_requests": "0",
    "rates.address_cpu": "0",
    "net.max_connections_per_address": "10000",
    "pool.max_requests_per_ip": "10000",
}


class PrivateError(Exception):
    """The daemon did not start; the text is what it said."""


def environment_of(context: Context) -> dict[str, str]:
    """The settings in force that bear on speed, as environment variables, and this process's other variables."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ENVIRONMENT_PREFIX)}
    for name, value in values(context.settings):
        taken = name.startswith(tuple(f"{section}." for section in _SECTIONS)) and name not in _NOT_TAKEN
        if taken and context.origins.get(name, DEFAULT) != DEFAULT and isinstance(value, (bool, int, float)):
            kept[_variable(name)] = str(value).lower()
    kept |= {_variable(name): value for name, value in _OVER.items()}
    return kept | {"PYTHONUNBUFFERED": "1"}


def _variable(name: str) -> str:
    return ENVIRONMENT_PREFIX + name.replace(".", "__").upper()


class PrivateDaemon:
    """The daemon, as a context manager; its data go away at the end. It serves on loopback with TLS."""

    def __init__(self, context: Context) -> None:
        self._settings = context.settings
        self._environment = environment_of(context)
        beside = Path(context.settings.data).absolute().parent
        self.folder = Path(tempfile.mkdtemp(prefix=".davd-bench-", dir=beside))
        self._data = self.folder / "data"
        self._password = secrets.token_hex(16)
        self._hash = hash_password(context.settings.authentication, self._password)
        self._process: subprocess.Popen[bytes] | None = None
        self._made = 0
        self.origin = Origin("https", "localhost", 0)

    def context(self) -> ssl.SSLContext:
        """TLS that believes this daemon's certificate."""
        return context_of(str(self._data / "certificate.pem"), True)

    def __enter__(self) -> Self:
        try:
            # The first start makes an account unless there is one.
            self.calendars(1)
            self._start()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def _start(self) -> None:
        words = ["--nodaemon", "--pidfile=", "--reactor", "uvloop", "davd", "--data", str(self._data), "--allow-root"]
        words += ["--listen", "ssl:0:interface=127.0.0.1", "--admin", ""]
        with (self.folder / "log").open("wb") as log:
            process = self._process = subprocess.Popen(
                [sys.executable, "-c", _TWISTD, *words],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self._environment,
                cwd=self.folder,
            )
        deadline = time.monotonic() + _START_SECONDS
        mark = f"https://{self.origin.host}:"
        while True:
            said = (self.folder / "log").read_text(errors="replace")
            if "serving ssl:0" in said and mark in said:
                break
            if process.poll() is not None or time.monotonic() > deadline:
                raise PrivateError(f"the daemon did not start: {said.strip()[-500:]}")
            time.sleep(0.05)
        port = said.partition(mark)[2].partition("/")[0]
        self.origin = Origin("https", self.origin.host, int(port))

    def calendars(self, count: int) -> list[Calendar]:
        """As many new accounts, each with its calendar of events."""
        settings = self._settings
        inner = Context(msgspec.structs.replace(settings, data=str(self._data)))
        registry = registry_of(inner.settings)
        now = time.time()
        made: list[Calendar] = []

        async def work(store: IStore) -> None:
            for number in range(self._made, self._made + count):
                name = f"user{number}"

                async def make(transaction: ITransaction, name: str = name) -> Calendar:
                    await transaction.add_account(Account(name, self._hash, created=now))
                    await provision(transaction, name, now, registry.provisions)
                    acting = Acting(store, registry, inner.settings.dav, name, now)
                    return await _filled(acting, transaction, basic(name, self._password))

                made.append(await transact(store, make))

        inner.with_store(work, make=True)
        self._made += count
        return made

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


async def _filled(acting: Acting, transaction: ITransaction, login: str) -> Calendar:
    """The user's own calendar, with events."""
    segments = ("calendars", acting.user, "calendar")
    events = []
    for number in range(EVENTS):
        name = f"{acting.user}-{number}.ics"
        content = content_of(name, 0)
        headers = {"content-type": "text/calendar; charset=utf-8"}
        response = await acting.perform(transaction, "PUT", (*segments, name), headers, content)
        events.append(Event(name, content, response.headers["ETag"]))
    return Calendar(f"/{'/'.join(segments)}/", login, events)
