"""What a change of the settings means to a server that runs.

Verifies: docs/architecture.md, Configuration
"""

from __future__ import annotations

from davd.config.reload import Changes, adopted, compare, copy_of, overwrite
from davd.config.settings import Settings


def _other() -> Settings:
    settings = Settings(data="/elsewhere", extensions={"x": {}})
    settings.net.max_connections = 5
    settings.net.listen = ["tcp:1"]
    settings.pool.batch_size = 3
    return settings


class TestCompare:
    """Verifies: docs/architecture.md, Configuration."""

    def test_equal_settings(self) -> None:
        assert compare(Settings(), Settings()) == Changes((), ())
        assert not compare(Settings(), Settings())

    def test_hot_keys_and_others(self) -> None:
        changes = compare(Settings(), _other())
        assert changes.apply == ("net.max_connections", "pool.batch_size")
        assert changes.restart == ("data", "net.listen", "extensions.x")
        # Taking things away is a change, too.
        assert compare(_other(), Settings()) == changes


class TestAdopted:
    """Verifies: docs/architecture.md, Configuration."""

    def test_the_named_keys_and_no_others_are_taken_over(self) -> None:
        old, new = Settings(), _other()
        mixed = adopted(old, new, compare(old, new).apply)
        assert (mixed.net.max_connections, mixed.pool.batch_size) == (5, 3)
        assert (mixed.data, mixed.net.listen, mixed.extensions) == ("davd-data", ["ssl:8443"], {})
        assert compare(mixed, new) == Changes((), ("data", "net.listen", "extensions.x"))
        assert old == Settings()

    def test_a_copy_does_not_change_with_its_original(self) -> None:
        old = Settings()
        copy = copy_of(old)
        overwrite(old.net, _other().net)
        assert old.net.max_connections == 5
        assert copy == Settings()
