"""What every command of davctl has: `--json`, examples in its help, `--progress` where it takes long.

The commands' modules are loaded when they are needed: a shell that completes a word waits for nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any

import click
from click.shell_completion import CompletionItem


class Command(click.Command):
    """A command that tells what `tells` describes when it is run with `--json`.

    `tells` is a type, or several of which one is told: a Struct, or a list of them. `examples` are whole command lines;
    behind ` # ` each may say what it is for. One that is `long` has `--progress`.
    """

    def __init__(
        self, *words: Any, tells: Any = None, examples: Sequence[str] = (), long: bool = False, **more: Any
    ) -> None:
        super().__init__(*words, **more)
        self.tells: tuple[Any, ...] = tells if isinstance(tells, tuple) else (tells,)
        self.examples = tuple(examples)
        if long:
            words_of_bar = ["--progress/--no-progress", "bar"]
            sentence = "Say on standard error how far it is (default: where that is a terminal)."
            self.params.append(click.Option(words_of_bar, default=None, help=sentence))
        if not any(parameter.name == "as_json" for parameter in self.params):
            self.params.append(click.Option(["--json", "as_json"], is_flag=True, help="Tell the outcome as JSON."))

    def format_epilog(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples below the options, as they stand: whoever copies a line gets all of it."""
        if self.examples:
            with formatter.section("Examples"):
                for line in self.examples:
                    formatter.write(f"{'':{formatter.current_indent}}{line}\n")
        super().format_epilog(context, formatter)


def asked(question: str) -> Callable[[Any], Any]:
    """An option `--yes`, without which `question` is asked on standard error before the command does anything."""

    def ask(context: click.Context, parameter: click.Parameter, yes: bool) -> None:
        if not yes and not context.resilient_parsing:
            click.confirm(question, abort=True, err=True)

    return click.option("--yes", is_flag=True, expose_value=False, callback=ask, help="Do not ask.")


class Group(click.Group):
    """A command of commands, which are `Command`s."""

    command_class = Command
    group_class = type


class Commands(Group):
    """A group whose commands stand in a table: by name the module, the name it has there, and the line of help."""

    def __init__(self, *words: Any, table: Mapping[str, tuple[str, str, str]], **more: Any) -> None:
        super().__init__(*words, **more)
        self.table = dict(table)

    def list_commands(self, context: click.Context) -> list[str]:
        """The names of all commands, in alphabetical order."""
        return sorted(self.table)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        """The command, whose module is loaded now; None when there is none of that name."""
        if name not in self.table:
            return None
        module, attribute, _ = self.table[name]
        found: click.Command = getattr(import_module(f"davd.daemon.commands.{module}"), attribute)
        return found

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of the commands, without loading them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, self.table[name][2]) for name in self.list_commands(context)])

    def shell_complete(self, context: click.Context, incomplete: str) -> list[CompletionItem]:
        """The commands that begin so, without loading them; the options when a dash has been typed."""
        options = click.Command.shell_complete(self, context, incomplete)
        names = [name for name in self.list_commands(context) if name.startswith(incomplete)]
        return [CompletionItem(name, help=self.table[name][2]) for name in names] + options
