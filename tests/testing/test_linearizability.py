"""The search for an order finds one whenever there is one, and never otherwise.

Verifies: docs/architecture.md, Data
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from davd.testing.file_history import Ask, Event, Files, Mistaken, State, Told, check_files
from davd.testing.linearizability import Undecided, check
from tests.testing.planted import Planter, after
from tests.testing.simulated import NAMES, Simulation

# How many histories of each kind are made wrong.
PLANTED = 60


def brute(names: Sequence[str], history: Sequence[Event]) -> bool:
    """Whether there is an order: all of them are tried, with all ways to leave out what has no outcome."""
    specification = Files(names, history)

    def goes_on(state: State, left: frozenset[int], now: int) -> bool:
        if all(history[index].return_ns is None for index in left):
            return True
        for index in left:
            # Its instant is as early as can be.
            event = history[index]
            instant = max(now, event.invoke_ns)
            if instant <= (event.settled_ns or after(event)):
                following = specification.step(state, event)
                if following is not None and goes_on(following, left - {index}, instant):
                    return True
        return False

    return goes_on((None,) * len(names), frozenset(range(len(history))), 0)


def disturb(history: list[Event], chance: random.Random) -> list[Event]:
    """Give one answer to another request of its kind, or move a call or a return."""
    wrong = list(history)
    place = chance.randrange(len(wrong))
    event = wrong[place]
    others = [each.result for each in history if each.op.method == event.op.method and each.result]
    if event.return_ns is not None and others and chance.random() < 0.7:
        wrong[place] = replace(event, result=chance.choice(others))
    elif event.return_ns is not None:
        wrong[place] = replace(event, invoke_ns=chance.randint(event.invoke_ns, event.return_ns))
    return wrong


class TestAgainstAllOrders:
    """Verifies: docs/architecture.md, Data"""

    @settings(max_examples=1500)
    @given(st.integers(0, 1 << 40))
    def test_the_same_verdict(self, seed: int) -> None:
        chance = random.Random(seed)
        names = NAMES[: chance.choice((1, 2, 3))]
        simulation = Simulation(
            chance,
            chance.choice((2, 3)),
            chance.choice((0.0, 0.3)),
            len(names) > 1,
            names,
            chance.random() < 0.3,
            chance.choice((0.0, 0.1)),
        )
        history = simulation.run(chance.choice((2, 3)))
        for _ in range(3):
            try:
                expected = brute(names, history)
            except Mistaken:
                expected = False
            assert (check_files(names, history) is None) == expected
            if history:
                history = disturb(history, chance)

    def test_both_verdicts_are_met(self) -> None:
        verdicts = []
        for seed in range(300):
            chance = random.Random(seed)
            history = disturb(Simulation(chance, 3, 0.2).run(3), chance)
            verdicts.append(check_files(NAMES, history) is None)
        assert 100 < sum(verdicts) < 290


class TestRight:
    """Verifies: docs/architecture.md, Data"""

    @settings(max_examples=40)
    @given(st.integers(0, 1 << 40), st.booleans(), st.booleans())
    def test_short_histories_with_lost_answers(self, seed: int, moves: bool, unknown_etags: bool) -> None:
        simulation = Simulation(random.Random(seed), 5, 0.05, moves, unknown_etags=unknown_etags)
        assert check_files(NAMES, simulation.run(40)) is None

    @pytest.mark.parametrize("seed", range(5))
    @pytest.mark.parametrize(("lost", "crashes"), [(0.0, 0.0), (0.01, 0.0), (0.0, 0.01)])
    def test_long_histories(self, seed: int, lost: float, crashes: float) -> None:
        history = Simulation(random.Random(seed), 8, lost, crashes=crashes).run(300)
        assert len(history) == 2400
        assert check_files(NAMES, history) is None


class TestWrong:
    """Verifies: RFC 9110, 8.8.1, 13.1.1, 13.1.2; docs/architecture.md, Data"""

    @pytest.mark.parametrize("long", [False, True])
    @pytest.mark.parametrize("lost", [0.0, 0.03])
    @pytest.mark.parametrize(
        ("plant", "moves"),
        [
            (Planter.second_winner, True),
            (Planter.lost_update, True),
            (Planter.stale_read, False),
            (Planter.resurrected, False),
            (Planter.never_written, True),
            (Planter.future_read, True),
            (Planter.lost_write, True),
            (Planter.two_places, True),
            (Planter.left_behind, True),
            (Planter.torn_etag, True),
        ],
    )
    def test_every_planted_answer_is_found(self, plant, moves: bool, lost: float, long: bool) -> None:
        wanted = 3 if long else PLANTED
        found = 0
        for seed in count():
            chance = random.Random(seed)
            simulation = Simulation(chance, 8 if long else 5, lost / 4 if long else lost, moves)
            wrong = plant(Planter(simulation.run(80 if long else 20), chance))
            if wrong is None:
                continue
            violation = check_files(NAMES, wrong)
            assert violation is not None, seed
            assert violation.part
            found += 1
            if found == wanted:
                break
        assert found == wanted


def put(client: int, start: int, end: int | None, content: str, told: Told | None, **more: str) -> Event:
    return Event(client, start, end, Ask("PUT", "a", content, **more), told)


class TestWhatIsShown:
    """Verifies: docs/architecture.md, Data"""

    def test_the_part_that_has_no_order(self) -> None:
        history = Simulation(random.Random(1), 6).run(20)
        last = max(after(event) for event in history)
        wrong = [
            Event(0, last + 1, last + 2, Ask("DELETE", "b"), None),
            put(0, last + 3, last + 6, "p", Told(201, etag="p"), if_none_match="*"),
            put(1, last + 4, last + 7, "q", Told(201, etag="q"), if_none_match="*"),
            Event(2, last + 5, last + 8, Ask("GET", "b"), Told(404)),
        ]
        violation = check_files(NAMES, [*history, replace(wrong[0], return_ns=None), *wrong[1:]])
        assert violation is not None
        assert violation.operation in wrong
        assert wrong[1] in violation.part
        assert len(violation.part) <= 4

    def test_what_makes_no_difference_is_left_out(self) -> None:
        history = [
            put(0, 0, 10, "p", Told(201, etag="p")),
            put(1, 20, 30, "q", Told(204, etag="q")),
            Event(2, 20, 35, Ask("GET", "b"), Told(404)),
            put(2, 36, 37, "r", Told(204, etag="r"), if_match="q"),
            put(3, 36, 38, "s", Told(204, etag="s"), if_match="q"),
        ]
        violation = check_files("ab", history)
        assert violation is not None
        assert violation.before == (("r", "r"), None)
        assert violation.part == history[4:]

    def test_a_search_that_takes_too_long_says_so(self) -> None:
        history = Simulation(random.Random(1), 4).run(10)
        with pytest.raises(Undecided):
            check(history, Files(NAMES, history), (None, None, None), 20)
