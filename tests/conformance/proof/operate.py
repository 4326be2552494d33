"""What is done to davd while it serves: reloads, kills, restarts, the log opened again, backups restored elsewhere."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.conformance.daemon import free_port
from tests.conformance.proof import verdict
from tests.conformance.proof.load import KEPT, KEPT_BYTES
from tests.conformance.proof.read_back import read_back
from tests.conformance.proof.service import Service, ServiceError
from tests.conformance.proof.truth import Truth
from tests.conformance.proof.verdict import Finding, Kill

# How long a reload may take to be obeyed, a worker to be replaced, and a whole restart.
RELOAD_SECONDS = 20.0
REPLACE_SECONDS = 25.0
RESTART_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Step:
    """Something to do, so many seconds after the begin."""

    at: float
    name: str


def plan(duration: float, minute: float) -> list[Step]:
    """What is done when: each minute a reload and a kill, settings that are refused in every other one.

    Two rolling restarts at a third and two thirds, two backups, and the log opened again in the middle. What is wrong
    with the settings is put right within its minute, after the kill.
    """
    steps = []
    minutes = max(1, int(duration / minute))

    def part(share: float) -> int:
        return min(minutes - 1, int(minutes * share))

    for number in range(minutes):
        begin = number * minute
        refused = number % 2 == 1
        steps.append(Step(begin + 0.15 * minute, "refused" if refused else "reload"))
        steps.append(Step(begin + 0.4 * minute, "kill"))
        if refused:
            steps.append(Step(begin + 0.65 * minute, "right"))
    steps += [Step((part(share) + 0.8) * minute, "restart") for share in (0.3, 0.6)]
    steps += [Step((part(share) + 0.25) * minute, "backup") for share in (0.2, 0.7)]
    steps.append(Step((part(0.5) + 0.3) * minute, "reopen"))
    return sorted(steps, key=lambda step: step.at)


@dataclass(slots=True)
class Trouble:
    """What was done, and what went wrong with it."""

    kills: list[Kill] = field(default_factory=list)
    reloads: int = 0
    refused: int = 0
    restarts: int = 0
    replaced: list[float] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    backups: list[Finding] = field(default_factory=list)

    def finding(self) -> Finding:
        """All but the backups."""
        longest = max(self.replaced, default=0.0)
        figures = f"{self.reloads} reloads, {self.refused} of them refused; {self.restarts} restarts; "
        figures += f"{len(self.kills)} workers killed, {longest:.1f} s at most until another served"
        return Finding("reloads, restarts, kills", figures, self.faults)


class Operator:
    """Carries out the steps of a plan on a service whose clients' truth it is given.

    `settings` makes the text of valid settings from a number; `accounts` are names and passwords.
    """

    def __init__(
        self,
        service: Service,
        truth: Truth,
        settings: Callable[[int], str],
        accounts: dict[str, str],
        note: Callable[[str], None],
    ) -> None:
        self.trouble = Trouble()
        self._service = service
        self._truth = truth
        self._settings = settings
        self._accounts = accounts
        self._note = note
        self._version = 0
        self._backups: list[threading.Thread] = []
        self._one = threading.Lock()
        self._elsewhere = service.base / "elsewhere"
        self._elsewhere.mkdir()
        os.chown(self._elsewhere, service.uid, -1)
        # What is restored is served with no settings at all.
        self._defaults = service.settings.parent / "defaults"
        self._defaults.mkdir(mode=0o755)
        (self._defaults / "davd.toml").touch(mode=0o644)
        self._whole: list[tuple[int, int]] = []

    def carry_out(self, steps: list[Step], duration: float) -> None:
        """Do each at its time, and return after `duration` seconds, when what takes longer has ended too."""
        begin = time.monotonic()
        for step in steps:
            time.sleep(max(0.0, begin + step.at - time.monotonic()))
            self._note(step.name)
            try:
                getattr(self, step.name)()
            except ServiceError as error:
                self.trouble.faults.append(f"{step.name} at {step.at:.0f} s: {error}")
        time.sleep(max(0.0, begin + duration - time.monotonic()))
        for thread in self._backups:
            thread.join()

    def _heard_reload(self, before: int, began: float, says: str, at: int, seconds: float) -> None:
        """Wait until the service manager was told of a reload and its end, and the log of what came of it."""
        manager = self._service.manager

        def over() -> bool:
            later = [told.words for told in manager.heard[before:]]
            begun = [index for index, words in enumerate(later) if "RELOADING" in words]
            return bool(begun) and any("READY" in words for words in later[begun[0] :])

        self._service.wait(over, "no RELOADING with a READY after it", seconds)
        self._service.wait(lambda: says in self._service.log()[at:], f"the log does not say {says!r}", seconds)

    # Steps

    def reload(self) -> None:
        """Change a setting to another valid value."""
        self._version += 1
        self._change(self._settings(self._version), "in force now: pool.request_timeout", 1)

    right = reload

    def refused(self) -> None:
        """Change a setting to what it cannot be: all stay as they are."""
        self.trouble.refused += 1
        self._change(
            self._settings(self._version + 1) + '\n[rates]\nenabled = "often"\n', "the settings stay as they were", 0
        )

    def _change(self, text: str, says: str, success: int) -> None:
        service = self._service
        before, at, began = len(service.manager.heard), len(service.log()), time.time()
        self.trouble.reloads += 1
        service.write_settings(text)
        self._heard_reload(before, began, says, at, RELOAD_SECONDS)

        def shown() -> bool:
            metrics = service.metrics()
            when = metrics.get(("davd_config_reload_timestamp_seconds", frozenset()), 0.0)
            return when >= began - 1 and metrics.get(("davd_config_reload_success", frozenset())) == success

        service.wait(shown, f"the metrics do not show that the reload had success {success}", RELOAD_SECONDS)

    def kill(self) -> None:
        """Kill a worker: one of the same number as long as there is no restart, so that the other grows old."""
        service = self._service
        number = 1 - self.trouble.restarts % 2
        pid = next((pid for pid, found in sorted(service.workers().items()) if found == number), None)
        if pid is None:
            raise ServiceError(f"there is no worker {number}")
        asked = time.monotonic()
        # The supervisor asks all workers, and keeps what one that ends has told last.
        service.metrics()
        now = time.monotonic()
        self.trouble.kills.append(Kill(now, pid, asked))
        os.kill(pid, signal.SIGKILL)

        def replaced() -> bool:
            return any(
                found == number and other != pid and self._serves(other) for other, found in service.workers().items()
            )

        service.wait(replaced, f"no new worker {number} serves", REPLACE_SECONDS)
        self.trouble.replaced.append(time.monotonic() - now)

    def _serves(self, pid: int) -> bool:
        return re.search(rf"worker \d+ serves, process {pid}\b", self._service.log()) is not None

    def restart(self) -> None:
        """Have the workers replaced, one after the other."""
        service = self._service
        old = set(service.workers())
        before, at = len(service.manager.heard), len(service.log())
        service.send(signal.SIGUSR2)
        self._heard_reload(before, time.time(), "all workers are new", at, RESTART_SECONDS)
        service.wait(lambda: not old & set(service.workers()), "the old workers are still there", RESTART_SECONDS)
        if len(service.workers()) != service.wanted:
            raise ServiceError(f"there are {len(service.workers())} workers instead of {service.wanted}")
        self.trouble.restarts += 1

    def reopen(self) -> None:
        """Move the logs away and have them opened again; what is logged then has to stand in new files."""
        service = self._service
        logs = [service.logs / name for name in ("davd.log", "access.log")]
        for log in logs:
            log.rename(log.with_name(log.name + ".1"))
        service.send(signal.SIGUSR1)
        service.wait(lambda: all(log.exists() for log in logs), "the logs were not opened again", RELOAD_SECONDS)

    # Backups

    def backup(self) -> None:
        """Make a restore point in the background, and look at it elsewhere."""
        number = len(self._backups) + 1
        thread = threading.Thread(target=self._back_up, args=(number,), daemon=True)
        self._backups.append(thread)
        thread.start()

    def _back_up(self, number: int) -> None:
        finding = Finding(f"backup {number}", "")
        self.trouble.backups.append(finding)
        try:
            # Into one folder they go one after the other.
            with self._one:
                self._examine(number, finding)
        except Exception as error:
            finding.faults.append(f"{error}")

    def _examine(self, number: int, finding: Finding) -> None:
        service = self._service
        begin = time.monotonic()
        done = service.davctl("backup", str(service.backup), "--json")
        end = time.monotonic()
        if done.returncode:
            raise ServiceError(f"davctl backup: {done.returncode} {done.stdout}{done.stderr}")
        made = json.loads(done.stdout)
        size = sum(file.stat().st_size for file in [service.state / "davd.sqlite", *_files(service.state / "blobs")])
        self._whole.append((made["new_bytes"], size))
        finding.faults += verdict.incremental(self._whole, KEPT * KEPT_BYTES * len(self._accounts))
        checked = service.davctl("verify-backup", str(service.backup), "--json")
        if checked.returncode:
            finding.faults.append(f"verify-backup: {checked.stdout}{checked.stderr}")
        target = self._elsewhere / str(number)
        restored = service.davctl("restore", str(service.backup), "--to", str(target), "--json", data=self._elsewhere)
        if restored.returncode:
            raise ServiceError(f"davctl restore: {restored.returncode} {restored.stdout}{restored.stderr}")
        seen = self._serve(number, target, begin, end)
        finding.faults += seen.faults
        finding.figures = f"{made['new_bytes']} new bytes in {end - begin:.1f} s, restored elsewhere: {seen.figures}"
        fsck = service.davctl("fsck", data=target)
        if fsck.returncode:
            finding.faults.append(f"fsck of the restored store: {fsck.stdout}{fsck.stderr}")
        shutil.rmtree(target)

    def _serve(self, number: int, data: Path, begin: float, end: float) -> Finding:
        """Read everything from a davd that serves the restored folder."""
        port = free_port()
        name = f"restored-{number}"
        process = self._service.start(name, data, self._defaults, f"tcp:{port}:interface=127.0.0.1", [])
        try:
            self._service.wait(lambda: process.poll() is not None or _listens(port), "the restored davd is not there")
            return read_back(port, None, self._accounts, self._truth, lambda: [process.pid], begin, end)[0]
        finally:
            process.terminate()
            if process.wait(60) != 0:
                printed = (self._service.base / f"{name}.out").read_text()
                self.trouble.faults.append(f"the restored davd ended with {process.returncode}: {printed}")


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _files(folder: Path) -> list[Path]:
    return [file for file in folder.rglob("*") if file.is_file()]
