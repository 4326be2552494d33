"""Statements that took long, with their plans, for the log.

Parameters are told by type only: their values are people's names and data.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from threading import get_ident
from typing import TYPE_CHECKING, Any

from twisted.internet.defer import Deferred
from twisted.logger import Logger

from davd.stores.threads import finished

if TYPE_CHECKING:
    from davd.stores.threads import RunInThread

log = Logger()

# The same statement is told of once in so many seconds.
_QUIET_SECONDS = 60.0

# Statements are written in the code, so there are few; this many are remembered all the same.
_MAX_STATEMENTS = 500

# What has a plan.
_PLANNED = ("SELECT", "WITH", "INSERT", "UPDATE", "DELETE")

Explain = Callable[[str, int], Sequence[str]]


class SlowQueries:
    """Notes statements that took `after` seconds or more (0: none), and logs each once a minute.

    To be made on the reactor's thread. `explain` gives the lines of the plan of a statement with so many parameters; it
    is called by `run_in_thread`, or where the statement was run if that is a thread already.
    """

    def __init__(
        self,
        after: float,
        run_in_thread: RunInThread,
        explain: Explain,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self.after = 0.0
        self.reconfigure(after)
        self.count = 0
        self._run_in_thread = run_in_thread
        self._explain = explain
        self._seconds = seconds
        self._home = get_ident()
        # The time of the last line of each statement, and how often it was slow since.
        self._told: dict[str, tuple[float, int]] = {}

    def reconfigure(self, after: float) -> None:
        """Note what takes so many seconds from now on (0: nothing)."""
        self.after = after or float("inf")

    def note(self, statement: str, parameters: Sequence[Any], took: float, rows: int) -> None:
        """A statement took `took` seconds and gave so many rows. Never fails; may be called in any thread."""
        self.count += 1
        now = self._seconds()
        last, unsaid = self._told.get(statement, (-_QUIET_SECONDS, 0))
        if now - last < _QUIET_SECONDS:
            self._told[statement] = (last, unsaid + 1)
            return
        if len(self._told) >= _MAX_STATEMENTS:
            self._told.clear()
        self._told[statement] = (now, 0)
        types = ", ".join(type(parameter).__name__ for parameter in parameters)

        def tell() -> None:
            log.warn(
                "slow statement: {milliseconds} ms, {rows} rows, {unsaid} times more since the last line:"
                " {statement} ({types}); plan: {plan}",
                milliseconds=round(took * 1000, 1),
                rows=rows,
                unsaid=unsaid,
                statement=statement,
                types=types,
                plan=self._plan(statement, len(parameters)),
            )

        if get_ident() == self._home:
            Deferred.fromCoroutine(finished(self._run_in_thread(tell))).addErrback(_unplanned)
        else:
            tell()

    def _plan(self, statement: str, parameters: int) -> str:
        try:
            if statement.startswith(_PLANNED):
                return "; ".join(self._explain(statement, parameters))
            return "none"
        except Exception as error:
            # The log line is worth more than the plan.
            return f"unknown ({error})"


def _unplanned(failure: Any) -> None:
    log.warn("a slow statement could not be told of: {error}", error=failure.value)
