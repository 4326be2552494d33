"""The example of docs/extend, installed and used as its reader would.

Verifies: docs/architecture.md, Where to put something
"""

from __future__ import annotations

import hashlib
import shutil
import sys
import time
from pathlib import Path

import pytest

from davd.observe.forecast.series import SEASON_STEPS, STEP_SECONDS, LoadSeries
from tests.conformance.daemon import ROOT, environment
from tests.daemon.twistd import PLAIN, Running, basic, command, run

EXAMPLE = ROOT / "docs/extend/example"
PROPFIND = b'<propfind xmlns="DAV:"><prop><sha256 xmlns="http://example.com/ns"/></prop></propfind>'


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the example in it, put there by pip from a copy, so that nothing is left in the checkout."""
    folder = tmp_path_factory.mktemp("extension")
    shutil.copytree(EXAMPLE, folder / "source", ignore=shutil.ignore_patterns("__pycache__"))
    target = folder / "target"
    flags = ["--quiet", "--no-deps", "--no-index", "--no-build-isolation", "--disable-pip-version-check"]
    argv = [sys.executable, "-m", "pip", "install", *flags, "--target", str(target), str(folder / "source")]
    done = run(argv, folder)
    assert done.returncode == 0, done.stdout + done.stderr
    return target


def _beside(installed: Path) -> dict[str, str]:
    """The environment in which Python and Twisted find the example and davd."""
    return {"PYTHONPATH": f"{installed}:{environment()['PYTHONPATH']}"}


class TestExtension:
    """Verifies: docs/architecture.md, Where to put something."""

    def test_its_plugins_are_found(self, installed: Path, tmp_path: Path) -> None:
        program = (
            "from twisted.plugin import getPlugins\n"
            "from davd.interfaces.admission import IAdmissionMaker\n"
            "from davd.interfaces.alert import IAlertMaker\n"
            "from davd.interfaces.extension import IExtensionMaker\n"
            "from davd.interfaces.forecast import IForecastMaker\n"
            "from davd.interfaces.identity import ICheckerMaker\n"
            "for interface in (IExtensionMaker, ICheckerMaker, IAdmissionMaker, IAlertMaker, IForecastMaker):\n"
            "    print(*[maker.name for maker in getPlugins(interface)])"
        )
        done = run([sys.executable, "-c", program], tmp_path, _beside(installed))
        assert done.stdout.splitlines() == ["digest", "shared", "backups", "spool", "yesterday"], done.stderr

    def test_its_property_is_answered(self, installed: Path, tmp_path: Path) -> None:
        config = '[extensions.digest]\nnamespace = "http://example.com/ns"\n'
        with Running(tmp_path, config=config, more=_beside(installed)) as davd:
            login = basic("admin", davd.password)
            davd.ask("PUT", "/files/admin/a", b"content", login)
            told = davd.ask("PROPFIND", "/files/admin/a", PROPFIND, login | {"Depth": "0"})
            assert told.status == 207
            assert hashlib.sha256(b"content").hexdigest().encode() in told.content  # type: ignore[attr-defined]

    def test_without_its_section_it_is_not_loaded(self, installed: Path, tmp_path: Path) -> None:
        with Running(tmp_path, more=_beside(installed)) as davd:
            login = basic("admin", davd.password)
            davd.ask("PUT", "/files/admin/a", b"content", login)
            told = davd.ask("PROPFIND", "/files/admin/a", PROPFIND, login | {"Depth": "0"})
            assert hashlib.sha256(b"content").hexdigest().encode() not in told.content  # type: ignore[attr-defined]

    def test_its_checker_proves_a_password(self, installed: Path, tmp_path: Path) -> None:
        config = 'check_with = ["accounts", "shared"]\n[checkers.shared]\nnames = ["kiosk"]\npassword = "open sesame"\n'
        with Running(tmp_path, config=config, more=_beside(installed)) as davd:
            assert davd.ask("PUT", "/files/kiosk/a", b"a", basic("kiosk", "open sesame")).status == 201
            assert davd.ask("GET", "/files/kiosk/a", None, basic("kiosk", "wrong")).status == 401
            assert davd.ask("GET", "/files/other/", None, basic("other", "open sesame")).status == 401
            assert davd.ask("GET", "/files/admin/", None, basic("admin", davd.password)).status == 200

    def test_its_rule_makes_a_backup_wait_for_others(self, installed: Path, tmp_path: Path) -> None:
        config = '[rules.backups]\nagents = ["restic/"]\naccounts = []\nfactor = 2\n'
        with Running(tmp_path, config=config, words=("--admin", PLAIN), more=_beside(installed)) as davd:
            login = basic("admin", davd.password)
            davd.ask("GET", "/files/admin/x", None, login)
            davd.ask("GET", "/files/admin/x", None, login | {"User-Agent": "restic/0.18"})
            counted = davd.statistics()["pool"]["processing"]
            assert (counted["HIGH"]["number"], counted["LOW"]["number"]) == (1, 1)

    def test_its_way_passes_the_tests_of_ways(self, installed: Path, tmp_path: Path) -> None:
        (tmp_path / "test_spool.py").write_text(
            "import os, tempfile\n"
            "from pathlib import Path\n"
            "from twisted.trial.unittest import TestCase\n"
            "from davd.testing.alert_conformance import AlertConformance\n"
            "from davd_spool import way\n\n\n"
            "class SpoolTests(AlertConformance, TestCase):\n"
            "    def setUp(self):\n"
            "        self.folder = tempfile.mkdtemp(dir='.')\n\n"
            "    def make_alert(self):\n"
            "        return way({'folder': self.folder})\n\n"
            "    def make_broken(self):\n"
            "        return way({'folder': self.folder + '/none'})\n\n"
            "    def told(self):\n"
            "        return [path.read_text() for path in sorted(Path(self.folder).iterdir())]\n"
        )
        done = run([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "."], tmp_path, _beside(installed))
        assert done.returncode == 0, done.stdout + done.stderr
        assert "4 passed" in done.stdout

    def test_its_forecast_passes_the_tests_of_forecasts(self, installed: Path, tmp_path: Path) -> None:
        (tmp_path / "test_yesterday.py").write_text(
            "from davd.testing.forecast_conformance import ForecastConformance\n"
            "from davd_yesterday import forecast\n\n\n"
            "class TestYesterday(ForecastConformance):\n"
            "    def make_forecast(self):\n"
            "        return forecast({'more': 0.2})\n"
        )
        done = run([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "."], tmp_path, _beside(installed))
        assert done.returncode == 0, done.stdout + done.stderr
        assert "6 passed" in done.stdout

    def test_its_forecast_is_asked(self, installed: Path, tmp_path: Path) -> None:
        config = (
            "[daemon]\nautoscale = true\nmax_workers = 2\n"
            '[scaling]\nforecast = "yesterday"\n[scaling.forecasts.yesterday]\nmore = 0.5\n'
        )
        series = LoadSeries()
        step = int(time.time() // STEP_SECONDS)
        for number in range(step - SEASON_STEPS - 400, step + 1):
            series.add(number * STEP_SECONDS, 0.02, STEP_SECONDS)
        (tmp_path / "data").mkdir()
        series.save(tmp_path / "data" / "load")
        with Running(tmp_path, config=config, words=("--admin", PLAIN), more=_beside(installed)) as davd:
            davd.wait_for("the forecast that acts: seasonal_naive")
            told = davd.statistics()["scaling"]
            # It says half as much again, so it is the worse one, and does not act.
            assert told["forecasts"] == pytest.approx({"yesterday": 0.03, "seasonal_naive": 0.02})
            assert told["errors"] == pytest.approx({"yesterday": 0.01, "seasonal_naive": 0.0})
            assert told["acts"] == {"yesterday": 0, "seasonal_naive": 1}

    @pytest.mark.parametrize(
        ("config", "sentence"),
        [
            (
                '[scaling]\nforecast = "yesterday"\n[scaling.forecasts.yesterday]\nmore = "x"\n',
                "scaling.forecasts.yesterday: expected more, a number from 0 on",
            ),
            ('[alerts]\ndeliver = ["nosuch"]\n', "alerts.deliver: there is no way called nosuch"),
            ('[alerts]\ndeliver = ["spool"]\n', "alerts.delivery.spool: expected a folder"),
            ("[rules.nosuch]\n", "rules.nosuch: no such rule is installed"),
            ('[rules.backups]\nagents = "x"\n', "rules.backups.agents: expected a list of texts"),
            ("[extensions.digest]\ncolour = 1\n", "extensions.digest: there is no setting called colour"),
            ("[extensions.digest]\nnamespace = 1\n", "extensions.digest.namespace: expected a text"),
            ('check_with = ["shared"]\n[checkers.shared]\nnames = "x"\n', "checkers.shared.names: expected"),
        ],
    )
    def test_a_wrong_setting_stops_the_start(self, installed: Path, tmp_path: Path, config: str, sentence: str) -> None:
        (tmp_path / "davd.toml").write_text(config)
        argv = command("uvloop", "--data", "data", "--config", "davd.toml", "--listen", PLAIN)
        done = run(argv, tmp_path, _beside(installed))
        assert done.returncode == 1
        assert done.stderr.startswith(f"davd: {sentence}")
        assert done.stderr.count("\n") == 1
