"""The socket by which commands reach a running davd, and the calls that use it.

Verifies: docs/operate/operate.md, Commands to a running davd
"""

from __future__ import annotations

import os
import re
import socket
import stat
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThread
from twisted.trial.unittest import TestCase

from davd.daemon.command_call import NotRunning, call
from davd.daemon.command_socket import NAME, Command, CommandSocket, Outcome, Progress, Tell


def _said(folder: Path, line: bytes) -> list[Mapping[str, Any]]:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(30)
        connection.connect(str(folder / NAME))
        connection.sendall(line)
        with connection.makefile("rb") as answer:
            return [msgspec.json.decode(one) for one in answer]


def _mask() -> int:
    (found,) = re.findall(r"^Umask:\s*(\d+)$", Path("/proc/self/status").read_text(), re.MULTILINE)
    return int(found, 8)


class TestCommands(TestCase):
    """Verifies: docs/operate/operate.md, Commands to a running davd."""

    def setUp(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.waiting: list[Deferred[Outcome]] = []
        self.opened: list[CommandSocket] = []

    def tearDown(self) -> None:
        for one in self.opened:
            one.stop()

    def listen(self, folder: Path | None = None, **commands: Command) -> CommandSocket:
        """A socket that hears these commands."""
        made = CommandSocket(str(folder or self.folder), commands, reactor)
        made.start()
        self.opened.append(made)
        return made

    async def test_steps_are_told_and_then_the_outcome(self) -> None:
        async def restart(tell: Tell) -> Outcome:
            tell(Progress("one", 1, 2))
            tell(Progress("two", 2, 2))
            return Outcome(True, "done", workers=({"number": 0},))

        self.listen(restart=restart)
        told: list[Progress] = []
        outcome = await deferToThread(call, str(self.folder), "restart", told.append)
        self.assertEqual(outcome, Outcome(True, "done", workers=({"number": 0},)))
        self.assertEqual(told, [Progress("one", 1, 2), Progress("two", 2, 2)])
        lines = await deferToThread(_said, self.folder, b'{"do": "restart"}\n{"do": "restart"}\n')
        self.assertEqual(
            lines,
            [
                {"progress": "one", "done": 1, "of": 2},
                {"progress": "two", "done": 2, "of": 2},
                {"ok": True, "sentence": "done", "workers": [{"number": 0}]},
            ],
        )

    async def test_what_is_no_command_is_refused_with_a_sentence(self) -> None:
        self.listen(status=lambda _: Outcome(True, "well"))
        for line in (b"status\n", b"[]\n", b'{"do": 1}\n', b'{"do": "status", "more": 1}\n', b'{"do": "\xff"}\n'):
            (answer,) = await deferToThread(_said, self.folder, line)
            self.assertFalse(answer["ok"])
            self.assertIn("that is no command", answer["sentence"])
        (answer,) = await deferToThread(_said, self.folder, b'{"do": "end"}\n')
        self.assertEqual(answer["sentence"], "there is no such command; there are status")

    async def test_one_that_fails_is_told_without_its_reason(self) -> None:
        async def fail(tell: Tell) -> Outcome:
            raise ValueError("secret")

        self.listen(fail=fail)
        outcome = await deferToThread(call, str(self.folder), "fail")
        self.assertEqual(outcome, Outcome(False, "it could not be done; the log says why"))
        self.assertEqual(len(self.flushLoggedErrors(ValueError)), 1)

    async def test_only_its_own_user_reaches_it_and_it_goes_with_davd(self) -> None:
        listening = self.listen(status=lambda _: Outcome(True, "well"))
        path = self.folder / NAME
        self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o600)
        listening.stop()
        self.assertFalse(path.exists())
        with self.assertRaisesRegex(NotRunning, "no davd runs on"):
            call(str(self.folder), "status")

    async def test_it_is_nobody_elses_whatever_the_mask_of_the_process_which_others_go_by_as_well(self) -> None:
        masks: list[int] = []

        class Watched(CommandSocket):
            """Tells the mask that others would make a file by at the time of bind."""

            def _bind(self) -> socket.socket:
                sys.setprofile(seen)
                try:
                    return super()._bind()
                finally:
                    sys.setprofile(None)

        def seen(frame: Any, event: str, called: Any) -> None:
            if event == "c_call" and getattr(called, "__name__", "") == "bind":
                masks.append(_mask())

        before = os.umask(0)
        try:
            made = Watched(str(self.folder), {"status": lambda _: Outcome(True, "well")}, reactor)
            self.opened.append(made)
            made.start()
        finally:
            os.umask(before)
        self.assertEqual(masks, [0])
        self.assertEqual(stat.S_IMODE((self.folder / NAME).stat().st_mode), 0o600)

    async def test_the_socket_of_one_that_was_killed_is_taken_over_and_that_of_one_that_lives_is_not(self) -> None:
        with socket.socket(socket.AF_UNIX) as dead:
            dead.bind(str(self.folder / NAME))
        self.listen(status=lambda _: Outcome(True, "first"))
        second = self.listen(status=lambda _: Outcome(True, "second"))
        self.assertEqual((await deferToThread(call, str(self.folder), "status")).sentence, "first")
        second.stop()
        self.assertEqual((await deferToThread(call, str(self.folder), "status")).sentence, "first")

    async def test_a_folder_whose_path_is_longer_than_an_address(self) -> None:
        folder = self.folder / ("x" * 100)
        folder.mkdir()
        listening = self.listen(folder, status=lambda _: Outcome(True, "well"))
        self.assertTrue((await deferToThread(call, str(folder), "status")).ok)
        self.assertEqual(stat.S_IMODE((folder / NAME).stat().st_mode), 0o600)
        listening.stop()
        self.assertEqual(os.listdir(folder), [])

    async def test_who_goes_meanwhile_does_not_stop_it_and_who_has_waited_too_long_is_told(self) -> None:
        outcome: Deferred[Outcome] = Deferred()
        begun: Deferred[None] = Deferred()

        async def slow(tell: Tell) -> Outcome:
            begun.callback(None)
            return await outcome

        self.listen(slow=slow)
        waiting = deferToThread(call, str(self.folder), "slow", seconds=0.2)
        await begun
        await self.assertFailure(waiting, NotRunning)
        outcome.callback(Outcome(True, "done"))
