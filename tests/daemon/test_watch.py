"""Changes of the configuration file are noticed, however they are made.

Verifies: docs/architecture.md, Configuration
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.task import Clock

from davd.daemon.watch import PATIENCE, SETTLED, Watch


class Poller(Clock):
    """A clock that reads descriptors as well: all that are ready, when it is asked to."""

    def __init__(self) -> None:
        super().__init__()
        self.readers: list[Any] = []

    def addReader(self, reader: Any) -> None:
        """Read from it when asked."""
        if reader not in self.readers:
            self.readers.append(reader)

    def removeReader(self, reader: Any) -> None:
        """Read from it no more."""
        if reader in self.readers:
            self.readers.remove(reader)

    def removeWriter(self, writer: Any) -> None:
        """Nothing is written here."""

    def read(self) -> None:
        """What the kernel has to tell is told."""
        for reader in list(self.readers):
            reader.doRead()
        self.advance(0)


@pytest.fixture
def reactor() -> Poller:
    """What the watch reads by."""
    return Poller()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The configuration file."""
    path = tmp_path / "davd.toml"
    path.write_text("one")
    return path


class TestWatch:
    """Verifies: docs/architecture.md, Configuration."""

    def _seen(self, reactor: Poller, file: Path, *changes: Callable[[], object]) -> list[int]:
        """How many reloads there had been after each change, when it had become quiet."""
        told: list[None] = []
        watch = Watch(str(file), lambda: told.append(None), reactor)
        watch.start()
        assert watch.running
        counts = []
        for change in changes:
            change()
            reactor.read()
            reactor.advance(SETTLED)
            counts.append(len(told))
        watch.stop()
        assert not reactor.readers
        assert not reactor.getDelayedCalls()
        assert not watch.running
        return counts

    def test_writing_in_place(self, reactor: Poller, file: Path) -> None:
        assert self._seen(reactor, file, lambda: file.write_text("two"), lambda: file.write_text("3")) == [1, 2]

    def test_a_new_file_renamed_over_the_old_one(self, reactor: Poller, file: Path) -> None:
        def save(text: str) -> None:
            new = file.with_suffix(".new")
            new.write_text(text)
            os.replace(new, file)

        assert self._seen(reactor, file, lambda: save("two"), lambda: save("three")) == [1, 2]

    def test_moved_away_and_written_anew(self, reactor: Poller, file: Path) -> None:
        def save(text: str) -> None:
            os.replace(file, file.with_suffix(".bak"))
            file.write_text(text)

        assert self._seen(reactor, file, lambda: save("two"), lambda: save("three")) == [1, 2]

    def test_the_symbolic_links_of_kubernetes_are_swapped(self, reactor: Poller, tmp_path: Path) -> None:
        def publish(text: str) -> None:
            folder = tmp_path / f"..{text}"
            folder.mkdir()
            (folder / "davd.toml").write_text(text)
            old = os.path.realpath(tmp_path / "..data")
            (tmp_path / "..data_tmp").symlink_to(folder.name)
            os.replace(tmp_path / "..data_tmp", tmp_path / "..data")
            if old != str(tmp_path / "..data"):
                shutil.rmtree(old)

        publish("one")
        file = tmp_path / "davd.toml"
        file.symlink_to("..data/davd.toml")
        assert self._seen(reactor, file, *[lambda text=text: publish(text) for text in ("two", "three", "four")]) == [
            1,
            2,
            3,
        ]

    def test_a_file_that_a_link_leads_to(self, reactor: Poller, tmp_path: Path) -> None:
        (tmp_path / "elsewhere").mkdir()
        target = tmp_path / "elsewhere" / "davd.toml"
        target.write_text("one")
        (tmp_path / "etc").mkdir()
        link = tmp_path / "etc" / "davd.toml"
        link.symlink_to(target)
        assert self._seen(reactor, link, lambda: target.write_text("two"), lambda: target.write_text("3")) == [1, 2]

    def test_a_file_that_is_removed_and_comes_back(self, reactor: Poller, file: Path) -> None:
        assert self._seen(reactor, file, file.unlink, lambda: file.write_text("one")) == [1, 2]

    def test_a_file_that_cannot_be_read_and_can_be_again(self, reactor: Poller, file: Path) -> None:
        """A link to nowhere and one to itself: neither can be read by anybody, root included."""

        def link(target: str) -> None:
            file.unlink()
            file.symlink_to(target)

        def back() -> None:
            file.unlink()
            file.write_text("two")

        changes = [lambda: link("nowhere"), lambda: link(file.name), back]
        assert self._seen(reactor, file, *changes) == [1, 1, 2]

    def test_a_folder_in_its_place(self, reactor: Poller, file: Path) -> None:
        def folder() -> None:
            file.unlink()
            file.mkdir()

        def back() -> None:
            file.rmdir()
            file.write_text("one")

        assert self._seen(reactor, file, folder, back) == [1, 2]

    def test_a_file_of_any_size_is_looked_at_and_not_read_whole(self, reactor: Poller, file: Path) -> None:
        def grow() -> None:
            with open(file, "ab") as stream:
                stream.truncate(1 << 40)

        assert self._seen(reactor, file, grow, lambda: file.write_text("two")) == [1, 2]

    def test_what_leaves_the_content_as_it_is_does_not_count(self, reactor: Poller, file: Path) -> None:
        other = file.with_name("other.toml")
        assert self._seen(reactor, file, file.touch, lambda: file.write_text("one"), lambda: other.touch()) == [0, 0, 0]

    def test_many_changes_in_a_row_are_one_but_not_for_ever(self, reactor: Poller, file: Path) -> None:
        told: list[float] = []
        watch = Watch(str(file), lambda: told.append(reactor.seconds()), reactor)
        watch.start()
        for number in range(30):
            file.write_text(f"number {number}")
            reactor.read()
            reactor.advance(SETTLED / 2)
        watch.stop()
        assert [round(moment, 2) for moment in told] == [PATIENCE]

    def test_what_has_changed_between_reading_and_watching(self, reactor: Poller, file: Path) -> None:
        told: list[None] = []
        watch = Watch(str(file), lambda: told.append(None), reactor)
        file.write_text("two")
        watch.start()
        assert len(told) == 1
        watch.stop()

    def test_a_folder_that_goes_away_is_found_when_it_is_back(self, reactor: Poller, tmp_path: Path) -> None:
        folder = tmp_path / "etc"
        folder.mkdir()
        file = folder / "davd.toml"
        file.write_text("one")
        told: list[None] = []
        watch = Watch(str(file), lambda: told.append(None), reactor)
        watch.start()
        shutil.rmtree(folder)
        reactor.read()
        reactor.advance(SETTLED)
        assert len(told) == 1
        folder.mkdir()
        file.write_text("two")
        reactor.advance(PATIENCE)
        assert len(told) == 2
        file.write_text("three")
        reactor.read()
        reactor.advance(SETTLED)
        assert len(told) == 3
        watch.stop()

    def test_without_inotify_there_is_no_watching_and_no_harm(
        self, reactor: Poller, file: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        # So an import fails.
        monkeypatch.setitem(sys.modules, "twisted.internet.inotify", None)
        watch = Watch(str(file), lambda: None, reactor)
        watch.start()
        assert not watch.running
        watch.stop()
