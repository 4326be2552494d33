"""Names in an htpasswd file.

Verifies: docs/architecture.md, Identity
"""

from __future__ import annotations

import os
import pathlib
import subprocess
from collections.abc import Callable

import pytest
from argon2 import PasswordHasher
from zope.interface.verify import verifyObject

from davd.authentication.passwords import Passwords
from davd.authentication.settings import AuthenticationSettings
from davd.checkers.htpasswd import HtpasswdChecker, apr1, verify
from davd.interfaces.identity import CheckerError, IChecker
from davd.testing.exchange import run as drive


class TestHashes:
    """Verifies: docs/architecture.md, Identity."""

    @pytest.mark.parametrize("option", ["-B", "-m", "-s"])
    def test_what_htpasswd_writes(self, option: str) -> None:
        for password in ("secret", "pässwörd", "x" * 70, "a"):
            cost = ["-C", "5"] if option == "-B" else []
            command = ["htpasswd", "-nb", *cost, option, "u", password]
            line = subprocess.run(command, capture_output=True, text=True, check=True).stdout
            stored = line.strip().partition(":")[2]
            assert verify(stored, password)
            assert not verify(stored, password + "x")

    def test_a_published_apr1(self) -> None:
        assert apr1(b"myPassword", "qHDFfhPC") == "$apr1$qHDFfhPC$nITSVHgYbDAK1Y0acGRnY0"

    def test_argon2(self) -> None:
        stored = PasswordHasher(time_cost=1, memory_cost=64).hash("secret")
        assert verify(stored, "secret")
        assert not verify(stored, "Secret")

    def test_bcrypt_beyond_72_bytes(self) -> None:
        stored = "$2y$05$c4WoMPo3SXsafkva.HHa6uXQZWr7oboPiC2bT/r7q1BB8I2s0BRqC"
        assert verify(stored, "myPassword")
        assert not verify(stored, "x" * 100)

    def test_other_forms_are_refused(self) -> None:
        for stored in ("", "secret", "$1$abc$def", "rl.3StKT.4T8M", "$2y$05$short", "$argon2id$broken"):
            assert not verify(stored, "secret")


async def _here(work: Callable[[], bool]) -> bool:
    return work()


def _checker(path: pathlib.Path, clock: list[float]) -> HtpasswdChecker:
    return HtpasswdChecker(str(path), Passwords(AuthenticationSettings(), _here), lambda: clock[0])


class TestFile:
    """Verifies: docs/architecture.md, Identity."""

    def test_names_and_changes(self, tmp_path: pathlib.Path) -> None:
        path, clock = tmp_path / "users", [0.0]
        path.write_text("# people\nalice:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n")
        checker = _checker(path, clock)
        verifyObject(IChecker, checker)
        drive(checker.start())
        assert drive(checker.check("alice", "secret")) == "alice"
        assert drive(checker.check("alice", "wrong")) is None
        with pytest.raises(LookupError):
            drive(checker.check("bob", "secret"))
        before, stamp = checker.generation(), drive(checker.stamp("alice"))
        path.write_text("alice:{SHA}xxxxxxxxxxxxxxxxxxxxxxxxxxx=\nbob:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n")
        assert checker.generation() == before
        clock[0] = 1.0
        assert checker.generation() != before
        assert drive(checker.stamp("alice")) != stamp
        assert drive(checker.check("bob", "secret")) == "bob"

    def test_a_file_that_goes_away_leaves_its_entries(self, tmp_path: pathlib.Path) -> None:
        path, clock = tmp_path / "users", [0.0]
        path.write_text("alice:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n")
        checker = _checker(path, clock)
        drive(checker.start())
        os.unlink(path)
        clock[0] = 5.0
        assert drive(checker.check("alice", "secret")) == "alice"

    def test_a_missing_file_stops_the_start(self, tmp_path: pathlib.Path) -> None:
        with pytest.raises(CheckerError, match="cannot read the htpasswd file"):
            drive(_checker(tmp_path / "absent", [0.0]).start())
