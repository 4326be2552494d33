"""Requests that are asked again and again: answered from memory, with whoever is being answered the same, or anew.

Implements: RFC 9111, 4.2
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Hashable
from contextlib import aclosing
from dataclasses import dataclass

from davd.admission.place import Place
from davd.application.answers import WORTH_ASKING, Answers, Key
from davd.application.exchanges import Exchanges
from davd.application.finish import finish
from davd.application.flights import Flights
from davd.application.visit import Visit
from davd.dav.exchange import Exchange
from davd.dav.registry import Method
from davd.http.response import Response


@dataclass(slots=True)
class _Made:
    """What an answer that was made is kept under, and what it rests on."""

    key: Key
    generation: Hashable
    version: Hashable
    exchange: Exchange
    place: Place

    def keep(self, answers: Answers, response: Response) -> bool:
        """Keep the answer, unless it rests on the clock; whether it stands until something is committed."""
        if self.exchange.fleeting:
            return False
        version = None if self.exchange.rests_on_store else self.version
        answers.keep(self.key, self.generation, version, response, self.place.seconds)
        return True


class Polls:
    """Gives what `answers` has while it stands, and has `exchanges` make what is missing."""

    def __init__(self, exchanges: Exchanges, answers: Answers) -> None:
        self._exchanges = exchanges
        self._generation = exchanges.store.generation
        self._answers = answers
        self.flights = Flights()

    async def answer(self, visit: Visit, place: Place, row: Method, key: Key, together: bool) -> tuple[Response, bool]:
        """The finished answer, and whether it stands until something is committed.

        With `together` a request waits for an identical one that is being answered from the same state.
        """
        flights = self.flights
        generation = self._generation()
        kept = self._answers.look_up(key, generation)
        if kept is not None:
            return kept, True
        if not together:
            return await self._make(visit, place, row, key, generation)
        flight = (key, generation)
        landing = flights.join(flight)
        if landing is not None:
            await landing
            generation = self._generation()
            kept = self._answers.look_up(key, generation)
            # What could not be kept, or has been changed meanwhile, is made by each for itself.
            return (kept, True) if kept is not None else await self._make(visit, place, row, key, generation)
        flights.begin(flight)
        try:
            return await self._make(visit, place, row, key, generation)
        finally:
            flights.end(flight)

    async def _make(
        self, visit: Visit, place: Place, row: Method, key: Key, generation: Hashable
    ) -> tuple[Response, bool]:
        answers = self._answers
        members = row.name != "PROPFIND" or visit.request.headers.get("depth") != "0"
        ask = answers.shares and members
        while True:
            async with self._exchanges.reading(place) as transaction:
                exchange = await self._exchanges.make(visit, transaction)
                resource = exchange.node.resource
                version = None
                if resource is not None:
                    version = await transaction.version(exchange.node.chain, members)
                    kept = answers.revalidate(key, version, generation)
                    if kept is not None:
                        return kept, True
                if not ask or resource is None or version is None or resource.sync_revision < WORTH_ASKING:
                    exchange.content = key[4]
                    response = await self._exchanges.perform(row, exchange)
                    break
            # That transaction has ended: no view of the store is held while somebody else is asked.
            ask = False
            fetched = await answers.fetch(key, version, generation)
            if fetched is not None:
                return fetched, True
        if exchange.later is not None:
            response = await self._exchanges.completed(exchange, response)
        finish(visit.request, response)
        made = _Made(key, generation, version, exchange, place)
        if isinstance(response.body, AsyncGenerator):
            response.body = self._passing(made, response.status, dict(response.headers), response.body)
            return response, False
        return response, made.keep(answers, response)

    async def _passing(
        self, made: _Made, status: int, headers: dict[str, str], pieces: AsyncGenerator[bytes, None]
    ) -> AsyncIterator[bytes]:
        """The pieces of an answer on their way; it is kept when all of them show the same state of the store."""
        passed: list[bytes] = []
        room = self._answers.max_entry
        async with aclosing(pieces):
            async for piece in pieces:
                room -= len(piece)
                if room >= 0:
                    passed.append(piece)
                else:
                    passed.clear()
                yield piece
        if room >= 0 and self._generation() == made.generation:
            made.keep(self._answers, Response(status, headers, passed))
