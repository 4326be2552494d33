"""The settings of workers that take the place of others.

Verifies: docs/operate/configuration.md, Changes while davd runs
"""

from __future__ import annotations

import pytest

from davd.config.load import load_with_origins
from davd.config.origin import Loaded
from davd.daemon.renewal import renewed, take_over


def _read(**variables: str) -> Loaded:
    return load_with_origins(None, {f"DAVD_{name}": value for name, value in variables.items()})


class TestRenewal:
    """Verifies: docs/operate/configuration.md, Changes while davd runs."""

    def test_what_waits_for_a_restart_is_taken_over_but_what_the_supervisor_has_stays(self) -> None:
        force = _read(NET__SERVER="one")
        read = _read(
            NET__SERVER="two", STORE__CACHE_MB="7", DAEMON__WORKERS="9", NET__LISTEN="tcp:1", DATA="/elsewhere"
        )
        given = renewed(force, read)
        assert (given.settings.net.server, given.settings.store.cache_mb) == ("two", 7)
        assert given.settings.daemon.workers == force.settings.daemon.workers
        assert given.settings.net.listen == force.settings.net.listen
        assert given.settings.data == force.settings.data
        assert given.origins["store.cache_mb"] == "environment DAVD_STORE__CACHE_MB"
        assert given.origins["daemon.workers"] == "default"
        assert force.settings.net.server == "one"

    def test_taken_over_they_are_in_the_same_sections(self) -> None:
        force = _read()
        store = force.settings.store
        told = take_over(force, renewed(force, _read(STORE__CACHE_MB="7")))
        assert told.settings is force.settings
        assert (store.cache_mb, told.settings.store is store) == (7, True)
        assert told.origins["store.cache_mb"].startswith("environment ")

    def test_what_does_not_go_with_what_stays_is_refused(self) -> None:
        force, read = _read(), _read()
        read.settings.net.exempt_networks = ["nonsense"]
        with pytest.raises(ValueError, match="exempt_networks"):
            renewed(force, read)
