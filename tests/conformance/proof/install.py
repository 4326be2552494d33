"""davd as an administrator installs it: a wheel made of this tree, in a new virtual environment."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
SECONDS = 600.0


class InstallError(Exception):
    """davd could not be installed; the text is what the program said that failed."""


def _run(*command: str | Path) -> str:
    """What a command says; this tree is not on its path."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run(
        list(map(str, command)), env=environment, capture_output=True, text=True, timeout=SECONDS, check=False
    )
    if done.returncode:
        raise InstallError(f"{command[0]} ended with {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def wheel(folder: Path, source: Path) -> Path:
    """davd's wheel, built in `folder` from a copy of the tree `source`."""
    tree = folder / "tree"
    for name in ("davd", "twisted"):
        shutil.copytree(source / name, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("setup.py", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy2(source / name, tree / name)
    _run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder / "dist", tree)
    [built] = (folder / "dist").glob("davd-*.whl")
    return built


def install(folder: Path, borrow: bool, source: Path = ROOT) -> Path:
    """The `bin` of a new environment with the davd of a tree in it.

    The libraries are installed from the pinned requirements. `borrow` takes those of the environment that this runs in
    instead, which is a matter of seconds; InstallError when anything goes wrong.
    """
    environment = folder / "davd"
    _run(Path(sys._base_executable), "-m", "venv", "--without-pip", environment)  # type: ignore[attr-defined]
    python = environment / "bin" / "python"
    pip = (sys.executable, "-m", "pip", "--python", python, "--quiet", "install")
    if borrow:
        target = _run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip()
        Path(target, "borrowed.pth").write_text("".join(f"{path}\n" for path in borrowed()))
        script = python.with_name("twistd")
        script.write_text(f"#!{python}\nfrom twisted.scripts.twistd import run\nrun()\n")
        script.chmod(0o755)
    else:
        _run(*pip, "-r", source / "requirements" / "core.txt")
    _run(*pip, "--no-index", "--no-deps", wheel(folder / "wheel", source))
    # As Twisted writes its list of plugins, which only who installs may do.
    _run(environment / "bin" / "twistd", "--help")
    return environment / "bin"


def interpreter() -> Path:
    """The folder of the interpreter that the environment rests on."""
    return Path(sys.base_prefix).resolve()


def borrowed() -> list[Path]:
    """Where the libraries are that `borrow` takes."""
    return [Path(path) for path in dict.fromkeys(sysconfig.get_path(name) for name in ("purelib", "platlib"))]
