"""`davctl admin-token`: the secret of the admin plane."""

from __future__ import annotations

import click

from davd.daemon import admin_token as tokens
from davd.daemon.commands.command import Command
from davd.daemon.commands.outcomes import Token
from davd.daemon.commands.telling import tell
from davd.daemon.first_run import make_folder
from davd.daemon.offline import Context
from davd.interfaces.store import StoreError


@click.command(
    "admin-token",
    cls=Command,
    tells=Token,
    examples=(
        "davctl admin-token",
        "davctl admin-token --renew",
        'curl -H "Authorization: Bearer $(davctl admin-token)" http://localhost:8081/metrics',
    ),
)
@click.option("--renew", is_flag=True, help="Make a new one; a running server knows it after a restart.")
@click.pass_obj
def admin_token(context: Context, renew: bool, as_json: bool) -> None:
    """Print the token that opens the admin plane.

    There is one after the first start with `[admin] listen`. Clients send it as `Authorization: Bearer TOKEN`, or as
    the password of any user.
    """
    folder = context.settings.data
    try:
        if renew:
            make_folder(folder)
            token: str | None = tokens.renew(folder)
        else:
            token = tokens.read(folder)
    except StoreError as error:
        raise click.ClickException(str(error)) from None
    if token is None:
        raise click.ClickException(f"there is no admin token in {folder}; --renew makes one")
    tell(as_json, Token(token, renew), [token])
