"""The whole of it: davd is started, used, troubled, looked at, read back, stopped and judged."""

from __future__ import annotations

import random
import re
import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.conformance.proof import verdict
from tests.conformance.proof.confine import HONOURED
from tests.conformance.proof.contents import KINDS
from tests.conformance.proof.link import Link, Tally
from tests.conformance.proof.load import Client
from tests.conformance.proof.operate import Operator, plan
from tests.conformance.proof.read_back import login, read_back
from tests.conformance.proof.service import Service, remove_control_groups
from tests.conformance.proof.truth import Truth
from tests.conformance.proof.unit import LATER, PLAYED, seconds
from tests.conformance.proof.verdict import Bounds, Finding
from tests.conformance.proof.watching import Watching, requests_of

# For how long lines of the access log wait to be written: so many a worker that is killed takes along.
WRITTEN_SECONDS = 3.0
_LINE = re.compile(r'"method": ?"([A-Z]+)".*?"status": ?(\d+)')


@dataclass(frozen=True, slots=True)
class Options:
    """How long (seconds), with how many requests a second, how many workers, and what growth is allowed.

    Growth is that of memory in bytes, and of a worker's descriptors.
    """

    duration: float
    minute: float
    rate: float
    workers: int
    worker_bytes: int
    supervisor_bytes: int
    descriptors: int
    accounts: int = 4


def settings_of(base: Path) -> Callable[[int], str]:
    """Makes settings that differ by a number in one key that a reload brings into force.

    Caches are small, so that they are full when davd counts as warm.
    """

    def text(number: int) -> str:
        return (
            f"[pool]\nrequest_timeout = {30 + number % 20}.0\n"
            "[caches]\nmemory_bytes = 4_000_000\nderived_bytes = 16_000_000\n"
            "[application]\nrecall_bytes = 4_000_000\n"
            "[store]\ncache_mb = 1\nroute_cache = 300\nquery_cache = 100\npool_size = 8\n"
            f'[observe]\naccess_log = "{base / "logs" / "access.log"}"\naccess_format = "json"\n'
        )

    return text


def prove(base: Path, programs: Path, options: Options, say: Callable[[str], None]) -> list[Finding]:
    """What was found, with nothing left out."""
    accounts = {f"user{number}": secrets.token_hex(12) for number in range(options.accounts)}
    settings = settings_of(base)
    service = Service(base, programs, settings(0), accounts, options.workers)
    try:
        with service:
            say(
                f"davd serves as process {service.pid}, of user {service.uid}, with workers {sorted(service.workers())}"
            )
            findings = [_confinement(service)]
            findings += _under_load(service, accounts, settings, options, say)
            status = service.stop()
        findings.append(_after(service, status))
        reloads = sum("RELOADING" in told.words for told in service.manager.heard)
        heard = [(told.at, told.words) for told in service.manager.heard]
        watchdog = seconds(service.said["WatchdogSec"])
        findings.insert(1, verdict.told(heard, watchdog, reloads))
        return findings
    finally:
        remove_control_groups()


