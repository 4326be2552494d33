"""Requests that are asked again and again: answered from memory, with whoever is being answered the same, or anew.

Implements: RFC 9111, 4.2
"""

from __future__ import annotations

from collections.abc import Hashable
from time import perf_counter

from davd.admission.place import Place
from davd.application.answers import WORTH_ASKING, Answers, Key
from davd.application.exchanges import Exchanges
from davd.application.finish import finish
from davd.application.flights import Flights
from davd.application.visit import Visit
from davd.dav.exchange import Exchange
from davd.dav.registry import Method
from davd.http.response import Response


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
        while True:
            generation = self._generation()
            kept = self._answers.look_up(key, generation)
            if kept is not None:
                return kept, True
            flight = (key, generation)
            landing = flights.join(flight) if together else None
            if landing is None:
                break
            await landing
        if not together:
            return await self._make(visit, place, row, key, generation)
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
                if not ask or resource is None or resource.sync_revision < WORTH_ASKING:
                    exchange.content = key[4]
                    began = perf_counter()
                    response = await self._exchanges.perform(row, exchange)
                    break
            # That transaction has ended: no view of the store is held while somebody else is asked.
            ask = False
            fetched = await answers.fetch(key, version, generation)
            if fetched is not None:
                return fetched, True
        finish(visit.request, response)
        return response, self._keep(key, generation, version, exchange, response, perf_counter() - began)

    def _keep(
        self,
        key: Key,
        generation: Hashable,
        version: Hashable,
        exchange: Exchange,
        response: Response,
        seconds: float,
    ) -> bool:
        if exchange.fleeting:
            return False
        self._answers.keep(key, generation, None if exchange.rests_on_store else version, response, seconds)
        return True
