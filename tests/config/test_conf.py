"""The files in conf/ that operators copy.

Verifies: docs/architecture.md, Configuration
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from davd.config.load import load
from davd.config.settings import Settings
from davd.dav.settings import DavSettings
from davd.net.settings import NetSettings

ROOT = Path(__file__).resolve().parents[2]
CONF = ROOT / "conf"


class TestToml:
    """Verifies: docs/architecture.md, Configuration."""

    def test_it_is_up_to_date(self) -> None:
        done = subprocess.run(
            [sys.executable, "tools/make_conf.py", "--check"], cwd=ROOT, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr

    def test_with_every_default_uncommented_it_says_the_same(self, tmp_path: Path) -> None:
        text = re.sub(r"^# (\w+ = )", r"\1", (CONF / "davd.toml").read_text(), flags=re.MULTILINE)
        settings, _, _ = text.partition("# Who proves passwords")
        file = tmp_path / "davd.toml"
        file.write_text(settings)
        assert load(str(file), {}) == Settings()
        count = len(re.findall(r"^\w+ = ", settings, re.MULTILINE))
        assert count > 50

    def test_the_page_for_operators_explains_every_limit(self) -> None:
        page = (ROOT / "docs/operate/operate.md").read_text()
        for owner in (NetSettings, DavSettings):
            for field in msgspec.structs.fields(owner):
                assert f"`{field.name}`" in page, f"docs/operate/operate.md does not tell of {field.name}"


class TestUnits:
    """Verifies: docs/architecture.md, Configuration."""

    @pytest.mark.parametrize(("unit", "most"), [("davd.service", "15")])
    def test_exposure(self, unit: str, most: str) -> None:
        program = shutil.which("systemd-analyze")
        if program is None:
            pytest.skip("systemd-analyze is not installed")
        argv = [program, "security", "--offline=true", f"--threshold={most}", "--no-pager", str(CONF / unit)]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stdout + done.stderr