def _confinement(service: Service) -> Finding:
    """What became of the unit's directives, and what the kernel says of the processes."""
    became = service.became()
    honoured = [key for key, outcome in became.items() if outcome == HONOURED]
    played = [key for key in became if key in PLAYED or key in LATER]
    others = [f"{key} {outcome}" for key, outcome in became.items() if key not in honoured and key not in played]
    faults = []
    for pid in [service.pid, *service.workers()]:
        status = dict(
            line.split(":\t", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines() if ":\t" in line
        )
        wanted = {
            "User": status["Uid"].split() == [str(service.uid)] * 4,
            "CapabilityBoundingSet": status["CapBnd"] == status["CapEff"] == "0" * 16,
            "NoNewPrivileges": status["NoNewPrivs"] == "1",
            "SystemCallFilter": status["Seccomp"] == "2",
        }
        faults += [
            f"{key} is not in force for process {pid}" for key, holds in wanted.items() if key in honoured and not holds
        ]
    figures = f"{len(honoured)} directives honoured ({', '.join(honoured)}); played by the script: {', '.join(played)}"
    return Finding("confinement", "; ".join([figures, *others]), faults)


def _clients(
    service: Service, accounts: dict[str, str], truth: Truth, tally: Tally, leave: threading.Event, rate: float
) -> list[Client]:
    """One client of each kind for each account."""
    certificate = service.state / "certificate.pem"
    each = rate / (len(accounts) * len(KINDS))

    def pause(chance: random.Random) -> float:
        return min(2.0, chance.expovariate(each))

    return [
        Client(
            f"{kind.name}-{account}",
            kind,
            account,
            Link(service.port, certificate, login(account, password), service.workers, tally),
            truth,
            leave,
            pause,
        )
        for account, password in accounts.items()
        for kind in KINDS
    ]


def _under_load(
    service: Service,
    accounts: dict[str, str],
    settings: Callable[[int], str],
    options: Options,
    say: Callable[[str], None],
) -> list[Finding]:
    truth, tally, leave = Truth(), Tally(), threading.Event()
    clients = _clients(service, accounts, truth, tally, leave, options.rate)
    watching = Watching(service)
    begin = time.monotonic()

    def note(what: str) -> None:
        say(f"{time.monotonic() - begin:6.1f} s  {what}, {len(tally.answered)} requests so far")

    operator = Operator(service, truth, settings, accounts, note)
    for thread in (watching, *clients):
        thread.start()
    try:
        operator.carry_out(plan(options.duration, options.minute), options.duration)
    finally:
        leave.set()
        for client in clients:
            client.join(120)
        watching.leave()
    note("the clients have left")
    operator.trouble.faults += [f"{client.name} does not end" for client in clients if client.is_alive()]
    read, _ = read_back(service.port, service.state / "certificate.pem", accounts, truth, service.workers, tally=tally)
    note("everything was read back")
    kills = operator.trouble.kills
    metrics = requests_of(service.metrics())
    watching.scrapes.append((time.monotonic() - begin, metrics))
    # The lines of the last second.
    time.sleep(2.0)
    scraped = verdict.monotonic(watching.scrapes)
    scraped.faults += watching.faults
    return [
        operator.trouble.finding(),
        verdict.requests(tally, kills),
        read,
        *operator.trouble.backups,
        verdict.counted("metrics", metrics, tally, kills),
        scraped,
        verdict.counted("access log", _lines(service), tally, kills, WRITTEN_SECONDS),
        verdict.flat(watching.samples, _bounds(options)),
    ]


def _bounds(options: Options) -> dict[str, Bounds]:
    warm, lived = options.minute * 0.5, options.minute * 0.5
    return {
        "supervisor": Bounds(options.supervisor_bytes, 4, warm, lived),
        "worker": Bounds(options.worker_bytes, options.descriptors, warm, lived),
    }


def _lines(service: Service) -> Counter[tuple[str, int]]:
    """The lines of the access log by method and status."""
    found: Counter[tuple[str, int]] = Counter()
    for file in service.logs.glob("access.log*"):
        for line in file.read_text(errors="replace").splitlines():
            match = _LINE.search(line)
            if match is not None:
                found[match[1], int(match[2])] += 1
    return found


def _after(service: Service, status: int) -> Finding:
    """How it ended, whether the store is sound, and what the log says that it must not."""
    faults = [] if status == 0 else [f"davd ended with status {status}"]
    fsck = service.davctl("fsck")
    if fsck.returncode:
        faults.append(f"fsck: {fsck.stdout}{fsck.stderr}")
    text = service.log() + service.printed()
    for word in ("Traceback", "Unhandled"):
        at = text.find(word)
        if at >= 0:
            faults.append(f"the log has {word} {text.count(word)} times, first in: {text[max(0, at - 300) : at + 900]}")
    return Finding("end", f"status {status}; {fsck.stdout.strip()}", faults)
