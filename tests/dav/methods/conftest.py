"""A fresh store for each test."""

import pytest

from davd.testing.exchange import Trial

HOME = "/files/alice/"


@pytest.fixture
def trial() -> Trial:
    return Trial()
