"""Every fault of a document is told, in words.

Verifies: docs/architecture.md, Configuration
"""

from __future__ import annotations

import math
from typing import Any

import pytest

from davd.config.document import settings_of


def _sentences(document: dict[str, Any]) -> list[str]:
    settings, faults = settings_of(document)
    assert (settings is None) == bool(faults)
    return [fault.sentence for fault in faults]


class TestFaults:
    """Verifies: docs/architecture.md, Configuration."""

    def test_a_document_without_faults(self) -> None:
        settings, faults = settings_of({"net": {"max_connections": 5}, "extensions": {"x": {"y": [1]}}})
        assert settings is not None
        assert (settings.net.max_connections, settings.extensions, faults) == (5, {"x": {"y": [1]}}, [])

    def test_all_of_them_are_told(self) -> None:
        document = {"data": 5, "net": {"max_conections": 1, "body_rate": 0}, "pool": 3, "nte": {}}
        assert _sentences(document) == [
            "data: expected a text, not 5",
            "net: there is no setting called `max_conections`; did you mean `max_connections`?",
            "net.body_rate: expected a whole number, 1 or more, not 0",
            "pool: 3 is not a section: write [pool] and its settings below it",
            "there is no setting called `nte`; did you mean `net`?",
        ]

    @pytest.mark.parametrize(
        ("section", "key", "value", "sentence"),
        [
            ("pool", "request_timeout", math.nan, "expected a number, more than 0, at most 3600, not nan"),
            ("pool", "request_timeout", "soon", 'expected a number, more than 0, at most 3600, not "soon"'),
            ("pool", "enable_batching", "maybe", 'expected true or false, not "maybe"'),
            ("pool", "batch_size", 1001, "expected a whole number, 1 to 1000, not 1001"),
            ("dav", "principal_search", "me", 'expected "all" or "groups", not "me"'),
            ("dav", "well_known", ["a/b"], 'names of letters, digits, dots, - and _, not ["a/b"]'),
            ("net", "trusted_proxies", "x", 'expected a list of texts, not "x"'),
            ("caldav", "min_date_time", "x" * 99, f'expected a text, like 20261231T235959Z, not "{"x" * 59}...'),
        ],
    )
    def test_the_value_and_what_is_allowed_are_told(self, section: str, key: str, value: object, sentence: str) -> None:
        (found,) = _sentences({section: {key: value}})
        assert found.startswith(f"{section}.{key}: ")
        assert found.endswith(sentence)

    def test_a_setting_of_another_section_is_found_there(self) -> None:
        (found,) = _sentences({"net": {"batch_size": 5}})
        assert found == "net: there is no setting called `batch_size`; did you mean `pool.batch_size`?"
        (found,) = _sentences({"net": {"zzzz": 5}})
        assert found == "net: there is no setting called `zzzz`"

    def test_what_does_not_fit_together_is_told_at_once_as_well(self) -> None:
        found = _sentences({"net": {"listen": []}, "dav": {"prefix": "x"}})
        assert [sentence.partition(":")[0] for sentence in found] == ["net.listen", "dav.prefix"]

    def test_secrets_are_not_told(self) -> None:
        found = _sentences({"caches": {"redis": "http://:hidden@host"}, "checkers": {"cred": "hidden"}})
        assert len(found) == 2
        assert not any("hidden" in sentence for sentence in found)
