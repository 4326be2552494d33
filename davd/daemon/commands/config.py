"""`davctl config`: what is set, and where it comes from."""

from __future__ import annotations

import click
import msgspec

from davd.config.keys import written
from davd.config.origin import Loaded
from davd.config.show import Row, rows
from davd.daemon.offline import Context

# Where the origin of a setting stands when the setting is not too long.
_COLUMN = 56


@click.group()
def config() -> None:
    """Look at the settings."""


@config.command()
@click.argument("prefix", required=False, default="", metavar="[SECTION|KEY]")
@click.option("--changed", is_flag=True, help="Only what is not at its default.")
@click.option("--json", "as_json", is_flag=True, help="A JSON array of objects: key, value, origin, hot.")
@click.pass_obj
def show(context: Context, prefix: str, changed: bool, as_json: bool) -> None:
    """Show every setting with its value, and the file or environment variable that it comes from.

    Passwords are not shown, and neither is any text in the sections of plugins. `hot` tells that a server which runs
    brings a change into force by itself; everything else waits for its restart. With SECTION or KEY only that is shown.
    """
    shown = rows(Loaded(context.settings, context.origins), changed)
    found = [row for row in shown if not prefix or row.key == prefix or row.key.startswith(f"{prefix}.")]
    if prefix and not found and not changed:
        raise click.ClickException(f"there is no setting called {prefix}")
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(found), indent=2))
        return
    for row in found:
        click.echo(_line(row))


def _line(row: Row) -> str:
    setting = f"{row.key} = {written(row.value)}"
    return f"{setting:<{_COLUMN}}  # {row.origin}{', hot' if row.hot else ''}"
