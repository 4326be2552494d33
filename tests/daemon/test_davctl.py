"""The command of the administrator.

Verifies: docs/architecture.md, Identity
"""

from __future__ import annotations

import os
import pathlib
import sqlite3

import pytest
from argon2 import PasswordHasher
from click.testing import CliRunner, Result

from davd.daemon.davctl import main


def _davctl(tmp_path: pathlib.Path, *words: str, input: str | None = None) -> Result:
    return CliRunner().invoke(main, ["--data", str(tmp_path / "data"), *words], input=input)


class TestUser:
    """Verifies: docs/architecture.md, Identity."""

    def test_add_list_passwd_remove(self, tmp_path: pathlib.Path) -> None:
        words = ["--password-file", "-", "--email", "a@example.org", "--display-name", "Alice L."]
        done = _davctl(tmp_path, "user", "add", "alice", *words, input="wonderland\n")
        assert (done.exit_code, done.output) == (0, "added alice\n")
        assert _davctl(tmp_path, "user", "list").output == "alice\ta@example.org\tAlice L.\n"
        done = _davctl(tmp_path, "user", "passwd", "alice", "--password-file", "-", input="looking-glass\n")
        assert done.exit_code == 0
        assert _davctl(tmp_path, "user", "remove", "alice").exit_code == 0
        assert _davctl(tmp_path, "user", "list").output == ""

    def test_only_an_argon2id_hash_is_stored(self, tmp_path: pathlib.Path) -> None:
        _davctl(tmp_path, "user", "add", "alice", "--password-file", "-", input="wonderland\n")
        for path in (tmp_path / "data").rglob("*"):
            assert not path.is_file() or b"wonderland" not in path.read_bytes()
        database = next((tmp_path / "data").glob("*.sqlite*"))
        with sqlite3.connect(database) as connection:
            (phc,) = connection.execute("SELECT password_hash FROM account").fetchone()
        assert phc.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
        assert PasswordHasher().verify(phc, "wonderland")

    def test_a_short_password_is_warned_of_and_taken(self, tmp_path: pathlib.Path) -> None:
        done = _davctl(tmp_path, "user", "add", "alice", "--password-file", "-", input="abc\n")
        assert done.exit_code == 0
        assert "warning" in done.output

    def test_a_password_file(self, tmp_path: pathlib.Path) -> None:
        (tmp_path / "password").write_text("wonderland\nsecond line\n")
        file = str(tmp_path / "password")
        assert _davctl(tmp_path, "user", "add", "alice", "--password-file", file).exit_code == 0

    @pytest.mark.parametrize(
        ("words", "input", "status", "sentence"),
        [
            (["user", "add", "a/b", "--password-file", "-"], "wonderland\n", 1, "an account name has"),
            (["user", "add", "a:b", "--password-file", "-"], "wonderland\n", 1, "an account name has"),
            (["user", "add", "..", "--password-file", "-"], "wonderland\n", 1, "an account name has"),
            (["user", "add", "x" * 65, "--password-file", "-"], "wonderland\n", 1, "an account name has"),
            (["user", "add", "alice", "--password-file", "-"], "\n", 1, "the password is empty"),
            (["user", "add", "alice", "--password-file", "/nowhere"], None, 1, "cannot read the password file"),
            (["user", "add", "alice"], None, 2, "--password-file"),
            (["user", "passwd", "nobody", "--password-file", "-"], "wonderland\n", 1, "there is no account nobody"),
            (["user", "remove", "nobody"], None, 1, "there is no account nobody"),
            (["user", "explode"], None, 2, "No such command"),
            ([], None, 2, "Usage"),
        ],
    )
    def test_errors(
        self, tmp_path: pathlib.Path, words: list[str], input: str | None, status: int, sentence: str
    ) -> None:
        _davctl(tmp_path, "migrate")
        done = _davctl(tmp_path, *words, input=input)
        assert done.exit_code == status
        assert sentence in done.output
        assert "Traceback" not in done.output

    def test_a_name_is_taken_once(self, tmp_path: pathlib.Path) -> None:
        for status in (0, 1):
            done = _davctl(tmp_path, "user", "add", "alice", "--password-file", "-", input="wonderland\n")
            assert done.exit_code == status
        assert "already" in done.output

    def test_removal_keeps_the_files_unless_told(self, tmp_path: pathlib.Path) -> None:
        _davctl(tmp_path, "user", "add", "alice", "--password-file", "-", input="wonderland\n")
        assert "the files stay" in _davctl(tmp_path, "user", "remove", "alice").output
        _davctl(tmp_path, "user", "add", "alice", "--password-file", "-", input="wonderland\n")
        assert _davctl(tmp_path, "user", "remove", "alice", "--delete-data").output == "removed alice\n"
        assert _davctl(tmp_path, "fsck").output == "the store is sound\n"


