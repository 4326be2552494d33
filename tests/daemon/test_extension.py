"""The example of docs/extend, installed and used as its reader would.

Verifies: docs/architecture.md, Where to put something
"""

from __future__ import annotations

import hashlib
import http.client
import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from davd.observe.forecast.series import SEASON_STEPS, STEP_SECONDS, LoadSeries
from tests.conformance.daemon import ROOT, end_with_parent, environment, free_port, script
from tests.daemon.twistd import PLAIN, SECONDS, Running, ask, basic, command, davctl, run

EXAMPLE = ROOT / "docs/extend/example"
SUITES = Path(__file__).with_name("extension_suites.py")
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
            "    print(*sorted(maker.name for maker in getPlugins(interface)))"
        )
        done = run([sys.executable, "-c", program], tmp_path, _beside(installed))
        assert done.stdout.splitlines() == ["digest notebook", "shared", "backups", "spool", "yesterday"], done.stderr

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

    def test_its_way_is_told_of_alerts(self, installed: Path, tmp_path: Path) -> None:
        (tmp_path / "spool").mkdir()
        config = (
            '[alerts]\ndeliver = ["spool"]\nhold_seconds = 0\n# Some of any disk is in use.\ndisk_free = 1.0\n'
            f'[alerts.delivery.spool]\nfolder = "{tmp_path}/spool"\n'
        )
        with Running(tmp_path, config=config, more=_beside(installed)):
            deadline = time.monotonic() + SECONDS
            while not (told := [path for path in (tmp_path / "spool").iterdir() if path.suffix != ".part"]):
                assert time.monotonic() < deadline, "no alert"
                time.sleep(0.02)
            assert "firing" in told[0].read_text()

    def test_its_rule_makes_a_backup_wait_for_others(self, installed: Path, tmp_path: Path) -> None:
        config = '[rules.backups]\nagents = ["restic/"]\naccounts = []\nfactor = 2\n'
        with Running(tmp_path, config=config, words=("--admin", PLAIN), more=_beside(installed)) as davd:
            login = basic("admin", davd.password)
            davd.ask("GET", "/files/admin/x", None, login)
            davd.ask("GET", "/files/admin/x", None, login | {"User-Agent": "restic/0.18"})
            counted = davd.statistics()["pool"]["processing"]
            assert (counted["HIGH"]["number"], counted["LOW"]["number"]) == (1, 1)

    def test_its_parts_pass_the_tests_of_their_kinds(self, installed: Path, tmp_path: Path) -> None:
        shutil.copy(SUITES, tmp_path / "test_suites.py")
        argv = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--tb=short", "test_suites.py"]
        done = run(argv, tmp_path, _beside(installed))
        assert done.returncode == 0, done.stdout + done.stderr

    def test_its_notebooks_are_everybodys(self, installed: Path, tmp_path: Path) -> None:
        place = "/notebooks/admin/notes/"
        find = b'<notes-with xmlns="http://example.org/ns/notebook">BREAD</notes-with>'
        with Running(tmp_path, config="[extensions.notebook]\n", more=_beside(installed)) as davd:
            login = basic("admin", davd.password)
            assert "notebook" in (davd.ask("OPTIONS", place, None, login).getheader("DAV") or "").split(", ")
            assert davd.ask("PUT", place + "milk", b"Buy milk\n", login).status == 201
            assert davd.ask("PUT", place + "oil", b"Buy oil\n", login).status == 201
            assert davd.ask("PUT", place + "noise", b"\xff", login).status == 403
            assert davd.ask("APPEND", place + "milk", b"and bread\n", login).status == 204
            assert davd.ask("APPEND", place + "milk", b"x", login | {"If-Match": '"old"'}).status == 412
            assert davd.ask("GET", place + "milk", None, login).content == b"Buy milk\nand bread\n"  # type: ignore[attr-defined]
            found = davd.ask("REPORT", place, find, login).content.decode()  # type: ignore[attr-defined]
            assert place + "milk" in found
            assert place + "oil" not in found

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


class Own:
    """`twistd davd-own` on a free port, entered when it serves and left with SIGTERM."""

    def __init__(self, installed: Path, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        (folder / "davd.toml").write_text(
            f'data = "{folder / "data"}"\n[net]\nlisten = ["tcp:{self.port}:interface=127.0.0.1"]\n'
            "[caches]\nshared_after_ms = 0.0\n"
        )
        self._environment = environment() | _beside(installed)
        self._argv = [script("twistd"), "-n", "--pidfile=", "-r", "uvloop", "davd-own", "--config", "davd.toml"]
        for name in ("journal", "copies", "cache"):
            self._argv += [f"--{name}", name]

    def __enter__(self) -> Own:
        self._process = subprocess.Popen(
            self._argv,
            cwd=self.folder,
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            preexec_fn=end_with_parent,
        )
        assert self._process.stdout is not None
        said = []
        for line in self._process.stdout:
            said.append(line)
            if "serving tcp:" in line:
                break
        else:
            raise AssertionError("".join(said))
        self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=SECONDS)
        return self

    def __exit__(self, *error: object) -> None:
        self.connection.close()
        self._process.send_signal(signal.SIGTERM)
        said, _ = self._process.communicate(timeout=SECONDS)
        if error[0] is None:
            assert "Traceback" not in said, said
            assert "Server Shut Down." in said, said


class TestOwnServer:
    """Verifies: docs/architecture.md, Where to put something."""

    def test_what_is_changed_is_in_the_journal_and_what_is_large_in_two_places(
        self, installed: Path, tmp_path: Path
    ) -> None:
        made = davctl(tmp_path / "data", "user", "add", "ann", "--password-file", "-", text="correct horse\n")
        assert made.returncode == 0, made.stderr
        login, large = basic("ann", "correct horse"), b"0123456789abcdef" * 5000
        etags = b'<propfind xmlns="DAV:"><prop><getetag/></prop></propfind>'
        with Own(installed, tmp_path) as own:

            def told(method: str, path: str, body: bytes | None = None, **more: str) -> http.client.HTTPResponse:
                return ask(own.connection, method, path, body, login | more)

            assert told("PUT", "/files/ann/small", b"small").status == 201
            assert told("PUT", "/files/ann/large", large).status == 201
            assert told("MOVE", "/files/ann/small", Destination="/files/ann/moved").status == 201
            assert told("MOVE", "/files/ann/small", Destination="/files/ann/other").status == 404
            assert told("DELETE", "/files/ann/moved").status == 204
            assert told("PROPFIND", "/files/ann/", etags, Depth="1").status == 207
            blobs = [path for path in (tmp_path / "data/blobs").rglob("*") if path.is_file() and path.stat().st_size]
            assert len(blobs) == 1
            blobs[0].unlink()
            assert told("GET", "/files/ann/large").content == large  # type: ignore[attr-defined]
        lines = [json.loads(line) for line in (tmp_path / "journal").read_text().splitlines()]
        assert [(line["what"], line["path"]) for line in lines if line["path"].startswith("/files/ann/")] == [
            ("create", "/files/ann/small"),
            ("create", "/files/ann/large"),
            ("move", "/files/ann/moved"),
            ("delete", "/files/ann/moved"),
        ]
        assert [path.name for path in (tmp_path / "copies").iterdir()] == [blobs[0].name]
        assert list((tmp_path / "cache").iterdir())
