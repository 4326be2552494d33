"""The service under proof: davd in its confinement, its words to the service manager, its processes and figures."""

from __future__ import annotations

import http.client
import itertools
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from tests.conformance.daemon import free_port
from tests.conformance.proof import install, unit
from tests.conformance.proof.confine import Plan

UNIT = install.ROOT / "conf" / "davd.service"
SECONDS = 120.0
_SAMPLE = re.compile(r"^(\w+)(?:\{(.*)\})? (\S+)$")
_LABEL = re.compile(r'(\w+)="([^"]*)"')

Labels = frozenset[tuple[str, str]]


class ServiceError(Exception):
    """davd did not do what it was told; the text says what, and what davd said."""


@dataclass(frozen=True, slots=True)
class Told:
    """A message to the service manager, and when it came by the monotonic clock."""

    at: float
    words: Mapping[str, str]


def calls_of(value_lines: Sequence[str]) -> list[str]:
    """The system calls that the lines of SystemCallFilter leave, as systemd knows its groups; none without it."""
    found: set[str] = set()
    for line in value_lines:
        away = line.startswith("~")
        for word in line.removeprefix("~").split():
            calls = _group(word) if word.startswith("@") else {word}
            found = found - calls if away else found | calls
    # What a list of allowed calls always has (systemd.exec(5)).
    return sorted(found | _group("@default")) if found else []


