"""`davctl status`: how the server does, in a few lines."""

from __future__ import annotations

import os
import shutil
import time

import click
import msgspec

from davd.daemon.backup.last import last_backup
from davd.daemon.command_socket import Outcome
from davd.daemon.commands.command import Command
from davd.daemon.commands.outcomes import Status, Worker
from davd.daemon.commands.running import asked_if_running
from davd.daemon.commands.telling import tell
from davd.daemon.offline import Context

_SECONDS = 10.0


@click.command(
    cls=Command,
    tells=Status,
    examples=("davctl --config /etc/davd/davd.toml status", "davctl --data /var/lib/davd status --json | jq .running"),
)
@click.pass_obj
def status(context: Context, as_json: bool) -> None:
    """Say in a few lines how the server does.

    Whether one runs on the data folder and is ready, its version, its workers, open connections and alerts in force,
    how old the last backup is and how much room the disk has. Exit status 1 when none runs, or it is not ready.
    """
    data = context.settings.data
    outcome = asked_if_running(data, "status", _SECONDS)
    told = _status(data, outcome)
    tell(as_json, told, _lines(told, time.time()))
    if not told.healthy:
        raise click.exceptions.Exit(1)


def _status(data: str, outcome: Outcome | None) -> Status:
    workers = msgspec.convert(list(outcome.workers), list[Worker]) if outcome is not None else []
    last = last_backup(data)
    size, _, free = shutil.disk_usage(data) if os.path.isdir(data) else (0, 0, 0)
    return Status(
        data=os.path.abspath(data),
        running=outcome is not None,
        healthy=outcome is not None and outcome.ok and all(outcome.ready.values()),
        sentence=outcome.sentence if outcome is not None else "no davd runs on this folder",
        version=outcome.version if outcome is not None else "",
        pid=outcome.pid if outcome is not None else 0,
        workers=workers,
        ready=dict(outcome.ready) if outcome is not None else {},
        connections=outcome.connections if outcome is not None else 0,
        alerts=list(outcome.alerts) if outcome is not None else [],
        backup_at=last.at if last is not None else None,
        backup_target=last.target if last is not None else None,
        disk_bytes=size,
        disk_free_bytes=free,
    )


def _lines(told: Status, now: float) -> list[str]:
    lines = [f"data      {told.data}"]
    if told.running:
        wrong = [name for name, good in told.ready.items() if not good]
        lines += [
            f"davd      {told.version}, process {told.pid}; {told.sentence}",
            f"ready     {'yes' if not wrong else 'no: ' + ', '.join(wrong)}",
            f"clients   {told.connections} connections",
            f"alerts    {'; '.join(told.alerts) or 'none'}",
        ]
    else:
        lines.append("davd      does not run here")
    if told.workers:
        serving = sum(worker.serves and not worker.leaving for worker in told.workers)
        leaving = sum(worker.leaving for worker in told.workers)
        lines.append(f"workers   {serving} serve" + (f", {leaving} leaving" if leaving else ""))
    if told.backup_at is None:
        lines.append("backup    none was made; see davctl backup")
    else:
        lines.append(f"backup    {_age(now - told.backup_at)} ago, in {told.backup_target}")
    if told.disk_bytes:
        free, size = told.disk_free_bytes, told.disk_bytes
        lines.append(f"disk      {free / 1024**3:.1f} GiB free of {size / 1024**3:.1f} ({100 * free // size} %)")
    return lines


def _age(seconds: float) -> str:
    """A time span in the unit that people would choose."""
    for unit, name in ((86_400, "day"), (3600, "hour"), (60, "minute")):
        number = int(seconds // unit)
        if number:
            return f"{number} {name}{'' if number == 1 else 's'}"
    return f"{max(0, int(seconds))} seconds"
