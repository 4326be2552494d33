"""The command `davctl`: what an administrator does beside the running server.

Exit status: 0 done, 1 could not be done or found something wrong, 2 the command line was wrong.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar

import click

from davd.config.load import ConfigError, load
from davd.config.settings import Settings
from davd.daemon.commands import check_config, fsck, migrate, user
from davd.daemon.first_run import make_folder
from davd.interfaces.store import IStore, StoreError
from davd.stores.sqlite.store import SQLiteStore

Result = TypeVar("Result")


async def run_here(work: Callable[[], Result]) -> Result:
    """Do what the server would do in a thread: the command has nothing else to do meanwhile."""
    return work()


def drive(work: Coroutine[Any, Any, Result]) -> Result:
    """Run a coroutine that never waits, since all blocking work is done where it stands."""
    try:
        work.send(None)
    except StopIteration as stop:
        result: Result = stop.value
        return result
    raise RuntimeError("a command waits for something that only a running server has")


@dataclass
class Context:
    """What every command gets: the settings, where they came from, and how to reach the store."""

    settings: Settings

    def with_store(self, work: Callable[[IStore], Awaitable[Result]]) -> Result:
        """Open the store, do `work`, close it; a click error of one sentence when the store cannot be used."""

        async def whole() -> Result:
            make_folder(self.settings.data)
            store = SQLiteStore(self.settings.data, self.settings.store, run_here)
            await store.start()
            try:
                return await work(store)
            finally:
                await store.stop()

        try:
            return drive(whole())
        except StoreError as error:
            raise click.ClickException(str(error)) from None


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--config", type=click.Path(dir_okay=False), help="TOML file with the settings.")
@click.option("--data", type=click.Path(file_okay=False), help="Folder of the store (default: davd-data here).")
@click.version_option(package_name="davd", prog_name="davctl")
@click.pass_context
def main(context: click.Context, config: str | None, data: str | None) -> None:
    """Look after a davd server, running or not."""
    if config is not None and data is not None:
        raise click.UsageError("give --config or --data, not both")
    try:
        settings = load(config, os.environ)
    except ConfigError as error:
        raise click.ClickException(str(error)) from None
    if data is not None:
        settings.data = data
    context.obj = Context(settings)


main.add_command(user.user)
main.add_command(fsck.fsck)
main.add_command(migrate.migrate)
main.add_command(check_config.check_config)
