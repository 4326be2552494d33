"""The command `davctl`: what an administrator does beside the running server.

Exit status: 0 done, 1 could not be done or found something wrong, 2 the command line was wrong.
"""

from __future__ import annotations

import os

import click

from davd.config.load import ConfigError, load_with_origins
from davd.config.origin import COMMAND_LINE
from davd.daemon.commands import (
    admin_token,
    backup,
    bench,
    book,
    calendar,
    check_config,
    doctor,
    exports,
    fsck,
    grant,
    group,
    imports,
    migrate,
    resource,
    room,
    trash,
    user,
)
from davd.daemon.commands import config as config_command
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
        loaded = load_with_origins(config, os.environ)
    except ConfigError as error:
        raise click.ClickException("\n".join(error.faults)) from None
    origins = dict(loaded.origins)
    if data is not None:
        loaded.settings.data = data
        origins["data"] = COMMAND_LINE
    context.obj = Context(loaded.settings, origins)


main.add_command(user.user)
main.add_command(group.group)
main.add_command(room.room)
main.add_command(resource.resource)
main.add_command(grant.grant)
main.add_command(grant.revoke)
main.add_command(grant.grants)
main.add_command(calendar.calendar)
main.add_command(book.book)
main.add_command(imports.import_)
main.add_command(exports.export)
main.add_command(fsck.fsck)
main.add_command(migrate.migrate)
main.add_command(backup.backup)
main.add_command(backup.verify_backup)
main.add_command(backup.restore)
main.add_command(trash.trash)
main.add_command(check_config.check_config)
main.add_command(doctor.doctor)
main.add_command(bench.bench)
main.add_command(admin_token.admin_token)
main.add_command(config_command.config)
