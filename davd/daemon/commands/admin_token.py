"""`davctl admin-token`: the secret of the admin plane."""

from __future__ import annotations

import click

from davd.daemon import admin_token as tokens
from davd.daemon.first_run import make_folder
from davd.daemon.offline import Context
from davd.interfaces.store import StoreError


@click.command("admin-token")
@click.option("--renew", is_flag=True, help="Make a new one; a running server knows it after a restart.")
@click.pass_obj
def admin_token(context: Context, renew: bool) -> None:
    """Print the token that opens the admin plane; there is one after the first start with `[admin] listen`.

    Clients send it as `Authorization: Bearer TOKEN`, or as the password of any user.
    """
    folder = context.settings.data
    try:
        if renew:
            make_folder(folder)
            click.echo(tokens.renew(folder))
            return
        token = tokens.read(folder)
    except StoreError as error:
        raise click.ClickException(str(error)) from None
    if token is None:
        raise click.ClickException(f"there is no admin token in {folder}; --renew makes one")
    click.echo(token)
