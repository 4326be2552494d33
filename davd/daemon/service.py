"""The twistd service: what `twistd davd` runs."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
import time
from typing import Any

from twisted.application.service import Service

from davd.config.load import ConfigError, load_with_origins
from davd.config.origin import COMMAND_LINE, Loaded
from davd.config.settings import DaemonSettings, Settings
from davd.daemon import logfiles, signalling
from davd.daemon.bounds import Bounds
from davd.daemon.epoll import on_epoll
from davd.daemon.notify import Notify
from davd.daemon.options import Options
from davd.daemon.passing import go_by_time_passed
from davd.daemon.post import Post
from davd.daemon.prepare import Prepared, prepare
from davd.daemon.server import Server
from davd.daemon.supervisor import Supervisor
from davd.interfaces.identity import CheckerError
from davd.interfaces.store import StoreError
from davd.net.certificates import CertificateError
from davd.net.endpoints import ListenError, can_bind

__all__ = ["Options", "makeService"]


def settings_of(options: Options) -> Settings:
    """The settings of `loaded_of` alone."""
    return loaded_of(options).settings


def loaded_of(options: Options) -> Loaded:
    """The configuration with the command line over it, and what came from where; ConfigError."""
    # twistd may leave the folder that a relative path counts from (--rundir), and SIGHUP comes after that.
    if options["config"] is not None:
        options["config"] = os.path.abspath(options["config"])
    loaded = load_with_origins(options["config"], os.environ)
    settings = loaded.settings
    origins = dict(loaded.origins)
    if options["data"] is not None:
        settings.data = options["data"]
        origins["data"] = COMMAND_LINE
    if options["listen"]:
        settings.net.listen = list(options["listen"])
        origins["net.listen"] = COMMAND_LINE
    if options["admin"] is not None:
        settings.admin.listen = options["admin"]
        origins["admin.listen"] = COMMAND_LINE
    if options["workers"] is not None:
        settings.daemon.workers = options["workers"]
        origins["daemon.workers"] = COMMAND_LINE
    if options["allow-root"]:
        settings.daemon.allow_root = True
        origins["daemon.allow_root"] = COMMAND_LINE
    settings.data = os.path.abspath(settings.data)
    if settings.net.certificates:
        settings.net.certificates = os.path.abspath(settings.net.certificates)
    return Loaded(settings, origins, loaded.file, loaded.digest)


def makeService(options: Options) -> Service:
    """The service. What is wrong ends the process here, with one sentence and status 1, before anything runs."""
    reactor: Any
    from twisted.internet import reactor

    go_by_time_passed(reactor)
    os.umask(0o077)
    # Were this left to twistd, some would end davd before it serves, and USR1 would rename its log.
    signalling.hold()
    try:
        loaded = loaded_of(options)
        settings = loaded.settings
        _refuse_root(settings, options)
        workers = bounds_of(settings.daemon)
        if workers.most > 1:
            _check_shared(settings)
        prepared = prepare(settings, time.time(), reactor)
    except (ConfigError, StoreError, CheckerError, CertificateError, ListenError, ValueError) as error:
        sys.exit(f"davd: {error}")
    _say(settings, prepared)
    notify = Notify(os.environ)
    if workers.most == 1:
        return Server(loaded, prepared, reactor, lambda: loaded_of(options), Post(notify=notify))
    words = _words(options, on_epoll())
    on = sys.modules["twisted.internet.reactor"]
    return Supervisor(loaded, prepared, workers, words, on, notify, lambda: loaded_of(options))


def bounds_of(settings: DaemonSettings) -> Bounds:
    """How many workers there are at the start, at least and at most; without `autoscale` that is one number."""
    start = settings.workers or fitting_workers()
    if not settings.autoscale:
        return Bounds(start, start, start)
    most = settings.max_workers or max(settings.min_workers, fitting_workers())
    return Bounds(max(settings.min_workers, min(start, most)), settings.min_workers, most)


def fitting_workers() -> int:
    """How many workers there are with `auto`: one for each processor that this process may use but one, at least one.

    Beside every worker there are its threads, the kernel and who asks: on two processors two were no faster than one.
    """
    return max(1, len(os.sched_getaffinity(0)) - 1)


def _refuse_root(settings: Settings, options: Options) -> None:
    """As root davd would serve strangers with the right to do everything; ConfigError unless that is wanted."""
    twistd: Any = options.parent or {}
    if os.geteuid() == 0 and not twistd.get("uid") and not settings.daemon.allow_root:
        raise ConfigError(
            "davd does not run as root: start it as a user of its own, have twistd change to one (--uid), "
            "or say --allow-root"
        )


def _check_shared(settings: Settings) -> None:
    for text in settings.net.listen:
        if not can_bind(text):
            raise ListenError(f"{text} cannot be shared by several workers: expected tcp:, ssl:, unix: or systemd:")


def _words(options: Options, reactor: str) -> list[str]:
    """The command line of each worker; its settings come by its line to the supervisor."""
    log = logfiles.path_of(options.parent or {})
    return ["--reactor", reactor] if log is None else ["--reactor", reactor, "--logfile", log]


def _say(settings: Settings, prepared: Prepared) -> None:
    """Tell the person at the terminal where davd is and, the first time, how to get in."""
    lines = [f"davd serves {settings.data} on:"]
    lines += [f"  {place}" for place in prepared.places]
    if prepared.admin_place:
        lines.append(f"  admin plane: {prepared.admin_place}")
        if prepared.token_made:
            lines += ["", "The admin plane has a token; `davctl admin-token` tells it again:", f"  {prepared.token}"]
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
