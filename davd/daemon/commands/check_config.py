"""`davctl check-config`: would the server start with these settings?"""

from __future__ import annotations

import time

import click

from davd.authentication.passwords import Passwords
from davd.config.settings import Settings
from davd.daemon.assemble import CheckerContext, checkers_of, registry_of, rules_of
from davd.daemon.offline import Context, drive
from davd.interfaces.identity import CheckerError
from davd.net.endpoints import ListenError, parse
from davd.stores.sqlite.store import SQLiteStore
from davd.stores.threads import run_here


@click.command("check-config")
@click.pass_obj
def check_config(context: Context) -> None:
    """Validate the configuration file and the environment; exit status 1 and one sentence when they are wrong."""
    try:
        _try(context.settings)
    except (ValueError, CheckerError, ListenError) as error:
        raise click.ClickException(str(error)) from None
    click.echo("the configuration is valid")


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
