"""The description of the JSON API is that of the routes there are.

Verifies: docs/operate/monitoring.md, JSON API
"""

from __future__ import annotations

import re
from collections import Counter

import msgspec

from davd.admin.dashboard import Dashboard
from davd.admin.health import Admin
from davd.admin.openapi import OPERATIONS, document


def routes() -> set[tuple[str, str]]:
    """Method and path of every route of the app, paths as OpenAPI writes them."""
    found = set()
    for rule in Admin.app.url_map.iter_rules():
        for method in rule.methods - {"HEAD", "OPTIONS"}:
            found.add((method.lower(), re.sub(r"<(\w+)>", r"{\1}", rule.rule)))
    return found


class TestDocument:
    """Verifies: docs/operate/monitoring.md, JSON API"""

    def test_every_route_is_described_and_every_description_has_a_route(self) -> None:
        described = {(method, path) for path, operations in document()["paths"].items() for method in operations}
        assert described == routes()
        assert len(OPERATIONS) == len(described)

    def test_no_route_takes_the_name_and_so_the_place_of_another(self) -> None:
        """Klein goes by the names of functions; only the counters are at two places."""
        for app, twice in ((Admin.app, ["statistics"]), (Dashboard.app, [])):
            names = Counter(rule.endpoint for rule in app.url_map.iter_rules())
            assert [name for name, number in names.items() if number > 1] == twice

    def test_identifiers_are_unique_and_parameters_are_those_of_the_paths(self) -> None:
        found = []
        for path, operations in document()["paths"].items():
            for operation in operations.values():
                found.append(operation["operationId"])
                named = {parameter["name"] for parameter in operation.get("parameters", [])}
                assert named == set(re.findall(r"\{(\w+)\}", path))
        assert len(set(found)) == len(found)

    def test_it_is_json_and_says_its_version(self) -> None:
        assert msgspec.json.decode(msgspec.json.encode(document())) == document()
        assert document()["openapi"].startswith("3.1")
