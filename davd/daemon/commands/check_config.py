"""`davctl check-config`: would the server start with these settings?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from davd.daemon.davctl import Context


@click.command("check-config")
@click.pass_obj
def check_config(context: Context) -> None:
    """Validate the configuration file and the environment; exit status 1 and one sentence when they are wrong."""
    from davd.daemon.assemble import registry_of
    from davd.interfaces.identity import CheckerError

    try:
        registry_of(context.settings)
    except (CheckerError, ValueError) as error:
        raise click.ClickException(str(error)) from None
    click.echo("the configuration is valid")
