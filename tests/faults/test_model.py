"""The model notices what it is there to notice.

Verifies: docs/architecture.md, Data
"""

import random
from dataclasses import replace

import pytest

from tests.faults.model import ANY, Entry, Script, Tree, admits, difference

TREE: Tree = {
    "folder": Entry(None, '"1"'),
    "folder/file": Entry("aa", '"2"', "value"),
    "lock0": Entry("bb", '"3"', token="urn:uuid:1"),
}


class TestAdmits:
    """Verifies: docs/architecture.md, Data."""

    def test_the_same(self) -> None:
        assert admits(TREE, dict(TREE))
        assert difference(TREE, dict(TREE)) == []

    @pytest.mark.parametrize(
        ("path", "entry"),
        [
            ("folder/file", None),
            ("folder/other", Entry("aa", '"2"')),
            ("folder/file", replace(TREE["folder/file"], sha256="cc")),
            ("folder/file", replace(TREE["folder/file"], etag='"9"')),
            ("folder/file", replace(TREE["folder/file"], value=None)),
            ("lock0", replace(TREE["lock0"], token=None)),
            ("lock0", replace(TREE["lock0"], token="urn:uuid:2")),
        ],
    )
    def test_what_was_lost_or_changed(self, path: str, entry: Entry | None) -> None:
        found = dict(TREE)
        if entry is None:
            del found[path]
        else:
            found[path] = entry
        assert not admits(TREE, found)
        assert difference(TREE, found)[0].startswith(path)

    def test_what_nobody_knows(self) -> None:
        unknown = TREE | {"lock0": replace(TREE["lock0"], etag=ANY, token=ANY)}
        assert admits(unknown, TREE)
        assert not admits(unknown, TREE | {"lock0": replace(TREE["lock0"], token=None)})


class TestScript:
    """Verifies: docs/architecture.md, Data."""

    def test_every_step_changes_the_tree_and_no_folder_is_missing(self) -> None:
        script = Script("/files/writer/0/", random.Random(1))
        methods = set()
        for number in range(2000):
            step = script.step()
            methods.add(step.method)
            tree = {path: replace(entry, etag=f'"{number}"') for path, entry in step.after.items() if entry.etag == ANY}
            tree = step.after | tree
            locked = {path: replace(entry, token="t") for path, entry in tree.items() if entry.token == ANY}
            assert step.method == "PUT" or step.after != script.tree
            script.tree = tree | locked
            for path in script.tree:
                assert "/" not in path or script.tree[path.rpartition("/")[0]].sha256 is None
        assert methods == {"PUT", "DELETE", "MKCOL", "MOVE", "COPY", "PROPPATCH", "LOCK", "UNLOCK"}
