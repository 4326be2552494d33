"""No kind of request takes more function calls than it did.

Verifies: docs/architecture.md, Measuring
"""

import pytest

from tests.performance.calls import BASELINE, VERSION, counted, exceeded, kept, measure


class TestCounted:
    """Verifies: docs/architecture.md, Measuring"""

    def test_calls_of_functions_and_of_built_in_ones(self) -> None:
        """Two functions that call one built-in one each, and the lambda around them."""

        def inner(values: list[int]) -> int:
            return len(values)

        def outer(values: list[int]) -> int:
            values.append(1)
            return inner(values)

        assert counted(lambda: outer([])) == 5

    def test_more_is_told(self) -> None:
        """Three in a hundred are let pass, what nobody has kept a number of is not."""
        before = {"get": 100, "put": 100, "gone": 1}
        assert exceeded({"get": 103, "put": 90}, before) == []
        assert exceeded({"get": 104}, before) == ["get: 104 calls, not 100 (+4.0 %)"]
        assert exceeded({"new": 1}, before) == ["new: 1 calls, and no number to hold them against"]


class TestCalls:
    """Verifies: docs/architecture.md, Measuring"""

    def test_no_kind_takes_more_calls_than_it_did(self) -> None:
        """When more calls are worth it: `python -m tests.performance.calls --write`, and say why in the commit."""
        before = kept()
        if before is None:
            pytest.skip(
                f"no numbers for Python {VERSION} in {BASELINE.name}: python -m tests.performance.calls --write"
            )
        lines = exceeded(measure(), before)
        assert not lines, "\n".join([*lines, "renew the numbers with: python -m tests.performance.calls --write"])
