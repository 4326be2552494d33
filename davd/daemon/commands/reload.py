"""`davctl reload`: the running server reads its settings and certificates again."""

from __future__ import annotations

import click

from davd.daemon.commands.command import Command
from davd.daemon.commands.outcomes import Reloaded
from davd.daemon.commands.running import asked
from davd.daemon.commands.telling import tell
from davd.daemon.offline import Context


@click.command(
    cls=Command,
    tells=Reloaded,
    examples=("davctl --config /etc/davd/davd.toml reload", "davctl --data /var/lib/davd reload --json"),
)
@click.pass_obj
def reload(context: Context, as_json: bool) -> None:
    """Have the running server read its settings again.

    Its certificates too. The server takes the settings whole or not at all, and drops no connection. Told are the keys
    that are in force now, and those that wait for a restart. Exit status 1, and the reason on standard error, when it
    has not taken them: then it goes on with those it has. `davctl check-config` foretells all of this.
    """
    outcome = asked(context.settings.data, "reload")
    told = Reloaded(outcome.ok, outcome.sentence, list(outcome.applied), list(outcome.restart))
    tell(as_json, told, [outcome.sentence] if outcome.ok else [])
    if not outcome.ok:
        raise click.ClickException(outcome.sentence)
