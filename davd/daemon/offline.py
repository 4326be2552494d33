"""The store and the settings for a command that has no reactor."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import click

from davd.config.settings import Settings
from davd.interfaces.store import IStore, StoreError

Result = TypeVar("Result")


def drive(work: Coroutine[Any, Any, Result]) -> Result:
    """Run a coroutine that never waits, since all blocking work is done where it stands."""
    try:
        work.send(None)
    except StopIteration as stop:
        result: Result = stop.value
        return result
    raise RuntimeError("a command waits for something that only a running server has")


@dataclass
class Context:
    """What every command gets: the settings, where they came from, and how to reach the store."""

    settings: Settings
    origins: Mapping[str, str] = field(default_factory=dict)

    def with_store(self, work: Callable[[IStore], Awaitable[Result]], make: bool = False) -> Result:
        """Open the store, do `work`, close it; a click error of one sentence when the store cannot be used.

        Only with `make` is a store made where there is none: everything else asks about a store that is there, and a
        mistyped folder must not be told to be sound.
        """

        # Loaded here: a shell that completes a word has no need of them, and would wait for them.
        from davd.daemon.first_run import make_folder
        from davd.stores.sqlite.store import SQLiteStore

        async def whole() -> Result:
            store = SQLiteStore(self.settings.data, self.settings.store)
            if make:
                make_folder(self.settings.data)
            elif not os.path.lexists(store.path):
                raise StoreError(f"there is no store in {self.settings.data}")
            await store.start()
            try:
                return await work(store)
            finally:
                await store.stop()

        try:
            return drive(whole())
        except StoreError as error:
            raise click.ClickException(str(error)) from None
