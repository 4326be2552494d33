"""This tree keeps the house rules.

Verifies: docs/architecture.md, Rules, Floors
"""

import pytest

from tests.house import imported
from tests.house.rules import RULES, Rule
from tests.house.source import ROOT


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_rule(rule: Rule) -> None:
    found = rule(ROOT)
    assert not found, f"{rule.__doc__}\n" + "\n".join(found)


def test_floors_0_to_5_import_without_twisted() -> None:
    assert imported.floors_that_load_twisted(ROOT) == []


def test_every_implementer_keeps_its_promise() -> None:
    assert imported.broken_promises(ROOT) == []
