"""Reading the settings again: validated whole, and brought into force whole or not at all."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from msgspec import Struct
from twisted.logger import Logger

from davd.config.load import ConfigError
from davd.config.origin import Loaded
from davd.config.reload import Changes
from davd.config.settings import Settings
from davd.daemon.watch import Watch

log = Logger(namespace="davd.reload")


class Refused(Exception):
    """New settings could not be brought into force, and nothing of them is; the text is one sentence."""


class ReloadOutcome(Struct, frozen=True):
    """How a reload ended: whether it was done, in one sentence, which keys changed, which wait for a restart, when.

    `at` are POSIX seconds. A reload that was refused has applied nothing.
    """

    ok: bool
    sentence: str
    applied: tuple[str, ...] = ()
    restart: tuple[str, ...] = ()
    at: float = 0.0


class Reload:
    """Reads the settings by `read` (ConfigError when they are wrong) and has them brought into force by `apply`.

    `apply` is given all settings that were read, raises Refused when it has changed nothing, and tells what it has
    changed. `loaded` are the settings in force and where they come from, `last` is how the last reload ended, None
    before the first. `now` gives POSIX seconds.
    """

    def __init__(
        self,
        read: Callable[[], Loaded],
        apply: Callable[[Settings], Changes],
        reactor: Any,
        loaded: Loaded,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.loaded = loaded
        self.last: ReloadOutcome | None = None
        self.count = self.refused = 0
        self._read = read
        self._apply = apply
        self._reactor = reactor
        self._now = now
        self._watch: Watch | None = None

    def reload(self) -> ReloadOutcome:
        """Do it now; how it ended is logged, kept and returned, and never raised."""
        self.count += 1
        try:
            read = self._read()
            changes = self._apply(read.settings)
        except (ConfigError, Refused) as error:
            self.refused += 1
            outcome = ReloadOutcome(False, f"the settings stay as they were: {error}", at=self._now())
            log.error("{sentence}", sentence=outcome.sentence)
        else:
            kept = {key: self.loaded.origins[key] for key in changes.restart if key in self.loaded.origins}
            self.loaded = Loaded(self.loaded.settings, {**read.origins, **kept}, read.file, read.digest)
            if self._watch is not None:
                self._watch.content = read.digest
            outcome = ReloadOutcome(True, _told(changes), changes.apply, changes.restart, self._now())
            (log.warn if changes.restart else log.info)("{sentence}", sentence=outcome.sentence)
        self.last = outcome
        return outcome

    def start(self, changed: Callable[[], object] | None = None) -> None:
        """Reload whenever the configuration file has changed, where the system can tell; harmless where it cannot.

        `changed` is called then, where there is more to do than `reload` does.
        """
        if self.loaded.file is not None and self._watch is None:
            self._watch = Watch(self.loaded.file, changed or self.reload, self._reactor)
            # Not what the file holds by now: it may have changed since it was read.
            self._watch.content = self.loaded.digest
            self._watch.start()

    def stop(self) -> None:
        """Look at the file no more."""
        watch, self._watch = self._watch, None
        if watch is not None:
            watch.stop()

    def statistics(self) -> dict[str, Any]:
        """Reloads since the start and how many were refused, whether the file is watched, and how the last one ended.

        `last` is None before the first; the rest is as in `ReloadOutcome`.
        """
        last = self.last
        return {
            "reloads": self.count,
            "refused": self.refused,
            "watched": self._watch is not None and self._watch.running,
            "last": None if last is None else {name: getattr(last, name) for name in last.__struct_fields__},
        }


def _told(changes: Changes) -> str:
    if not changes:
        return "the settings were read again: nothing has changed"
    parts = []
    if changes.apply:
        parts.append(f"in force now: {', '.join(changes.apply)}")
    if changes.restart:
        parts.append(f"after a restart: {', '.join(changes.restart)}")
    return f"the settings were read again; {'; '.join(parts)}"