class TestStore:
    """Verifies: docs/architecture.md, Data."""

    def test_migrate_makes_a_private_folder(self, tmp_path: pathlib.Path) -> None:
        assert _davctl(tmp_path, "migrate").exit_code == 0
        assert os.stat(tmp_path / "data").st_mode & 0o777 == 0o700

    @pytest.mark.parametrize(
        "words", [["fsck"], ["user", "list"], ["user", "remove", "alice"], ["user", "passwd", "alice"]]
    )
    def test_a_mistyped_folder_is_told_and_not_made(self, tmp_path: pathlib.Path, words: list[str]) -> None:
        more = ["--password-file", "-"] if "passwd" in words else []
        done = _davctl(tmp_path, *words, *more, input="wonderland\n")
        assert (done.exit_code, done.output) == (1, f"Error: there is no store in {tmp_path / 'data'}\n")
        assert not (tmp_path / "data").exists()

    def test_a_foreign_file_is_refused_in_one_sentence(self, tmp_path: pathlib.Path) -> None:
        _davctl(tmp_path, "migrate")
        database = next((tmp_path / "data").glob("*.sqlite*"))
        for path in (tmp_path / "data").glob("*.sqlite*"):
            path.unlink()
        database.write_bytes(b"this is no database, but it is long enough to look at" * 100)
        done = _davctl(tmp_path, "fsck")
        assert done.exit_code == 1
        assert done.output.startswith("Error: ")
        assert len(done.output.splitlines()) == 1

    def test_a_folder_that_cannot_be_made(self, tmp_path: pathlib.Path) -> None:
        (tmp_path / "data").write_text("a file stands here")
        done = _davctl(tmp_path, "migrate")
        assert (done.exit_code, len(done.output.splitlines())) == (1, 1)


class TestCheckConfig:
    """Verifies: docs/architecture.md, Configuration."""

    def test_valid_and_invalid(self, tmp_path: pathlib.Path) -> None:
        path = tmp_path / "davd.toml"
        path.write_text('check_with = ["accounts"]\n[net]\nmax_connections = 100\n')
        done = CliRunner().invoke(main, ["--config", str(path), "check-config"])
        assert (done.exit_code, done.output) == (0, "the configuration is valid\n")
        for text, sentence in (
            ("[net]\nmax_conns = 1\n", "net: there is no setting called `max_conns`"),
            ("[extensions.absent]\n", "extensions.absent: no such extension is installed"),
            ("[admin]\nlisten = '=1'\n", "is no endpoint"),
            ("check_with = ['absent']\n", "there is no checker called absent"),
        ):
            path.write_text(text)
            done = CliRunner().invoke(main, ["--config", str(path), "check-config"])
            assert done.exit_code == 1
            assert sentence in done.output
            assert len(done.output.splitlines()) == 1

    def test_config_and_data_exclude_each_other(self, tmp_path: pathlib.Path) -> None:
        done = CliRunner().invoke(main, ["--config", "x", "--data", "y", "check-config"])
        assert done.exit_code == 2
