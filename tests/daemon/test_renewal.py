"""The settings of workers that take the place of others.

Verifies: docs/operate/configuration.md, Changes while davd runs
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from twisted.internet.task import Clock
from twisted.logger import capturedLogs

from davd.config.load import ConfigError, load_with_origins
from davd.config.origin import Loaded
from davd.config.reload import Changes
from davd.config.settings import Settings
from davd.daemon.reconfigure import Reconfiguration
from davd.daemon.reload import Refused, Reload
from davd.daemon.renewal import Given, renewed, take_over


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
        told = take_over(force, renewed(force, _read(STORE__CACHE_MB="7")), lambda _: None)
        assert told.settings is force.settings
        assert (store.cache_mb, told.settings.store is store) == (7, True)
        assert told.origins["store.cache_mb"].startswith("environment ")

    def test_what_does_not_go_with_what_stays_is_refused(self) -> None:
        force, read = _read(), _read()
        read.settings.net.exempt_networks = ["nonsense"]
        with pytest.raises(ValueError, match="exempt_networks"):
            renewed(force, read)

    def test_the_section_of_a_plugin_is_taken_over_whole(self) -> None:
        force, read = _read(), _read()
        force.settings.extensions = {"one": {"a": 1, "b": {"c": 2}}, "two": {}}
        read.settings.extensions = {"one": {"a": 1, "b": {"c": 3}}}
        given = renewed(force, read)
        assert given.settings.extensions == {"one": {"a": 1, "b": {"c": 3}}}
        assert force.settings.extensions == {"one": {"a": 1, "b": {"c": 2}}, "two": {}}

    def test_the_supervisors_own_parts_have_what_needs_no_restart(self) -> None:
        force = _read(NET__SERVER="one")
        seen: list[tuple[str, int]] = []
        # The part compares with what is in force, as they all do.
        applied = Reconfiguration(
            force.settings, [lambda new: seen.append((force.settings.net.server, new.store.cache_mb))]
        )
        take_over(force, renewed(force, _read(NET__SERVER="two", STORE__CACHE_MB="7")), applied.apply)
        assert seen == [("one", 7)]
        assert force.settings.net.server == "two"

    def test_parts_that_refuse_them_do_not_keep_the_workers_from_being_new(self) -> None:
        def refuse(_: Settings) -> None:
            raise Refused("no room")

        force = _read()
        with capturedLogs() as logged:
            assert take_over(force, renewed(force, _read(STORE__CACHE_MB="7")), refuse).settings.store.cache_mb == 7
        assert [str(event["error"]) for event in logged] == ["no room"]


class TestGiven:
    """What a reload and a restart leave to the workers that are started.

    Verifies: docs/operate/configuration.md, Changes while davd runs.
    """

    def begin(self) -> tuple[Given, Reload, Callable[..., None]]:
        """With what is in force, and what has the file say something else."""
        file = [_read()]
        force = _read()

        def read() -> Loaded:
            return file[0]

        def say(**variables: str) -> None:
            file[0] = _read(**variables)

        def apply(new: Settings) -> Changes:
            return Reconfiguration(force.settings, []).apply(new)

        reloading = Reload(read, apply, Clock(), force)
        return Given(reloading, apply), reloading, say

    def test_a_reload_leaves_what_waits_for_a_restart(self) -> None:
        given, reloading, say = self.begin()
        say(NET__SERVER="two", STORE__CACHE_MB="7")
        assert reloading.reload().ok
        given.reload()
        assert (given.loaded.settings.net.server, given.loaded.settings.store.cache_mb) == (
            "two",
            Settings().store.cache_mb,
        )

    def test_a_reload_during_a_restart_leaves_its_workers_alike(self) -> None:
        given, reloading, say = self.begin()
        given.renew(lambda: _read(STORE__CACHE_MB="7"))
        say(NET__SERVER="two", STORE__CACHE_MB="9")
        assert reloading.reload().restart == ("store.cache_mb",)
        given.reload()
        settings = given.loaded.settings
        assert (settings.net.server, settings.store.cache_mb) == ("two", 7)
        assert given.loaded.origins["store.cache_mb"] == "environment DAVD_STORE__CACHE_MB"
        given.settle(True)
        force = reloading.loaded.settings
        assert (force.net.server, force.store.cache_mb) == ("two", 7)
        assert given.loaded is reloading.loaded

    def test_a_restart_that_failed_leaves_what_a_reload_has_brought(self) -> None:
        given, reloading, say = self.begin()
        given.renew(lambda: _read(STORE__CACHE_MB="7"))
        say(NET__SERVER="two", STORE__CACHE_MB="7")
        assert reloading.reload().ok
        given.reload()
        given.settle(False)
        settings = given.loaded.settings
        assert (settings.net.server, settings.store.cache_mb) == ("two", Settings().store.cache_mb)

    def test_with_a_file_that_is_wrong_the_workers_have_what_is_in_force(self) -> None:
        def wrong() -> Loaded:
            raise ConfigError("no")

        given, reloading, _ = self.begin()
        given.renew(wrong)
        assert given.loaded is reloading.loaded
