"""`davctl completion` and what a shell offers by it.

Verifies: docs/operate/davctl.md, Completion
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.shell_completion import ShellComplete

from davd.daemon.davctl import main
from tests.conformance.daemon import environment, script
from tests.daemon.commands.davctl import Davctl

Offers = Callable[..., list[str]]

# What an interactive bash does when the tabulator key is hit behind the words of its arguments.
_TAB = """
source "$1"; shift
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
_davctl_completion davctl
printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.fixture
def davctl(tmp_path: Path) -> Davctl:
    davctl = Davctl(tmp_path)
    for name in ("alice", "albert", "bob"):
        davctl.user(name)
    davctl.done("group", "create", "all-staff")
    davctl.done("room", "create", "aula")
    davctl.done("calendar", "create", "work", "--user", "alice")
    return davctl


@pytest.fixture
def offers(davctl: Davctl) -> Offers:
    """What is offered for the last of some words."""

    def offered(*words: str, data: Path | None = None) -> list[str]:
        complete = ShellComplete(main, {}, "davctl", "_DAVCTL_COMPLETE")
        *before, last = words
        found = complete.get_completions(["--data", str(data or davctl.folder), *before], last)
        return [each.value for each in found]

    return offered


@pytest.mark.parametrize(
    ("words", "names"),
    [
        (["user", "passwd", ""], ["albert", "alice", "bob"]),
        (["user", "passwd", "al"], ["albert", "alice"]),
        (["user", "add", ""], []),
        (["group", "members", ""], ["all-staff"]),
        (["group", "add", "all-staff", "a"], ["albert", "alice", "all-staff", "aula"]),
        (["room", "remove", ""], ["aula"]),
        (["calendar", "list", "--user", "a"], ["albert", "alice", "aula"]),
        (["calendar", "remove", "--user", "alice", ""], ["calendar", "tasks", "work"]),
        (["calendar", "remove", ""], []),
        (["book", "remove", "--user", "alice", ""], ["contacts"]),
        (["export", "--user", "alice", "--collection", "c"], ["calendar", "contacts"]),
        (["grants", "/calendars/al"], ["/calendars/albert/", "/calendars/alice/"]),
        (["grants", "/calendars/alice/w"], ["/calendars/alice/work/"]),
        (["grants", "/nobody/al"], []),
        (["grants", "/.."], []),
        (["grant", "/calendars/alice/work/", "bo"], ["bob"]),
        (
            ["grant", "/calendars/alice/work/", "bob", "read"],
            ["read", "read-acl", "read-current-user-privilege-set", "read-free-busy"],
        ),
        (["config", "show", "scaling.bu"], None),
        (["app-password", "create", "bo"], ["bob"]),
        (["doctor", "https://a/", "--client", "da"], ["davx5"]),
        (["re"], ["reload", "resource", "restart", "restore", "revoke"]),
        (["--ver"], ["--version"]),
        (["user", "passwd", "alice", "--js"], ["--json"]),
    ],
)
def test_what_is_offered(offers: Offers, words: list[str], names: list[str] | None) -> None:
    found = offers(*words)
    if names is None:
        assert found and all(name.startswith(words[-1]) for name in found)
    else:
        assert found == names


def test_a_section_and_its_keys_are_offered(offers: Offers) -> None:
    found = offers("config", "show", "pool")
    assert found[0] == "pool" and "pool.batch_size" in found


def test_folders_of_backups_come_first(
    offers: Offers, davctl: Davctl, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    davctl.done("backup", str(tmp_path / "backup"))
    monkeypatch.chdir(tmp_path)
    assert offers("verify-backup", "") == ["backup"]
    assert offers("verify-backup", f"{tmp_path}/b") == [f"{tmp_path}/backup"]


@pytest.mark.parametrize("wrong", ["missing", "file", "foreign", "folder"])
def test_nothing_is_said_when_the_store_cannot_be_asked(offers: Offers, tmp_path: Path, wrong: str) -> None:
    data = tmp_path / "other"
    if wrong == "file":
        data.write_text("x")
    elif wrong != "missing":
        data.mkdir()
        if wrong == "foreign":
            (data / "davd.sqlite").write_bytes(b"no database" * 1000)
        else:
            (data / "davd.sqlite").mkdir()
    assert offers("user", "passwd", "", data=data) == []
    assert not (tmp_path / "other" / "davd.sqlite-wal").exists()


def test_wrong_settings_offer_nothing(tmp_path: Path) -> None:
    (tmp_path / "davd.toml").write_text("[net]\nnonsense = 1\n")
    complete = ShellComplete(main, {}, "davctl", "_DAVCTL_COMPLETE")
    assert complete.get_completions(["--config", str(tmp_path / "davd.toml"), "user", "passwd"], "") == []


def test_the_words_of_main_are_known_without_the_modules_of_the_commands() -> None:
    """A shell that completes a command must not wait for all that the commands need."""
    code = """if True:
        import sys
        from click.shell_completion import ShellComplete
        from davd.daemon.davctl import main
        print(len(ShellComplete(main, {}, "davctl", "_D").get_completions([], "")))
        heavy = ("davd.stores.sqlite", "davd.daemon.commands.u", "twisted.internet")
        print([name for name in sys.modules if name.startswith(heavy)])
    """
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment(), check=True)
    number, loaded = done.stdout.splitlines()
    assert int(number) > 20 and loaded == "[]"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_names_davctl_and_is_one_that_the_shell_takes(davctl: Davctl, tmp_path: Path, shell: str) -> None:
    text = davctl.done("completion", shell)
    assert "_DAVCTL_COMPLETE" in text
    path = tmp_path / "script"
    path.write_text(text)
    if shutil.which(shell):
        subprocess.run([shell, "-n", str(path)], check=True)


def test_in_a_bash(davctl: Davctl, tmp_path: Path) -> None:
    path = tmp_path / "davctl.bash"
    path.write_text(davctl.done("completion", "bash"))
    folder = os.path.dirname(script("davctl"))

    def tab(*words: str) -> list[str]:
        done = subprocess.run(
            ["bash", "--norc", "-c", _TAB, "bash", str(path), "davctl", "--data", str(davctl.folder), *words],
            capture_output=True,
            text=True,
            env=environment() | {"PATH": f"{folder}:{os.environ['PATH']}"},
        )
        assert done.stderr.strip() in ("", "bash: line 2: complete: nosort: invalid option name")
        return done.stdout.split()

    assert tab("user", "passwd", "al") == ["albert", "alice"]
    assert tab("verify") == ["verify-backup"]
    assert tab("calendar", "remove", "--user", "alice", "w") == ["work"]
    assert tab("nonsense", "x") == []
