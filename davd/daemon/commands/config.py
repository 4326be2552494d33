"""`davctl config`: what is set, and where it comes from."""

from __future__ import annotations

import click
import msgspec

from davd.config.keys import keys, written
from davd.config.origin import Loaded
from davd.config.show import Row, rows
from davd.daemon.commands import completing
from davd.daemon.commands.command import Group
from davd.daemon.commands.running import asked
from davd.daemon.commands.telling import tell
from davd.daemon.offline import Context

# Where the origin of a setting stands when the setting is not too long.
_COLUMN = 56


@click.group(cls=Group)
def config() -> None:
    """Look at the settings."""


@config.command(
    tells=list[Row],
    examples=(
        "davctl --config /etc/davd/davd.toml config show --changed",
        "davctl config show net.max_connections",
        "davctl --data /var/lib/davd config show --running --changed",
    ),
)
@click.argument("prefix", required=False, default="", metavar="[SECTION|KEY]", shell_complete=completing.settings)
@click.option("--changed", is_flag=True, help="Only what is not at its default.")
@click.option("--running", is_flag=True, help="What the running server has in force, not what the file says.")
@click.pass_obj
def show(context: Context, prefix: str, changed: bool, running: bool, as_json: bool) -> None:
    """Show every setting with its value and its origin.

    The origin is the file or environment variable that it comes from. Passwords are not shown, and neither is any text
    in the sections of plugins. `hot` tells that a server which runs brings a change into force by itself; everything
    else waits for its restart. With SECTION or KEY only that is shown.
    """
    shown = _in_force(context.settings.data, changed) if running else rows(_loaded(context), changed)
    found = [row for row in shown if not prefix or row.key == prefix or row.key.startswith(f"{prefix}.")]
    if prefix and not found and not changed:
        raise click.ClickException(f"there is no setting called {prefix}; davctl config show lists them all")
    tell(as_json, found, [_line(row) for row in found])


def _loaded(context: Context) -> Loaded:
    return Loaded(context.settings, context.origins)


def _in_force(data: str, changed: bool) -> list[Row]:
    outcome = asked(data, "configuration")
    if not outcome.ok:
        raise click.ClickException(outcome.sentence)
    known = keys()
    found = msgspec.convert(list(outcome.settings), list[Row])
    return [row for row in found if not changed or row.key not in known or row.value != known[row.key].default]


def _line(row: Row) -> str:
    setting = f"{row.key} = {written(row.value)}"
    return f"{setting:<{_COLUMN}}  # {row.origin}{', hot' if row.hot else ''}"
