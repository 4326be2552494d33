"""`davctl completion`: what makes a shell complete commands, options and names."""

from __future__ import annotations

from typing import Final

import click
from click.shell_completion import get_completion_class

from davd.daemon.commands.command import Command
from davd.daemon.commands.outcomes import Script
from davd.daemon.commands.telling import tell

_VARIABLE: Final = "_DAVCTL_COMPLETE"


@click.command(
    cls=Command,
    tells=Script,
    examples=(
        "davctl completion bash > ~/.local/share/bash-completion/completions/davctl",
        "davctl completion zsh > ~/.zfunc/_davctl  # with fpath+=~/.zfunc before compinit in ~/.zshrc",
        "davctl completion fish > ~/.config/fish/completions/davctl.fish",
    ),
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str, as_json: bool) -> None:
    """Print what makes a shell complete davctl.

    Put it where the shell looks for it, and begin a new one. Commands, options, the names of accounts, calendars and
    address books, folders of backups and the keys of the settings are completed; names come from the store that
    --config, --data or the environment names.
    """
    kind = get_completion_class(shell)
    assert kind is not None
    script = kind(context.find_root().command, {}, "davctl", _VARIABLE).source()
    tell(as_json, Script(shell, script), [script.strip("\n")])
