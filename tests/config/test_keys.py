"""What the settings classes say of each key.

Verifies: docs/architecture.md, Configuration
"""

from __future__ import annotations

import tomllib
from typing import Annotated, Literal

import pytest
from msgspec import Meta

from davd.config.keys import expected, keys, limits, values, written
from davd.config.settings import Settings

Words = Annotated[list[str], Meta(extra={"reload": True})]


class TestKeys:
    """Verifies: docs/architecture.md, Configuration."""

    def test_every_key_is_known_with_what_its_class_says_of_it(self) -> None:
        known = keys()["net.max_connections"]
        assert (known.default, known.hot, known.secret, known.limits) == (10_000, True, False, "1 or more")
        assert known.environment == "DAVD_NET__MAX_CONNECTIONS"
        assert known.expected == "a whole number, 1 or more"
        assert keys()["net.idle_timeout"].unit == "seconds"
        assert keys()["caches.redis"].secret
        assert not keys()["data"].hot
        assert "checkers" not in keys()

    def test_values_come_in_the_order_of_the_keys(self) -> None:
        assert [name for name, _ in values(Settings())] == list(keys())

    def test_what_plugins_are_given_has_names_as_well(self) -> None:
        settings = Settings(checkers={"cred": {"kind": "x", "more": {"a": 1}}}, extensions={"bare": {}})
        found = dict(values(settings))
        assert found["checkers.cred.more.a"] == 1
        assert found["checkers.cred.kind"] == "x"
        assert found["extensions.bare"] == {}

    def test_nothing_that_needs_a_restart_by_its_nature_says_that_it_is_hot(self) -> None:
        cold = {"data", "net.listen", "net.certificates", "admin.listen", "dav.prefix", "check_with", "caches.redis"}
        assert not [name for name in cold if keys()[name].hot]


class TestWords:
    """Verifies: docs/architecture.md, Configuration."""

    @pytest.mark.parametrize(
        ("kind", "sentence"),
        [
            (bool, "true or false"),
            (int, "a whole number"),
            (Annotated[int, Meta(ge=1, le=20_000)], "a whole number, 1 to 20_000"),
            (Annotated[float, Meta(gt=0, le=10)], "a number, more than 0, at most 10"),
            (Annotated[float, Meta(gt=0)], "a number, more than 0"),
            (Annotated[str, Meta(min_length=1, max_length=9)], "a text, not empty, at most 9 characters"),
            (Annotated[str, Meta(pattern="^x", extra={"form": "an x"})], "a text, an x"),
            (Literal["b", "a"], '"a" or "b"'),
            (Words, "a list of texts"),
            (dict[str, int], "a section"),
        ],
    )
    def test_what_a_type_takes(self, kind: object, sentence: str) -> None:
        assert expected(kind) == sentence

    def test_a_type_without_a_range_has_no_words_for_one(self) -> None:
        assert limits(int) == limits(str) == limits(Words) == ""

    @pytest.mark.parametrize("value", [True, 5, 10_000, 0.5, 1e15, 'a "text"\n', ["a", "b"], [], {"a": 1, "b": ["c"]}])
    def test_written_values_are_toml(self, value: object) -> None:
        assert tomllib.loads(f"value = {written(value)}")["value"] == value
