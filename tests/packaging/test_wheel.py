"""The wheel: what is in it, and what it does to a clean environment.

Verifies: docs/architecture.md, Floors
"""

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TWISTD = "from twisted.scripts.twistd import run; run()"


def run(*command: str | Path, cwd: Path) -> str:
    """Standard output of a command; a failure shows all that it said. The checkout is not on its Python's path."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PIP_"))}
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def plugins(python: Path, cwd: Path) -> list[str]:
    """The names of the commands that twistd lists."""
    listing = run(python, "-c", TWISTD, "--help", cwd=cwd).partition("Commands:")[2]
    return [line.split()[0] for line in listing.splitlines() if line.strip()]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """davd's wheel, built from a copy of the tree, so that nothing is left in the checkout."""
    tree = tmp_path_factory.mktemp("tree")
    for folder in ("davd", "twisted", "tests"):
        shutil.copytree(ROOT / folder, tree / folder, ignore=shutil.ignore_patterns("__pycache__", "node_modules"))
    for file in ("setup.py", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy2(ROOT / file, tree / file)
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", tree / "dist", tree, cwd=tree)
    [built] = (tree / "dist").glob("davd-*.whl")
    return built


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of a new environment that borrows this one's libraries, but not its davd.

    A .pth file adds their folder to sys.path; .pth files inside of that folder, such as the one of an editable davd,
    are not read then.
    """
    folder = tmp_path_factory.mktemp("venv")
    venv.create(folder, with_pip=False, symlinks=True)
    python = folder / "bin/python"
    target = run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=folder).strip()
    paths = dict.fromkeys(sysconfig.get_path(name) for name in ("purelib", "platlib"))
    Path(target, "borrowed.pth").write_text("".join(path + "\n" for path in paths))
    return python


def test_it_carries_the_plugin_and_every_file_of_davd(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    expected = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "davd").rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }
    assert names == expected | {"twisted/plugins/davd_plugin.py"}


def test_it_is_installed_used_and_removed(wheel: Path, python: Path, tmp_path: Path) -> None:
    pip = (sys.executable, "-m", "pip", "--python", python)
    assert "davd" not in plugins(python, tmp_path)

    run(*pip, "install", "--quiet", "--no-index", "--no-deps", wheel, cwd=tmp_path)
    assert "davd" in plugins(python, tmp_path)
    where = run(python, "-c", "import davd; print(davd.__file__)", cwd=tmp_path)
    assert where.startswith(str(python.parents[1]))
    assert "uvloop" in run(python, "-c", TWISTD, "--help-reactors", cwd=tmp_path)
    assert "--data" in run(python, "-c", TWISTD, "davd", "--help", cwd=tmp_path)
    assert "user" in run(python.with_name("davctl"), "--help", cwd=tmp_path)

    run(*pip, "uninstall", "--quiet", "--yes", "davd", cwd=tmp_path)
    assert "davd" not in plugins(python, tmp_path)
    assert not python.with_name("davctl").exists()
