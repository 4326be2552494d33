"""The twistd service: what `twistd davd` runs."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
import time
from typing import Any

from davd.config.load import ConfigError, load
from davd.config.settings import Settings
from davd.daemon.options import Options
from davd.daemon.prepare import Prepared, prepare
from davd.daemon.server import Server
from davd.interfaces.identity import CheckerError
from davd.interfaces.store import StoreError
from davd.net.certificates import CertificateError
from davd.net.endpoints import ListenError

__all__ = ["Options", "makeService"]


def settings_of(options: Options) -> Settings:
    """The configuration with the command line over it; ConfigError."""
    settings = load(options["config"], os.environ)
    if options["data"] is not None:
        settings.data = options["data"]
    if options["listen"]:
        settings.net.listen = list(options["listen"])
    if options["admin"] is not None:
        settings.admin.listen = options["admin"]
    # twistd may leave the folder that a relative path counts from (--rundir), and SIGHUP comes after that.
    settings.data = os.path.abspath(settings.data)
    if settings.net.certificates:
        settings.net.certificates = os.path.abspath(settings.net.certificates)
    return settings


def makeService(options: Options) -> Server:
    """The service. What is wrong ends the process here, with one sentence and status 1, before anything runs."""
    reactor: Any
    from twisted.internet import reactor

    os.umask(0o077)
    try:
        settings = settings_of(options)
        prepared = prepare(settings, time.time(), reactor)
    except (ConfigError, StoreError, CheckerError, CertificateError, ListenError, ValueError) as error:
        sys.exit(f"davd: {error}")
    _say(settings, prepared)
    return Server(settings, prepared, reactor, lambda: settings_of(options))


def _say(settings: Settings, prepared: Prepared) -> None:
    """Tell the person at the terminal where davd is and, the first time, how to get in."""
    lines = [f"davd serves {settings.data} on:"]
    lines += [f"  {place}" for place in prepared.places]
    if prepared.admin_place:
        lines.append(f"  admin plane: {prepared.admin_place}")
    if prepared.password is not None:
        url = prepared.places[0] if prepared.places else "URL"
        davctl = f"{_davctl()} --data {shlex.quote(settings.data)}"
        lines += [
            "",
            "There was no account, so this one was made. The password is shown this once:",
            f"  user      {prepared.account}",
            f"  password  {prepared.password}",
            "",
            "Next:",
            f"  curl --insecure --user {prepared.account} --upload-file FILE {url}files/{prepared.account}/",
            f"  {davctl} user passwd {prepared.account}",
            f"  {davctl} user add NAME",
            "  README.md tells how to connect calendars, contacts and files on all kinds of devices.",
        ]
    print("\n".join(lines), flush=True)


def _davctl() -> str:
    """What to type for the davctl of this installation: its path, unless the shell finds it by its name."""
    beside = os.path.join(os.path.dirname(sys.executable), "davctl")
    return shlex.quote(beside) if os.path.exists(beside) and shutil.which("davctl") != beside else "davctl"
