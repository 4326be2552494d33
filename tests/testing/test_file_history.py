"""What requests for files mean one after the other.

Verifies: RFC 9110, 9.3.1, 9.3.4, 9.3.5, 13.1.1, 13.1.2, 15.4.5; RFC 4918, 9.1, 9.6, 9.7, 9.9
"""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import ValidationError

from davd.testing.file_history import Ask, Event, Files, State, Told, check_files, dump, load
from tests.testing.simulated import NAMES, Simulation

P, Q = ("p", "1"), ("q", "2")
NEW = ("n", None)


def step(state: State, op: Ask, told: Told | None) -> State | None:
    known = [Event(0, 0, 1, Ask("PUT", "a", content), Told(201, etag=etag)) for content, etag in (P, Q)]
    return Files("ab", known).step(state, Event(0, 0, None if told is None else 1, op, told))


class TestStep:
    """Verifies: RFC 9110, 9.3.1, 9.3.4, 9.3.5, 13.1.1, 13.1.2, 15.4.5; RFC 4918, 9.1, 9.6, 9.7, 9.9"""

    @pytest.mark.parametrize(
        ("state", "op", "told", "after"),
        [
            ((P, None), Ask("GET", "a"), Told(200, "p", "1"), (P, None)),
            ((P, None), Ask("GET", "a"), Told(200, "q", "2"), None),
            ((P, None), Ask("GET", "a"), Told(200, "p", "2"), None),
            ((P, None), Ask("GET", "a"), Told(404), None),
            ((None, P), Ask("GET", "a"), Told(404), (None, P)),
            ((None, P), Ask("GET", "a"), Told(200, "p", "1"), None),
            ((P, None), Ask("GET", "a"), None, (P, None)),
            ((P, None), Ask("GET", "a", if_none_match="1"), Told(304), (P, None)),
            ((P, None), Ask("GET", "a", if_none_match="2"), Told(304), None),
            ((P, None), Ask("GET", "a", if_none_match="1"), Told(200, "p", "1"), None),
            ((P, None), Ask("PROPFIND", "a"), Told(207, etag="1"), (P, None)),
            ((P, None), Ask("PROPFIND", "a"), Told(207, etag="2"), None),
            ((NEW, None), Ask("PROPFIND", "a"), Told(207, etag="7"), (("n", "7"), None)),
            ((NEW, None), Ask("PROPFIND", "a"), Told(207, etag="1"), None),
            ((P, Q), Ask("LIST"), Told(207, etags={"a": "1", "b": "2"}), (P, Q)),
            ((P, Q), Ask("LIST"), Told(207, etags={"a": "2", "b": "1"}), None),
            ((P, Q), Ask("LIST"), Told(207, etags={"a": "1"}), None),
            ((P, None), Ask("LIST"), Told(207, etags={"a": "1", "b": "1"}), None),
            ((NEW, NEW), Ask("LIST"), Told(207, etags={"a": "7", "b": "7"}), None),
            ((NEW, None), Ask("LIST"), Told(207, etags={"a": "7"}), (("n", "7"), None)),
            ((P, None), Ask("LIST"), None, (P, None)),
            ((None, None), Ask("PUT", "a", "q"), Told(201, etag="2"), (Q, None)),
            ((P, None), Ask("PUT", "a", "q"), Told(204, etag="2"), (Q, None)),
            ((P, None), Ask("PUT", "a", "q"), Told(201, etag="2"), None),
            ((None, None), Ask("PUT", "a", "q"), Told(204, etag="2"), None),
            ((None, None), Ask("PUT", "a", "q"), Told(412), None),
            ((P, None), Ask("PUT", "a", "q"), None, (Q, None)),
            ((P, None), Ask("PUT", "a", "n"), None, (NEW, None)),
            ((None, None), Ask("PUT", "a", "q", if_none_match="*"), Told(201, etag="2"), (Q, None)),
            ((P, None), Ask("PUT", "a", "q", if_none_match="*"), Told(412), (P, None)),
            ((P, None), Ask("PUT", "a", "q", if_none_match="*"), Told(204, etag="2"), None),
            ((None, None), Ask("PUT", "a", "q", if_none_match="*"), Told(412), None),
            ((P, None), Ask("PUT", "a", "q", if_none_match="*"), None, (P, None)),
            ((P, None), Ask("PUT", "a", "q", if_match="1"), Told(204, etag="2"), (Q, None)),
            ((P, None), Ask("PUT", "a", "q", if_match="1"), Told(412), None),
            ((Q, None), Ask("PUT", "a", "n", if_match="1"), Told(412), (Q, None)),
            ((Q, None), Ask("PUT", "a", "n", if_match="1"), Told(204), None),
            ((None, None), Ask("PUT", "a", "n", if_match="1"), Told(412), (None, None)),
            ((None, None), Ask("PUT", "a", "n", if_match="1"), Told(201), None),
            ((None, None), Ask("PUT", "a", "n", if_match="1"), None, (None, None)),
            ((NEW, None), Ask("PUT", "a", "q", if_match="7"), Told(204, etag="2"), (Q, None)),
            ((NEW, None), Ask("PUT", "a", "q", if_match="7"), Told(412), (NEW, None)),
            ((NEW, None), Ask("PUT", "a", "q", if_match="1"), Told(204, etag="2"), None),
            ((P, Q), Ask("DELETE", "a"), Told(204), (None, Q)),
            ((P, Q), Ask("DELETE", "a"), Told(404), None),
            ((None, Q), Ask("DELETE", "a"), Told(404), (None, Q)),
            ((None, Q), Ask("DELETE", "a"), Told(204), None),
            ((P, Q), Ask("DELETE", "a"), None, (None, Q)),
            ((P, Q), Ask("DELETE", "a", if_match="2"), Told(412), (P, Q)),
            ((P, Q), Ask("DELETE", "a", if_match="2"), Told(204), None),
            ((P, Q), Ask("DELETE", "a", if_match="1"), Told(412), None),
            ((P, Q), Ask("DELETE", "a", if_match="2"), None, (P, Q)),
            ((P, Q), Ask("MOVE", "a", destination="b"), Told(204), (None, P)),
            ((P, Q), Ask("MOVE", "a", destination="b"), Told(201), None),
            ((P, None), Ask("MOVE", "a", destination="b"), Told(201), (None, P)),
            ((None, Q), Ask("MOVE", "a", destination="b"), Told(404), (None, Q)),
            ((None, Q), Ask("MOVE", "a", destination="b"), Told(204), None),
            ((P, Q), Ask("MOVE", "a", destination="b", overwrite=False), Told(412), (P, Q)),
            ((P, Q), Ask("MOVE", "a", destination="b", overwrite=False), Told(204), None),
            ((P, None), Ask("MOVE", "a", destination="b", overwrite=False), Told(412), None),
            ((P, Q), Ask("MOVE", "a", destination="b", overwrite=False), None, (P, Q)),
            ((P, Q), Ask("MOVE", "a", destination="b"), None, (None, P)),
        ],
    )
    def test_step(self, state: State, op: Ask, told: Told | None, after: State | None) -> None:
        assert step(state, op, told) == after


