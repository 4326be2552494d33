"""`davctl check-config`: would the server start with these settings?"""

from __future__ import annotations

import click

from davd.daemon.assemble import registry_of
from davd.daemon.offline import Context


@click.command("check-config")
@click.pass_obj
def check_config(context: Context) -> None:
    """Validate the configuration file and the environment; exit status 1 and one sentence when they are wrong."""
    try:
        registry_of(context.settings)
    except ValueError as error:
        raise click.ClickException(str(error)) from None
    click.echo("the configuration is valid")
