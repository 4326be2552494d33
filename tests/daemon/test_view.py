"""Who may share answers.

Verifies: docs/architecture.md, Caches
"""

from __future__ import annotations

import os
import sys
import types
from pathlib import Path

import pytest

from davd.config.settings import Settings
from davd.daemon import view
from davd.daemon.assemble import registry_of
from davd.daemon.view import view_of


class _Maker:
    name = "digest"
    path = "davd_view_test.extension"


@pytest.fixture
def extension(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of an extension that is installed and loaded."""
    file = tmp_path / "davd_view_test.py"
    file.write_text("one = 1\n")
    module = types.ModuleType("davd_view_test")
    module.__file__ = os.fspath(file)
    monkeypatch.setitem(sys.modules, "davd_view_test", module)
    monkeypatch.setattr(view, "getPlugins", lambda interface: [_Maker()])
    return file


def _view(**settings: object) -> bytes:
    made = Settings(**settings)  # type: ignore[arg-type]
    return view_of(made, registry_of(Settings()), "epoch")


class TestView:
    """Verifies: docs/architecture.md, Caches"""

    def test_it_is_the_same_in_equal_processes(self) -> None:
        assert _view() == _view()

    def test_the_life_of_the_store_counts(self) -> None:
        assert _view() != view_of(Settings(), registry_of(Settings()), "another")

    def test_settings_that_show_in_answers_count_and_others_do_not(self) -> None:
        assert _view(data="elsewhere") == _view()
        settings = Settings()
        settings.dav.prefix = "/dav"
        assert view_of(settings, registry_of(Settings()), "epoch") != _view()

    def test_the_text_of_an_extension_counts_when_it_is_in_force(self, extension: Path) -> None:
        without, before = _view(), _view(extensions={"digest": {}})
        assert before not in (without, _view(extensions={"digest": {"namespace": "x"}}))
        extension.write_text("one = 2\n")
        # What has been loaded is what counts, until another process loads it anew.
        assert _view(extensions={"digest": {}}) == before
        view.program.cache_clear()
        assert _view(extensions={"digest": {}}) != before
        assert _view() == without
