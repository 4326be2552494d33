"""The settings of workers that take the place of others: also those that a reload leaves for a restart.

Implements: docs/operate/configuration.md, Changes while davd runs
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from twisted.logger import Logger

from davd.config.check import check
from davd.config.load import ConfigError
from davd.config.origin import Loaded
from davd.config.reload import adopted, compare
from davd.config.settings import Settings
from davd.daemon.reconfigure import take_rest
from davd.daemon.reload import Refused, Reload

log = Logger(namespace="davd")

# What the supervisor was started with, and cannot change before it is started anew: sockets, processes, who is told.
_KEPT: Final = ("data", "net.listen", "admin.", "daemon.", "alerts.", "scaling.")


def renewed(force: Loaded, read: Loaded) -> Loaded:
    """The settings in force with those that were read, but for what the supervisor cannot change.

    Neither is changed. ValueError with one sentence when these do not go together.
    """
    changes = compare(force.settings, read.settings)
    names = [name for name in (*changes.apply, *changes.restart) if not name.startswith(_KEPT)]
    return _with(force, read, names)


def reloaded(given: Loaded, force: Loaded) -> Loaded:
    """The settings of a restart that is under way, `given`, with what a reload has brought into force meanwhile.

    So the workers that it has still to start go by the same as those it has started. Neither is changed. ValueError
    with one sentence when these do not go together.
    """
    return _with(given, force, compare(given.settings, force.settings).apply)


def _with(old: Loaded, new: Loaded, names: Sequence[str]) -> Loaded:
    settings = adopted(old.settings, new.settings, names)
    check(settings)
    origins = {**old.origins, **{name: new.origins[name] for name in names if name in new.origins}}
    return Loaded(settings, origins, new.file, new.digest)


def take_over(force: Loaded, given: Loaded, apply: Callable[[Settings], object]) -> Loaded:
    """What is in force when all workers go by `given`; the settings stay the same object, with other values.

    `apply` brings what needs no restart to the supervisor's own parts; Refused when it cannot.
    """
    # First what it leaves aside, without which the rest may not hold.
    take_rest(force.settings, adopted(force.settings, given.settings, compare(force.settings, given.settings).restart))
    try:
        apply(given.settings)
    except Refused as error:
        log.error(
            "the workers are new, but their supervisor does not go by all of their settings: {error}", error=error
        )
    take_rest(force.settings, given.settings)
    return Loaded(force.settings, given.origins, given.file, given.digest)


class Given:
    """What workers that are started now go by: `loaded`, which is what `reloading` has in force but during a restart.

    `apply` brings settings to the supervisor's own parts, Refused when it cannot.
    """

    def __init__(self, reloading: Reload, apply: Callable[[Settings], object]) -> None:
        self.loaded = reloading.loaded
        self._reloading = reloading
        self._apply = apply
        self._renewing = False

    def renew(self, read: Callable[[], Loaded]) -> None:
        """A restart begins: its workers have what `read` gives now, or what is in force when that is wrong."""
        self._renewing = True
        try:
            self.loaded = renewed(self._reloading.loaded, read())
        except (ConfigError, ValueError) as error:
            log.warn("the new workers have the settings that are in force, not those of the file: {error}", error=error)
            self.loaded = self._reloading.loaded

    def reload(self) -> None:
        """A reload has brought settings into force."""
        if not self._renewing:
            self.loaded = self._reloading.loaded
            return
        try:
            self.loaded = reloaded(self.loaded, self._reloading.loaded)
        except ValueError as error:
            log.warn("the workers of this restart stay with the settings it has begun with: {error}", error=error)

    def settle(self, done: bool) -> None:
        """The restart is over: what its workers go by is in force when all are new."""
        self._renewing = False
        if done:
            self._reloading.loaded = take_over(self._reloading.loaded, self.loaded, self._apply)
        self.loaded = self._reloading.loaded