class TestTags:
    """Verifies: RFC 9110, 8.8.1, 8.8.3"""

    @pytest.mark.parametrize(("content", "etag"), [("p", "2"), ("q", "1")])
    def test_one_content_and_one_etag_belong_together(self, content: str, etag: str) -> None:
        history = [
            Event(0, 0, 1, Ask("PUT", "a", "p"), Told(201, etag="1")),
            Event(0, 2, 3, Ask("PUT", "a", "q"), None),
            Event(0, 4, 5, Ask("GET", "a"), Told(200, content, etag)),
        ]
        violation = check_files("a", history)
        assert violation is not None
        assert violation.part == [history[0], history[2]]


class TestLines:
    """Verifies: docs/architecture.md, Data"""

    @given(st.integers(0, 1 << 30))
    def test_what_is_written_is_read(self, seed: int) -> None:
        history = Simulation(random.Random(seed), 4, 0.1).run(8)
        lines = dump(history)
        assert load(lines) == sorted(history, key=lambda event: (event.invoke_ns, event.client))
        assert lines.count(b"\n") == len(history)
        assert all(line.startswith(b'{"client":') for line in lines.splitlines())

    def test_another_form_is_refused(self) -> None:
        with pytest.raises(ValidationError):
            load(b'{"client": 1}\n')

    def test_for_people(self) -> None:
        event = Event(3, 1_000_000, 2_500_000, Ask("PUT", "a", "p", if_match="1"), Told(204, etag="2"))
        assert str(event) == "client 3 1.000-2.500 ms: PUT a = p If-Match 1 -> 204 2"
        lost = Event(3, 1_000_000, None, Ask("MOVE", "a", destination="b", overwrite=False), None)
        assert str(lost) == "client 3 1.000-... ms: MOVE a to b Overwrite F -> unknown"

    def test_names_are_those_of_the_simulation(self) -> None:
        assert check_files(NAMES, []) is None
