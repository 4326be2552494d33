"""Whether a history of concurrent operations could have come from one object that does them one after the other.

A history is linearizable when each operation can be given one instant between its call and its return so that, done in
the order of these instants, all give the results that were seen. The search is that of Wing and Gong (Testing and
verifying concurrent objects, 1993) with Lowe's improvements (Testing for linearizability, 2017): it goes through calls
and returns in the order of time and keeps every configuration that is possible, each once: the state, and which of the
operations under way have had their instant.

What an operation means is told by a `Specification`; that of files is in `davd.testing.file_history`. An operation
without an outcome (its answer was lost) may have its instant at any time after its call until it is settled, or never.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar


class Operation(Protocol):
    """One call: who made it, and when it was made and answered in nanoseconds of one clock; None: never answered.

    One client makes a call after the one before was answered or given up.
    """

    @property
    def client(self) -> int:
        """The number of the client."""

    @property
    def invoke_ns(self) -> int:
        """A time before anything could have been done."""

    @property
    def return_ns(self) -> int | None:
        """A time after everything was done, None when the outcome is unknown."""

    @property
    def settled_ns(self) -> int | None:
        """When the outcome is unknown, a time after which it is not done any more; None when it may be at any time."""


S = TypeVar("S", bound=Hashable)
O = TypeVar("O", bound=Operation)  # noqa: E741


class Specification(Protocol[S, O]):
    """What operations do to a state when they are done one after the other."""

    def step(self, state: S, operation: O) -> S | None:
        """The state after the operation, None when it cannot give its result in this one.

        An operation without an outcome always can: the state is the same when it changes nothing.
        """

    def changes(self, operation: O) -> bool:
        """Whether it may leave another state behind."""

    def touches(self, operation: O) -> int:
        """The parts of the state it looks at or changes, a bit for each.

        Of two operations that share no part the order never matters.
        """

    def forget(self, operation: O) -> O:
        """The same call without an outcome."""


class Undecided(Exception):
    """The search took more steps than it was given."""


@dataclass(frozen=True, slots=True)
class Violation(Generic[S, O]):
    """Why a history is not linearizable.

    When `operation` returned, no order was left. `part` is a part of the history that has none either when it begins in
    the state `before`: the operations without which an order would be found, in the order of their calls.
    """

    operation: O
    before: S
    part: list[O]


# Steps a search may take: a history of 2,400 operations by 8 clients takes about 50,000.
LIMIT = 20_000_000


def check(
    history: Sequence[O], specification: Specification[S, O], initial: S, limit: int = LIMIT
) -> Violation[S, O] | None:
    """Look for an order of a history that begins in `initial`; None when there is one.

    `limit` bounds the steps of the search in all; beyond it `Undecided` is raised.
    """
    # Operations without an outcome are first used only where nothing else explains what was seen. An order found so
    # is an order; when none is found they are tried everywhere.
    budget = _Budget(limit)
    if _Search(history, specification, True, budget).run(initial) is None:
        return None
    search = _Search(history, specification, False, budget)
    failed = search.run(initial)
    return None if failed is None else _smaller(search, failed, specification, initial)


@dataclass(slots=True)
class _Budget:
    left: int


_NOTHING: frozenset[int] = frozenset()

# Kinds of events after a call (0); of those at the same time the call comes first.
_RETURN = 1
_SETTLED = 2

# How many operations without an outcome may be used between two returns.
_FEW = 2
_ANY = 1 << 30


@dataclass(slots=True)
class _Search(Generic[S, O]):
    """One walk through a history; a `sparing` one may miss an order that needs operations without an outcome.

    A configuration is a state and the set of operations under way that have had their instant (`done`, a bit for each);
    with it are kept the sets of operations without an outcome that were used to get there, only the smallest of them:
    who has used less can do whatever the others can.
    """

    history: Sequence[O]
    specification: Specification[S, O]
    sparing: bool
    budget: _Budget
    reached: dict[tuple[S, int], list[int]] = field(default_factory=dict)
    # The last moment at which only one configuration was left: the number of the event, the state, the operations that
    # had had their instant and were under way, the ones without outcome that were used.
    certain: tuple[int, S, set[int], set[int]] | None = None
    _under_way: dict[int, int] = field(default_factory=dict)
    _looking: dict[int, int] = field(default_factory=dict)
    _unknown: dict[int, int] = field(default_factory=dict)
    _unknowns: int = 0
    _touched: list[int] = field(default_factory=list)

    def events(self) -> list[tuple[int, int, int]]:
        """Calls, returns and settlements in the order of time: the time, the kind, the index."""
        found = []
        for index, operation in enumerate(self.history):
            if operation.return_ns is not None:
                found += [(operation.invoke_ns, 0, index), (operation.return_ns, _RETURN, index)]
            elif self.specification.changes(operation):
                found.append((operation.invoke_ns, 0, index))
                if operation.settled_ns is not None:
                    found.append((operation.settled_ns, _SETTLED, index))
        return sorted(found)

    def run(self, initial: S) -> int | None:
        """The index of the first operation at whose return no configuration was left, None when there is none."""
        self._touched = [self.specification.touches(operation) for operation in self.history]
        self.reached = {(initial, 0): [0]}
        for number, (_, kind, index) in enumerate(self.events()):
            if kind == _RETURN:
                reached = self._return(index)
                if not reached:
                    return index
                self.reached = reached
            elif kind == _SETTLED:
                self._settled(index)
            else:
                self._call(index)
            if len(self.reached) == 1:
                [((state, done), used)] = self.reached.items()
                if len(used) == 1:
                    self._note(number, state, done, used[0])
        return None

    def _note(self, number: int, state: S, done: int, used: int) -> None:
        had = {index for index, bit in self._under_way.items() if done & bit}
        spent = {index for index, bit in self._unknown.items() if used & bit}
        self.certain = (number, state, had, spent)

    def _step(self, state: S, index: int) -> S | None:
        self.budget.left -= 1
        if self.budget.left < 0:
            raise Undecided
        return self.specification.step(state, self.history[index])

    def _call(self, index: int) -> None:
        operation = self.history[index]
        if operation.return_ns is None:
            self._unknown[index] = 1 << self._unknowns
            self._unknowns += 1
            return
        taken = sum(self._under_way.values())
        bit = ~taken & (taken + 1)
        self._under_way[index] = bit
        if self.specification.changes(operation):
            return
        self._looking[index] = bit
        settled: dict[tuple[S, int], list[int]] = {}
        for (state, done), used in self.reached.items():
            if self._step(state, index) == state:
                done |= bit
            for each in used:
                _add(settled, (state, done), each)
        self.reached = settled

    def _settled(self, index: int) -> None:
        # It was never done, or at the latest now.
        mark = self._unknown[index]
        reached: dict[tuple[S, int], list[int]] = {}
        for key, used in self.reached.items():
            for each in used:
                _add(reached, key, each & ~mark)
        for (state, done), used in self.reached.items():
            for each in used:
                if not each & mark:
                    self._reach(0, mark, state, done, each, reached, _FEW if self.sparing else _ANY)
        del self._unknown[index]
        self.reached = reached

    def _settle(self, state: S, done: int) -> int:
        """`done` with all that only look and see what they saw.

        An instant as early as can be never stands in the way of anything later.
        """
        for index, bit in self._looking.items():
            if not done & bit and self._step(state, index) == state:
                done |= bit
        return done

    def _return(self, index: int) -> dict[tuple[S, int], list[int]]:
        bit = self._under_way[index]
        reached: dict[tuple[S, int], list[int]] = {}
        late = []
        for (state, done), used in self.reached.items():
            for each in used:
                if done & bit:
                    _add(reached, (state, done ^ bit), each)
                else:
                    late.append((state, done, each))
        for most in (0, 1, _FEW, _ANY) if self.sparing else (_ANY,):
            for state, done, each in late:
                self._reach(bit, 0, state, done, each, reached, most)
            if reached:
                break
        del self._under_way[index]
        self._looking.pop(index, None)
        return reached

    def _reach(
        self, bit: int, mark: int, state: S, done: int, used: int, reached: dict[tuple[S, int], list[int]], most: int
    ) -> None:
        """Add the configurations in which an operation has just had its instant: the one under way that has that bit,
        or the one without outcome that has that mark; the other is 0.

        An operation without outcome is used only right before one that touches what it touches (others may stand
        between, if that holds for them), or when it is settled: anywhere else it could as well come later. `due` holds
        what must be touched. At most `most` of them are used.
        """
        most += used.bit_count()
        seen: dict[tuple[S, int, frozenset[int]], list[int]] = {}
        open_ = [(state, done, used, _NOTHING)]
        while open_:
            state, done, used, due = open_.pop()
            for index, other in self._under_way.items():
                if done & other or not all(self._touched[index] & parts for parts in due):
                    continue
                following = self._step(state, index)
                if following is None:
                    continue
                after = self._settle(following, done | other)
                if after & bit:
                    _add(reached, (following, after ^ bit), used)
                elif _add(seen, (following, after, _NOTHING), used):
                    open_.append((following, after, used, _NOTHING))
            for index, other in self._unknown.items() if used.bit_count() < most else ():
                if used & other:
                    continue
                following = self._step(state, index)
                if following is None or following == state:
                    continue
                after = self._settle(following, done)
                still = self._due(due, index, after ^ done)
                if other == mark and still <= {self._touched[index]}:
                    _add(reached, (following, after), used)
                elif after & bit and not still:
                    _add(reached, (following, after ^ bit), used | other)
                elif _add(seen, (following, after, still), used | other):
                    open_.append((following, after, used | other, still))

    def _due(self, due: frozenset[int], index: int, looked: int) -> frozenset[int]:
        """What must still be touched after the operation at `index` and those of the bits `looked`, which follow it."""
        touched = self._touched[index]
        seen = 0
        for another, other in self._looking.items():
            if looked & other:
                seen |= self._touched[another]
        parts = [*(each for each in due if not each & touched), touched]
        return frozenset(each for each in parts if not each & seen)


K = TypeVar("K", bound=Hashable)


def _add(kept: dict[K, list[int]], key: K, used: int) -> bool:
    """Keep a set of used operations unless one that is part of it is there; whether it was kept."""
    sets = kept.get(key)
    if sets is None:
        kept[key] = [used]
        return True
    for each in sets:
        if each & used == each:
            return False
    sets[:] = [each for each in sets if used & each != used]
    sets.append(used)
    return True


# How many operations a part may have for it to be made smaller; the steps each attempt may take, and all of them.
_SMALL = 400
_ATTEMPT = 20_000
_ATTEMPTS = 500_000


def _smaller(search: _Search[S, O], failed: int, specification: Specification[S, O], initial: S) -> Violation[S, O]:
    history = search.history
    state = initial
    past: set[int] = set()
    if search.certain is not None:
        number, state, had, spent = search.certain
        over = {index for _, kind, index in search.events()[: number + 1] if kind in (_RETURN, _SETTLED)}
        past = over | had | spent
    ends = history[failed].return_ns
    assert ends is not None
    part = {
        index: operation for index, operation in enumerate(history) if index not in past and operation.invoke_ns <= ends
    }
    if len(part) <= _SMALL:
        part = _needed(part, failed, specification, state)
    return Violation(history[failed], state, sorted(part.values(), key=lambda each: each.invoke_ns))


def _needed(part: dict[int, O], failed: int, specification: Specification[S, O], state: S) -> dict[int, O]:
    """What is left when operations are taken away, or at least their outcomes, as long as no order is found.

    One that changes nothing can always be left out of an order, and one whose outcome nobody knows has less to fit
    than before: so a part that fails then says as much as the whole. What may have been done or not is not shown.
    """
    left = _ATTEMPTS

    def fails(attempt: dict[int, O]) -> bool:
        nonlocal left
        budget = _Budget(min(_ATTEMPT, left))
        given = budget.left
        try:
            return _Search(list(attempt.values()), specification, False, budget).run(state) is not None
        except Undecided:
            return False
        finally:
            left -= given - max(budget.left, 0)

    without = {index for index, operation in part.items() if operation.return_ns is None}
    # The latest first: what comes after the failure and long before it goes most easily when nothing hangs on it.
    for index in sorted(part, key=lambda index: -part[index].invoke_ns):
        if index == failed or index in without:
            continue
        fewer = {other: operation for other, operation in part.items() if other != index}
        if specification.changes(part[index]):
            fewer[index] = specification.forget(part[index])
            without.add(index)
        if fails(fewer):
            part = fewer
        else:
            without.discard(index)
    return {index: operation for index, operation in part.items() if index not in without}
