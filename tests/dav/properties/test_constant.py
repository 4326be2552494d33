"""Properties that are the same for all resources of some types, by a toy.

Verifies: RFC 4918, 15; RFC 4791, 5.2; RFC 6352, 6.2
"""

from __future__ import annotations

import pytest

from davd.dav.properties.constant import constant, kept
from davd.dav.registry import Extension
from davd.testing.exchange import Trial
from tests.dav.answers import by_href, prop

HOME = "/files/alice/"
FILE = HOME + "a"
COLOURS = "{urn:toy}colours"
NOTE = "{urn:toy}note"


@pytest.fixture
def trial() -> Trial:
    made = Trial(Extension("toy", properties=[constant(COLOURS, b"red", "collection"), kept(NOTE)]))
    made.request("PUT", FILE, {}, b"x")
    return made


def patch(trial: Trial, name: str) -> int:
    local = name.partition("}")[2]
    body = (
        f'<propertyupdate xmlns="DAV:" xmlns:t="urn:toy"><set><prop><t:{local}>mine</t:{local}></prop></set>'
        "</propertyupdate>"
    )
    (answer,) = by_href(trial, trial.request("PROPPATCH", HOME, {}, body.encode())).values()
    return answer.statuses()[name]


@pytest.mark.parametrize("depth", ["0", "1"])
def test_only_resources_of_the_types_have_it(trial: Trial, depth: str) -> None:
    found = by_href(trial, trial.request("PROPFIND", HOME, {"Depth": depth}, prop(COLOURS)))
    element = found[HOME].element(COLOURS)
    assert element.text == "red"
    (answer,) = by_href(trial, trial.request("PROPFIND", FILE, {"Depth": depth}, prop(COLOURS))).values()
    assert answer.statuses()[COLOURS] == 404


def test_a_constant_is_protected_and_what_is_kept_is_not(trial: Trial) -> None:
    assert patch(trial, COLOURS) == 403
    assert patch(trial, NOTE) == 200
    (answer,) = by_href(trial, trial.request("PROPFIND", HOME, {"Depth": "0"}, prop(NOTE))).values()
    assert answer.text(NOTE) == "mine"


def test_neither_is_in_allprop(trial: Trial) -> None:
    patch(trial, NOTE)
    (answer,) = by_href(trial, trial.request("PROPFIND", HOME, {"Depth": "0"})).values()
    assert not {COLOURS, NOTE} & answer.properties.keys()
