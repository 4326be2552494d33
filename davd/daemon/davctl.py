"""The command `davctl`: what an administrator does beside the running server.

Exit status: 0 done, 1 could not be done or found something wrong, 2 the command line was wrong.
"""

from __future__ import annotations

import os

import click

from davd.config.load import ConfigError, load
from davd.daemon.commands import (
    book,
    calendar,
    check_config,
    exports,
    fsck,
    group,
    imports,
    migrate,
    resource,
    room,
    user,
)
from davd.daemon.offline import Context


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--config", help="TOML file with the settings.")
@click.option("--data", help="Folder of the store (default: davd-data here).")
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
main.add_command(group.group)
main.add_command(room.room)
main.add_command(resource.resource)
main.add_command(calendar.calendar)
main.add_command(book.book)
main.add_command(imports.import_)
main.add_command(exports.export)
main.add_command(fsck.fsck)
main.add_command(migrate.migrate)
main.add_command(check_config.check_config)
