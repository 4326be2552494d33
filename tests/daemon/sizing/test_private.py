"""The daemon of the bench's own: what it takes over, what it leaves behind, and that it does what users ask.

Verifies: docs/operate/troubleshooting.md, How many users it carries
"""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

import pytest

from davd.config.settings import Settings
from davd.daemon.doctor.examination import Subject
from davd.daemon.offline import Context
from davd.daemon.sizing.climb import accounts_for, climb, in_turn
from davd.daemon.sizing.elsewhere import ElsewhereError, calendars_at
from davd.daemon.sizing.load import Load
from davd.daemon.sizing.private import PrivateDaemon, PrivateError, environment_of
from tests.conformance.daemon import Daemon, environment
from tests.conformance.dialogue import Account


class TestPrivate:
    """Verifies: docs/operate/troubleshooting.md, How many users it carries"""

    def test_users_are_served(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PYTHONPATH", environment()["PYTHONPATH"])
        chance = random.Random(5)
        with PrivateDaemon(Context(Settings(data=str(tmp_path / "data")))) as daemon:
            assert daemon.folder.parent == tmp_path
            load = Load(daemon.origin, daemon.context(), 50)

            async def work() -> list[str]:
                fresh = lambda users: in_turn(daemon.calendars(accounts_for(users, 2.0)), users, chance)  # noqa: E731
                return [rung.error for rung in [each async for each in climb(load, fresh, 2.0, 200, chance)]]

            errors = asyncio.run(work())
        assert set(errors) == {""}
        assert list(tmp_path.iterdir()) == []

    def test_what_does_not_start(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PYTHONPATH", environment()["PYTHONPATH"])
        settings = Settings(data=str(tmp_path / "data"))
        settings.pool.max_queue_size = -1
        context = Context(settings, {"pool.max_queue_size": "file x"})
        with pytest.raises(PrivateError, match="max_queue_size"), PrivateDaemon(context):
            pass
        assert list(tmp_path.iterdir()) == []

    def test_settings_that_bear_on_speed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("DAVD_DATA", "/somewhere")
        settings = Settings()
        settings.authentication.hash_threads = 4
        settings.pool.enable_batching = False
        settings.dav.prefix = "/dav"
        names = ("authentication.hash_threads", "pool.enable_batching", "dav.prefix", "data")
        found = environment_of(Context(settings, dict.fromkeys(names, "file x")))
        davd = {name: value for name, value in found.items() if name.startswith("DAVD_")}
        assert (davd["DAVD_AUTHENTICATION__HASH_THREADS"], davd["DAVD_POOL__ENABLE_BATCHING"]) == ("4", "false")
        assert not {"DAVD_DATA", "DAVD_DAV__PREFIX", "DAVD_AUTHENTICATION__HASH_QUEUE"} & set(davd)


class TestElsewhere:
    """Verifies: docs/operate/troubleshooting.md, How many users it carries"""

    def test_calendars_are_made_and_go(self) -> None:
        with Daemon() as davd:
            subject = Subject(davd.url + "/", davd.user, davd.password, insecure=True, write=True)
            with Account(davd.url, davd.user, davd.password) as account:
                with calendars_at(subject) as made:
                    assert len({calendar.path for calendar in made}) == 8
                    assert account.ask("PROPFIND", made[0].path, ("Depth", "1"), body=b"").body.count(b".ics</") == 20
                assert account.ask("PROPFIND", made[0].path, ("Depth", "0"), body=b"").status == 404
            wrong = Subject(davd.url + "/", davd.user, "wrong", insecure=True, write=True)
            with pytest.raises(ElsewhereError, match="name and password are refused"), calendars_at(wrong):
                pass
