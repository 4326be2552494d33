"""The settings of workers that take the place of others: also those that a reload leaves for a restart.

Implements: docs/operate/configuration.md, Changes while davd runs
"""

from __future__ import annotations

from typing import Final

from davd.config.check import check
from davd.config.origin import Loaded
from davd.config.reload import adopted, compare
from davd.daemon.reconfigure import take_rest

# What the supervisor was started with, and cannot change before it is started anew: sockets, processes, who is told.
_KEPT: Final = ("data", "net.listen", "admin.", "daemon.", "alerts.", "scaling.")


def renewed(force: Loaded, read: Loaded) -> Loaded:
    """The settings in force with those that were read, but for what the supervisor cannot change.

    Neither is changed. ValueError with one sentence when these do not go together.
    """
    changes = compare(force.settings, read.settings)
    names = [name for name in (*changes.apply, *changes.restart) if not name.startswith(_KEPT)]
    settings = adopted(force.settings, read.settings, names)
    check(settings)
    origins = {**force.origins, **{name: read.origins[name] for name in names if name in read.origins}}
    return Loaded(settings, origins, read.file, read.digest)


def take_over(force: Loaded, given: Loaded) -> Loaded:
    """What is in force when all workers go by `given`; the settings stay the same object, with other values."""
    take_rest(force.settings, given.settings)
    return Loaded(force.settings, given.origins, given.file, given.digest)
