"""The command `davctl`: what an administrator does beside the running server.

Exit status: 0 done, 1 could not be done or found something wrong, 2 the command line was wrong.
"""

from __future__ import annotations

import os
from typing import Final

import click
from click.shell_completion import CompletionItem

from davd.config.load import ConfigError, load_with_origins
from davd.config.origin import COMMAND_LINE
from davd.daemon.commands.command import Commands
from davd.daemon.offline import Context

# By name: the module, what it is called there, and the first line of its help.
COMMANDS: Final = {
    "admin-token": ("admin_token", "admin_token", "Print the token that opens the admin plane."),
    "app-password": ("app_password", "app_password", "Make, list and revoke passwords for the devices of an account."),
    "backup": ("backup", "backup", "Make a restore point in the folder TARGET."),
    "bench": ("bench", "bench", "Find out how many users this machine, or a server, carries."),
    "book": ("book", "book", "Make, list and remove address books."),
    "calendar": ("calendar", "calendar", "Make, list and remove calendars."),
    "check-config": ("check_config", "check_config", "Validate the settings, and foretell what a reload would change."),
    "completion": ("completion", "completion", "Print what makes a shell complete davctl."),
    "config": ("config", "config", "Look at the settings."),
    "doctor": ("doctor", "doctor", "Play a client at URL, and say in words what is wrong there."),
    "export": ("exports", "export", "Export calendars and address books as files."),
    "fsck": ("fsck", "fsck", "Verify that what is stored is whole."),
    "grant": ("grant", "grant", "Let PRINCIPAL do more to what is at PATH, and below."),
    "grants": ("grant", "grants", "List who may do what to what is at PATH."),
    "group": ("group", "group", "Add, change, list and remove groups, and say who is in them."),
    "import": ("imports", "import_", "Import calendars and contacts from files."),
    "migrate": ("migrate", "migrate", "Create the store or bring its schema up to date."),
    "reload": ("reload", "reload", "Have the running server read its settings again."),
    "resource": (
        "resource",
        "resource",
        "Add, change, list and remove resources, which have calendars and do not log in.",
    ),
    "restart": ("restart", "restart", "Replace the workers of the running server, one by one."),
    "restore": ("backup", "restore", "Bring back all or a part of the backup in TARGET."),
    "revoke": ("grant", "revoke", "Take PRIVILEGES on what is at PATH from PRINCIPAL."),
    "room": ("room", "room", "Add, change, list and remove rooms, which have calendars and do not log in."),
    "status": ("status", "status", "Say in a few lines how the server does."),
    "trash": ("trash", "trash", "Bring back what was deleted or overwritten, or remove it."),
    "user": ("user", "user", "Add, change, list and remove accounts and set their passwords."),
    "verify-backup": ("backup", "verify_backup", "Prove that the backup in TARGET is whole."),
}


def _folders(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    return [CompletionItem(incomplete, type="dir")]


@click.group(
    cls=Commands, table=COMMANDS, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.option("--config", type=click.Path(), help="TOML file with the settings.")
@click.option(
    "--data", shell_complete=_folders, metavar="FOLDER", help="Folder of the store (default: davd-data here)."
)
@click.version_option(package_name="davd", prog_name="davctl")
@click.pass_context
def main(context: click.Context, config: str | None, data: str | None) -> None:
    """Look after a davd server, running or not.

    `davctl COMMAND --help` tells of a command, with examples. Errors go to standard error. Exit status: 0 done, 1 not
    done or something is wrong, 2 the command line is wrong.
    """
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
