"""cadaver (neon) in an interactive session over TLS: the certificate is accepted, the account comes from .netrc.

Verifies: RFC 4918, 9.1, 9.2, 9.3, 9.6, 9.7, 9.8, 9.9, 9.10, 9.11
"""

import os
import pty
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conformance.daemon import Daemon
from tests.conformance.programs import program

Session = Callable[[str, list[str]], dict[str, str]]


@pytest.fixture
def session(daemon: Daemon, tmp_path: Path) -> Session:
    """Runs commands in a collection and returns what cadaver said to each: {command: text}.

    cadaver asks whether to trust a certificate only on a terminal, so its standard input is one.
    """

    def converse(path: str, commands: list[str]) -> dict[str, str]:
        (tmp_path / ".netrc").write_text(f"machine 127.0.0.1\nlogin {daemon.user}\npassword {daemon.password}\n")
        (tmp_path / ".inputrc").write_text("set enable-bracketed-paste off\n")
        env = os.environ | {"HOME": str(tmp_path), "INPUTRC": str(tmp_path / ".inputrc"), "TERM": "dumb"}
        ours, theirs = pty.openpty()
        try:
            os.write(ours, "\n".join(["y", *commands, "quit", ""]).encode())
            done = subprocess.run(
                [program("cadaver"), daemon.url + path],
                stdin=theirs,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env=env,
                cwd=tmp_path,
                timeout=60,
            )
        finally:
            os.close(ours)
            os.close(theirs)
        assert done.returncode == 0
        output = done.stdout.decode().replace("\r", "")
        _, *parts = re.split(r"^.*dav:\S+> ", output, flags=re.MULTILINE)
        answers = [part.partition("\n") for part in parts]
        assert [command for command, _, _ in answers] == [*commands, "quit"], output
        return {command: text.strip() for command, _, text in answers}

    return converse


class TestCadaver:
    """Verifies: RFC 4918, 9.3, 9.6, 9.7, 9.8, 9.9"""

    def test_files_and_collections(self, session: Session, folder: str, tmp_path: Path) -> None:
        """Upload, list, copy, move, read, delete, with a space and an umlaut in names."""
        (tmp_path / "a b.txt").write_text("hello from cadaver\n")
        said = session(
            folder,
            [
                "mkcol cöll",
                "put a\\ b.txt",
                "cp a\\ b.txt cöll/c.txt",
                "mv cöll/c.txt d.txt",
                "cat d.txt",
                "get d.txt down.txt",
                "ls",
                "rm d.txt",
                "rmcol cöll",
                "ls .",
            ],
        )
        for command in ("mkcol cöll", "put a\\ b.txt", "cp a\\ b.txt cöll/c.txt", "mv cöll/c.txt d.txt", "rmcol cöll"):
            assert said[command].endswith("succeeded."), said[command]
        assert said["cat d.txt"] == "hello from cadaver"
        assert (tmp_path / "down.txt").read_text() == "hello from cadaver\n"
        listed = [line.split("  ")[0] for line in map(str.strip, said["ls"].splitlines()[1:])]
        assert sorted(listed) == ["Coll:", "a b.txt", "d.txt"]
        assert re.search(r"a b\.txt\s+19\s", said["ls"])
        assert "d.txt" not in said["ls ."] and "Coll:" not in said["ls ."]

    def test_locks_and_properties(self, session: Session, folder: str, tmp_path: Path) -> None:
        """Verifies: RFC 4918, 9.1, 9.2, 9.10, 9.11"""
        (tmp_path / "f.txt").write_text("locked\n")
        said = session(
            folder,
            [
                "put f.txt",
                "lock f.txt",
                "discover f.txt",
                "propset f.txt colour blue",
                "propget f.txt colour",
                "propnames f.txt",
                "put f.txt",
                "unlock f.txt",
                "discover ./f.txt",
                "propdel f.txt colour",
                "propget ./f.txt colour",
            ],
        )
        assert said["lock f.txt"].endswith("succeeded.")
        assert re.search(r"Lock token <\S+>:\n\s+Depth 0 on `\S+/f\.txt'", said["discover f.txt"])
        assert "Scope: exclusive  Type: write  Timeout: " in said["discover f.txt"]
        assert said["propset f.txt colour blue"].endswith("succeeded.")
        assert said["propget f.txt colour"].endswith("Value of colour is: blue")
        assert "failed" not in said["propnames f.txt"]
        assert said["put f.txt"].endswith("succeeded.")
        assert said["unlock f.txt"].endswith("succeeded.")
        assert "Lock token" not in said["discover ./f.txt"]
        assert said["propdel f.txt colour"].endswith("succeeded.")
        assert "is: blue" not in said["propget ./f.txt colour"]
