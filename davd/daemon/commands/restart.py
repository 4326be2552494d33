"""`davctl restart`: new workers in the place of those that serve, without a client noticing."""

from __future__ import annotations

import click
import msgspec

from davd.daemon.command_socket import Progress
from davd.daemon.commands.command import Command
from davd.daemon.commands.outcomes import Restarted, Worker
from davd.daemon.commands.running import asked
from davd.daemon.commands.telling import progress, tell
from davd.daemon.offline import Context


@click.command(
    cls=Command,
    tells=Restarted,
    long=True,
    examples=("davctl --config /etc/davd/davd.toml restart", "davctl --data /var/lib/davd restart --progress"),
)
@click.pass_obj
def restart(context: Context, as_json: bool, bar: bool | None) -> None:
    """Replace the workers of the running server, one by one.

    Each goes when the new one serves; nobody is refused. The new ones have all settings of the file, those that need a
    restart too, apart from what the process itself has taken: sockets and the number of workers. It is over when all
    workers are new. Exit status 1, and the reason on standard error, when one does not come up: those before it are new
    then, and the others stay. A server of one process has no workers: restart that by its service manager.
    """
    with progress(as_json, bar) as told:

        def hear(step: Progress) -> None:
            told(step.progress, step.done, step.of)

        outcome = asked(context.settings.data, "restart", hear, None)
    workers = msgspec.convert(list(outcome.workers), list[Worker])
    tell(as_json, Restarted(outcome.ok, outcome.sentence, workers), [outcome.sentence] if outcome.ok else [])
    if not outcome.ok:
        raise click.ClickException(outcome.sentence)
