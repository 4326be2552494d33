"""A trial that sees what is done in threads and when others have their turn, and that no transaction is open then."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from davd.dav.exchange import Exchange
from davd.interfaces.store import IReadTransaction
from davd.testing.exchange import Trial


class Watch:
    """What `trial` does from now on: the number of pieces of work in threads, and of turns for others."""

    def __init__(self, trial: Trial) -> None:
        self.asides = 0
        self.paces = 0
        self._open = 0
        self._read = trial.store.read
        self._make: Callable[..., Any] = trial._exchange
        vars(trial)["_exchange"] = self._exchange
        vars(trial.store)["read"] = self._reading

    @asynccontextmanager
    async def _reading(self) -> AsyncIterator[IReadTransaction]:
        async with self._read() as view:
            self._open += 1
            try:
                yield view
            finally:
                self._open -= 1

    async def _exchange(self, *args: Any) -> Exchange:
        exchange: Exchange = await self._make(*args)
        exchange.aside = self._aside
        exchange.pace = self._pace
        return exchange

    async def _aside(self, call: Callable[[], object]) -> object:
        assert not self._open, "a transaction is open while work is done in a thread"
        self.asides += 1
        return call()

    async def _pace(self) -> None:
        assert not self._open, "a transaction is open while others have their turn"
        self.paces += 1