def _group(name: str) -> set[str]:
    try:
        listed = subprocess.run(["systemd-analyze", "syscall-filter", name], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return set()
    words = [line.strip() for line in listed.stdout.splitlines()[1:]]
    found = {word for word in words if word and not word.startswith(("#", "@"))}
    return found.union(*(_group(word) for word in words if word.startswith("@")))


class Manager:
    """The service manager's end of sd_notify: hears all that is said, by whom does not matter."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.heard: list[Told] = []
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        path.chmod(0o666)
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        while True:
            try:
                message = self._socket.recv(65536).decode()
            except OSError:
                return
            if not message:
                return
            pairs = (line.partition("=") for line in message.splitlines())
            self.heard.append(Told(time.monotonic(), {key: value for key, _, value in pairs}))

    def count(self, word: str) -> int:
        """How often it has heard this."""
        return sum(word in told.words for told in self.heard)

    def close(self) -> None:
        """Listen no more."""
        self._socket.close()


class Service:
    """davd with several workers, on the folders below `base`, as the unit of this tree wants it.

    `programs` is the folder of davd's programs. Entering makes accounts and starts it, leaving stops it in any case.
    """

    def __init__(self, base: Path, programs: Path, settings: str, accounts: Mapping[str, str], workers: int) -> None:
        self.base = base
        self.port, self.admin_port = free_port(), free_port()
        self.state, self.logs, self.backup = base / "state", base / "logs", base / "backup"
        self.settings = base / "etc" / "davd.toml"
        self.directives = unit.directives(UNIT)
        self.said = dict(self.directives)
        self._run, self._reports = base / "run", base / "reports"
        self._programs = programs
        self._accounts = accounts
        self.wanted = workers
        self.uid = _free_uid() if os.geteuid() == 0 else os.geteuid()
        self._calls = calls_of([value for key, value in self.directives if key == "SystemCallFilter"])
        self._groups: dict[str, str] = {}
        self._plans = itertools.count()
        modes = {self.state: self.said["StateDirectoryMode"], self.logs: self.said["LogsDirectoryMode"]}
        for folder in (self._run, self.state, self.logs, self.backup):
            folder.mkdir()
            folder.chmod(int(modes.get(folder, "0700"), 8))
            os.chown(folder, self.uid, self.uid if os.geteuid() == 0 else -1)
        for folder in (self._reports, self.settings.parent):
            folder.mkdir(mode=0o755)
        self.write_settings(settings)
        self.manager = Manager(self._run / "notify")
        self.process: subprocess.Popen[bytes] | None = None

    # Running things in the confinement

    def confined(self, name: str, more: Sequence[Path] = ()) -> list[str]:
        """The words before a command that is to be run as the unit says; `more` folders are writable for it."""
        readable = [self._programs.parent, install.interpreter(), self.settings.parent, *install.borrowed()]
        plan = Plan(
            directives=self.directives,
            uid=self.uid,
            gid=self.uid if os.geteuid() == 0 else os.getegid(),
            cwd=str(self.state),
            writable=[str(folder) for folder in (self.state, self.logs, self._run, *more)],
            readable=[str(folder) for folder in readable if folder.is_dir()],
            calls=self._calls,
            groups=self._groups,
            report=str(self._reports / f"{name}.json"),
        )
        # Several may run at once.
        file = self._reports / f"{name}-{next(self._plans)}.plan"
        file.write_bytes(msgspec.json.encode(plan))
        return [sys.executable, "-m", "tests.conformance.proof.confine", str(file)]

    def _environment(self, more: Mapping[str, str] | None = None) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "LANG", "TZ") if name in os.environ}
        return kept | {"PYTHONDONTWRITEBYTECODE": "1"} | dict(more or {})

    def davctl(self, *words: str, text: str = "", data: Path | None = None) -> subprocess.CompletedProcess[str]:
        """Run `davctl` in the confinement, on this data folder or another one."""
        place = data or self.state
        argv = [*self.confined("davctl", [self.backup, place]), str(self._programs / "davctl"), "--data", str(place)]
        return subprocess.run(
            [*argv, *words],
            input=text,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
            cwd=install.ROOT,
            env=self._environment(),
        )

    def start(
        self,
        name: str,
        data: Path,
        settings: Path,
        endpoint: str,
        words: Sequence[str],
        more: Mapping[str, str] | None = None,
    ) -> subprocess.Popen[bytes]:
        """Start a davd in the confinement, on a data folder, the settings in a folder and an endpoint.

        What it prints goes to `NAME.out`.
        """
        folders = {"/opt/davd": self._programs.parent, "/etc/davd": settings, "/var/lib/davd": data}
        command = unit.command(self.said["ExecStart"], folders)
        # What belongs to twistd stands before the name of the service.
        log = ["--logfile", str(self.logs / f"{name}.log")]
        at = command.index("davd")
        argv = [*self.confined(name, [data]), *command[:at], *log, *command[at:], "--listen", endpoint, *words]
        with (self.base / f"{name}.out").open("wb") as out:
            return subprocess.Popen(
                argv, stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd=install.ROOT, env=self._environment(more)
            )

    def __enter__(self) -> Service:
        for name, password in self._accounts.items():
            done = self.davctl("user", "add", name, "--password-file", "-", text=password + "\n")
            if done.returncode:
                raise ServiceError(f"davctl user add: {done.stdout}{done.stderr}")
        self._groups.update(_control_groups())
        watchdog = int(unit.seconds(self.said["WatchdogSec"]) * 1e6)
        more = {"NOTIFY_SOCKET": str(self.manager.path), "WATCHDOG_USEC": str(watchdog)}
        words = ["--workers", str(self.wanted), "--admin", f"tcp:{self.admin_port}:interface=127.0.0.1"]
        self.process = self.start(
            "davd", self.state, self.settings.parent, f"ssl:{self.port}:interface=127.0.0.1", words, more
        )
        self._groups = {}
        try:
            self.wait(lambda: self.manager.count("READY") > 0, "it is not ready")
        except BaseException:
            self.__exit__()
            raise
        return self

    def wait(self, holds: Any, otherwise: str, seconds: float = SECONDS) -> None:
        """Return when `holds()` does; ServiceError when davd has ended, or so much time has passed."""
        deadline = time.monotonic() + seconds
        while not holds():
            status = self.process.poll() if self.process is not None else None
            if status is not None:
                raise ServiceError(f"davd ended with {status}\n{self.printed()}{self.log()[-4000:]}")
            if time.monotonic() > deadline:
                raise ServiceError(f"{otherwise} within {seconds:.0f} s\n{self.printed()}{self.log()[-4000:]}")
            time.sleep(0.05)

    def printed(self) -> str:
        """What davd has written to its standard output and error."""
        return (self.base / "davd.out").read_text(errors="replace")

    def log(self) -> str:
        """What davd has logged, before and after its log was opened again."""
        files = sorted(self.logs.glob("davd.log*"), reverse=True)
        return "".join(file.read_text(errors="replace") for file in files)

    def became(self) -> dict[str, str]:
        """What became of each directive of the unit."""
        found: dict[str, str] = json.loads((self._reports / "davd.json").read_text())
        return found

    def write_settings(self, text: str) -> None:
        """Put other settings in place of the ones before, in one step."""
        new = self.settings.with_name("new")
        new.write_text(text)
        new.chmod(0o644)
        new.replace(self.settings)

    # Its processes and figures

    @property
    def pid(self) -> int:
        """The supervisor."""
        assert self.process is not None
        return self.process.pid

    def workers(self) -> dict[int, int]:
        """The numbers of the workers that there are, by their process ids."""
        found: dict[int, int] = {}
        try:
            children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        except OSError:
            return found
        for child in children:
            try:
                words = Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if b"--number" in words:
                found[int(child)] = int(words[words.index(b"--number") + 1])
        return found

    def ask(self, path: str) -> bytes:
        """An answer of the admin plane; ServiceError for any but 200."""
        connection = http.client.HTTPConnection("127.0.0.1", self.admin_port, timeout=30)
        try:
            token = (self.state / "admin-token").read_text().strip()
            connection.request("GET", path, headers={"Authorization": f"Bearer {token}"})
            answer = connection.getresponse()
            content = answer.read()
        except (OSError, http.client.HTTPException) as error:
            raise ServiceError(f"the admin plane does not answer {path}: {error!r}") from None
        finally:
            connection.close()
        if answer.status != 200:
            raise ServiceError(f"the admin plane answers {path} with {answer.status}")
        return content

    def metrics(self) -> dict[tuple[str, Labels], float]:
        """The samples of `/metrics` by name and labels."""
        return samples(self.ask("/metrics").decode())

    def send(self, number: signal.Signals) -> None:
        """Send the supervisor a signal."""
        os.kill(self.pid, number)

    def stop(self) -> int:
        """Send SIGTERM and give the status; ServiceError when it takes longer than the unit allows."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(unit.seconds(self.said["TimeoutStopSec"]))
        except subprocess.TimeoutExpired:
            raise ServiceError(f"still there after SIGTERM\n{self.log()[-4000:]}") from None

    def __exit__(self, *_: object) -> None:
        try:
            if self.process is not None and self.process.poll() is None:
                self.stop()
        finally:
            if self.process is not None and self.process.poll() is None:
                self.process.kill()
                self.process.wait()
            self.manager.close()


def samples(text: str) -> dict[tuple[str, Labels], float]:
    """Prometheus' text as values by name and labels."""
    found: dict[tuple[str, Labels], float] = {}
    for line in text.splitlines():
        match = _SAMPLE.match(line)
        if match is not None:
            found[match[1], frozenset(_LABEL.findall(match[2] or ""))] = float(match[3])
    return found


def _free_uid() -> int:
    """A number that is no user's and no process's, of those that systemd gives to its dynamic users."""
    used = {Path("/proc", entry).stat().st_uid for entry in os.listdir("/proc") if entry.isdigit() and _there(entry)}
    return next(uid for uid in range(61184, 65520) if uid not in used)


def _there(entry: str) -> bool:
    return os.path.exists(f"/proc/{entry}")


def _control_groups() -> dict[str, str]:
    """New control groups for memory and processes, where they can be made."""
    made = {}
    for controller in ("memory", "pids"):
        for place in (Path("/sys/fs/cgroup", controller), Path("/sys/fs/cgroup")):
            folder = place / f"davd-proof-{os.getpid()}"
            try:
                folder.mkdir(exist_ok=True)
            except OSError:
                continue
            made[controller] = str(folder)
            break
    return made


def remove_control_groups() -> None:
    """Remove what was made for the proof, when nothing runs in it any more."""
    for folder in Path("/sys/fs/cgroup").glob(f"**/davd-proof-{os.getpid()}"):
        try:
            folder.rmdir()
        except OSError:
            continue
