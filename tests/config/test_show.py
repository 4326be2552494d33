"""What is shown of the settings.

Verifies: docs/architecture.md, Configuration
"""

from __future__ import annotations

import pytest

from davd.config.origin import Loaded
from davd.config.settings import Settings
from davd.config.show import MASK, rows, url_masked


class TestRows:
    """Verifies: docs/architecture.md, Configuration."""

    def test_values_and_origins(self) -> None:
        settings = Settings(data="/srv/davd")
        found = {row.key: row for row in rows(Loaded(settings, {"data": "file /etc/davd.toml"}))}
        assert (found["data"].value, found["data"].origin, found["data"].hot) == (
            "/srv/davd",
            "file /etc/davd.toml",
            False,
        )
        assert (found["pool.batch_size"].value, found["pool.batch_size"].origin) == (10, "default")
        assert found["pool.batch_size"].hot

    def test_only_what_has_changed(self) -> None:
        settings = Settings(data="/srv/davd", extensions={"x": {}})
        assert [row.key for row in rows(Loaded(settings), changed=True)] == ["data", "extensions.x"]

    def test_what_plugins_are_given_is_masked_unless_it_is_known_to_be_no_secret(self) -> None:
        section = {"kind": "cred", "file": "/x", "checker": "memory:a:hidden", "port": 5, "token": 7, "tls": True}
        settings = Settings(checkers={"one": {**section, "list": ["hidden"]}})
        found = {row.key.removeprefix("checkers.one."): row.value for row in rows(Loaded(settings), changed=True)}
        assert found == {
            "kind": "cred", "file": "/x", "checker": MASK, "port": 5, "token": MASK, "tls": True, "list": MASK,
        }  # fmt: skip

    @pytest.mark.parametrize(
        ("url", "shown"),
        [
            ("", ""),
            ("redis://host:1/0", "redis://host:1/0"),
            ("redis://davd:hidden@host/0", "redis://davd:***@host/0"),
            ("unix://:hidden@/run/redis", "unix://:***@/run/redis"),
            ("redis://davd:hid/den#@x@host", "redis://davd:***@host"),
            ("redis://hidden@host", "redis://***@host"),
            ("hidden", MASK),
        ],
    )
    def test_passwords_in_urls(self, url: str, shown: str) -> None:
        assert url_masked(url) == shown
