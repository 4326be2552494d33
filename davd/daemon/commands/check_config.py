"""`davctl check-config`: would the server start with these settings, and what would one that runs do with them?"""

from __future__ import annotations

import time

import click
import msgspec

from davd.authentication.passwords import Passwords
from davd.config.origin import COMMAND_LINE, Loaded
from davd.config.reload import Changes
from davd.config.settings import Settings
from davd.config.show import Row, rows
from davd.daemon.assemble import CheckerContext, checkers_of, registry_of, rules_of
from davd.daemon.commands.command import Command
from davd.daemon.commands.outcomes import ConfigChecked
from davd.daemon.commands.running import asked_if_running
from davd.daemon.commands.telling import tell
from davd.daemon.offline import Context, drive
from davd.interfaces.identity import CheckerError
from davd.net.endpoints import ListenError, parse
from davd.stores.sqlite.store import SQLiteStore
from davd.stores.threads import run_here

# The file is valid whether or not somebody answers.
_SECONDS = 5.0


@click.command(
    "check-config",
    cls=Command,
    tells=ConfigChecked,
    examples=(
        "davctl --config /etc/davd/davd.toml check-config",
        "davctl --config davd.toml.new check-config && mv davd.toml.new /etc/davd/davd.toml",
    ),
)
@click.pass_obj
def check_config(context: Context, as_json: bool) -> None:
    """Validate the settings, and foretell what a reload would change.

    The file and the environment are looked through as a start does it, without touching the store or a port. Exit
    status 1, and what is wrong on standard error, when the server would not start. When one runs on the data folder it
    is asked what it has in force. Secrets are never told, so one that differs is not noticed.
    """
    try:
        _try(context.settings)
    except (ValueError, CheckerError, ListenError) as error:
        raise click.ClickException(str(error)) from None
    outcome = asked_if_running(context.settings.data, "configuration", _SECONDS)
    lines = ["the configuration is valid"]
    if outcome is None or not outcome.ok:
        tell(as_json, ConfigChecked(True, False, [], []), lines)
        return
    running = msgspec.convert(list(outcome.settings), list[Row])
    changes = foretold(running, list(rows(Loaded(context.settings, context.origins))))
    if not changes:
        lines.append("the running server has it in force")
    if changes.apply:
        lines.append(f"a reload of the running server brings into force: {', '.join(changes.apply)}")
    if changes.restart:
        lines.append(f"the running server needs a restart for: {', '.join(changes.restart)}")
    tell(as_json, ConfigChecked(True, True, list(changes.apply), list(changes.restart)), lines)


def foretold(running: list[Row], wanted: list[Row]) -> Changes:
    """What a server that has the rows `running` in force would do with the rows `wanted`."""
    now, then = {row.key: row for row in running}, {row.key: row for row in wanted}
    found: tuple[list[str], list[str]] = [], []
    for key in {**now, **then}:
        old, new = now.get(key), then.get(key)
        if old is not None and (old.origin == COMMAND_LINE or old.origin.startswith("environment ")):
            # These go before the file, whatever it says, as long as the process lives.
            continue
        if old is None or new is None or old.value != new.value:
            row = new or old
            assert row is not None
            found[0 if row.hot else 1].append(key)
    return Changes(tuple(found[0]), tuple(found[1]))


def _try(settings: Settings) -> None:
    """Do what a start does, up to the things that a running server may have taken already: store and ports."""
    registry_of(settings)
    rules_of(settings)
    for endpoint in (*settings.net.listen, *filter(None, [settings.admin.listen])):
        parse(endpoint)
    store = SQLiteStore(settings.data, settings.store)
    for checker in checkers_of(
        settings, CheckerContext(store, Passwords(settings.authentication, run_here), time.time)
    ):
        drive(checker.start())
        drive(checker.stop())
