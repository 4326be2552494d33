"""`davctl migrate`: bring the store's schema up to date."""

from __future__ import annotations

import os

import click

from davd.daemon.commands.command import Command
from davd.daemon.commands.outcomes import Migrated
from davd.daemon.commands.telling import progress, tell
from davd.daemon.offline import Context
from davd.interfaces.store import IStore
from davd.stores.sqlite.migrate import migrations


@click.command(cls=Command, tells=Migrated, long=True, examples=("davctl --data /var/lib/davd migrate",))
@click.pass_obj
def migrate(context: Context, as_json: bool, bar: bool | None) -> None:
    """Create the store or bring its schema up to date.

    Starting the server does the same. A large store may take minutes: after an update run it before the server is
    started again, so that the service manager does not run out of patience. It is done whole or not at all.
    """

    async def work(store: IStore) -> None:
        """Opening the store has migrated it."""

    with progress(as_json, bar) as told:
        told("bringing the store up to date", 0, 0)
        context.with_store(work, make=True)
    outcome = Migrated(os.path.abspath(context.settings.data), len(migrations()))
    tell(as_json, outcome, ["the store is up to date"])
