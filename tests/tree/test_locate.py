"""From a path to a node.

Verifies: RFC 4918, 5.1
"""

from __future__ import annotations

import pytest

from davd.model.path import Path
from davd.testing.exchange import Trial, run
from davd.tree.locate import locate
from davd.tree.node import Node


@pytest.fixture(scope="module")
def trial() -> Trial:
    made = Trial()
    assert made.request("MKCOL", "/files/alice/box/").status == 201
    assert made.request("PUT", "/files/alice/box/letter", body=b"dear").status == 201
    return made


def _locate(trial: Trial, text: str) -> Node:
    async def work() -> Node:
        async with trial.store.read() as view:
            return await locate(view, Path.parse(text))

    return run(work())


class TestLocate:
    """Verifies: RFC 4918, 5.1."""

    @pytest.mark.parametrize(
        ("text", "names", "mapped"),
        [
            ("/", [""], True),
            ("/files/", ["", "files"], True),
            ("/files/alice/box/letter", ["", "files", "alice", "box", "letter"], True),
            ("/files/alice/box/letter/", ["", "files", "alice", "box", "letter"], True),
            ("/files/alice/box/absent", ["", "files", "alice", "box"], False),
            ("/files/alice/absent/absent", ["", "files", "alice"], False),
            ("/absent/files", [""], False),
        ],
    )
    def test_the_chain_goes_as_deep_as_there_is_something(
        self, trial: Trial, text: str, names: list[str], mapped: bool
    ) -> None:
        node = _locate(trial, text)
        assert [resource.name for resource in node.chain] == names
        assert (node.resource is not None) == mapped
        if node.resource is not None:
            assert node.resource is node.chain[-1]

    @pytest.mark.parametrize(
        ("text", "parent"),
        [
            ("/", None),
            ("/files", ""),
            ("/files/alice/box/letter", "box"),
            ("/files/alice/box/absent", "box"),
            ("/files/alice/absent/absent", None),
        ],
    )
    def test_the_parent_is_there_or_not(self, trial: Trial, text: str, parent: str | None) -> None:
        found = _locate(trial, text).parent
        assert (None if found is None else found.name) == parent
