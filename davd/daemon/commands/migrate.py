"""`davctl migrate`: bring the store's schema up to date."""

from __future__ import annotations

import click

from davd.daemon.offline import Context
from davd.interfaces.store import IStore


@click.command()
@click.pass_obj
def migrate(context: Context) -> None:
    """Create the store or bring its schema up to date; starting the server does the same."""

    async def work(store: IStore) -> None:
        """Opening the store has migrated it."""

    context.with_store(work, make=True)
    click.echo("the store is up to date")
