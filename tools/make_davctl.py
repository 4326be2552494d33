"""Writes docs/operate/davctl.md from the commands of davctl themselves: help, options, examples, shapes of JSON.

usage: tools/make_davctl.py [--check]      with --check it writes nothing and fails when the file is not up to date
"""

import argparse
import inspect
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import click  # noqa: E402

from davd.daemon.davctl import main as davctl  # noqa: E402

PATH = ROOT / "docs/operate/davctl.md"
WORDS = {str: "text", int: "number", float: "number", bool: "true or false", type(None): "null"}

HEAD = """# davctl

The command of the administrator. Made by `tools/make_davctl.py` from the commands themselves.

`davctl --config FILE COMMAND` or `davctl --data FOLDER COMMAND` says which server is meant; with neither it is the one
whose data is in `davd-data` here, or where `DAVD_DATA` says. Run it as the user of the server: `sudo -u davd davctl
--config /etc/davd/davd.toml status`. `davctl COMMAND --help` tells of a command.

## What holds for all commands

- Exit status: 0 done, 1 could not be done or something is wrong, 2 the command line is wrong. Errors and questions go
  to standard error, in one sentence each.
- `--json` writes one line with one JSON document to standard output, and nothing else there. When the exit status is 1
  because something was found, the document tells what; when the command could not be done, there is none, and standard
  error has the reason. The [shapes](#shapes) may get new fields; no field goes or changes its meaning.
- `--progress`, where a command takes long: how far it is, on standard error. Without it there is a bar on a terminal,
  and nothing in pipes and with `--json`; `--progress` without a terminal writes a line a second.
- The server may run, except for `restore --to`, which looks and refuses. What a command changes holds from the next
  request on, also on connections that are open. Two commands at a time, and a command beside the server, wait for each
  other for at most `store.busy_seconds`: each change is one transaction, and what was acknowledged stays. Only one
  `davctl` writes to a folder of backups at a time; another one says that it is in use.
- What speaks to the running server (`status`, `reload`, `restart`, `config show --running`, `check-config`) does so by
  `control.sock` in its data folder, which only its own user and root can reach.

## Completion

```
davctl completion bash > ~/.local/share/bash-completion/completions/davctl
davctl completion zsh > ~/.zfunc/_davctl
davctl completion fish > ~/.config/fish/completions/davctl.fish
```

The next shell completes commands, options, the names of accounts, groups, calendars and address books, paths, folders
of backups and the keys of settings. Names come from the store that `--config`, `--data` or the environment names;
where it cannot be read, or is slow, nothing is offered. For zsh `~/.zfunc` has to be in `fpath` before `compinit`.

## Commands
"""


def main() -> int:
    """Write the file, or compare it; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    text = manual()
    if not parser.parse_args().check:
        PATH.write_text(text)
    elif not PATH.exists() or PATH.read_text() != text:
        print(f"{PATH.relative_to(ROOT)} is not up to date: run tools/make_davctl.py", file=sys.stderr)
        return 1
    return 0


def walk(
    command: click.Command, words: tuple[str, ...] = ("davctl",)
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command that does something, with the words it is called by, in alphabetical order."""
    if not isinstance(command, click.Group):
        yield words, command
        return
    context = click.Context(command, info_name=words[-1])
    for name in command.list_commands(context):
        below = command.get_command(context, name)
        assert below is not None
        yield from walk(below, (*words, name))


def manual() -> str:
    """The text of the file."""
    commands = list(walk(davctl))
    lines = [HEAD, "| command | |", "|---|---|"]
    lines += [f"| [{_name(words)}](#{_anchor(words)}) | {_short(command)} |" for words, command in commands]
    shapes: dict[str, type] = {}
    for words, command in commands:
        lines += ["", f"### {_name(words)}", "", *_section(command, words, shapes)]
    lines += ["", "## Shapes", "", "What is in the documents that `--json` writes."]
    for name in sorted(shapes):
        lines += ["", f"### {name}", "", *_shape(shapes[name])]
    return "\n".join([*lines, ""])


def _name(words: tuple[str, ...]) -> str:
    return " ".join(words)


def _anchor(words: tuple[str, ...]) -> str:
    return "-".join(words)


def _short(command: click.Command) -> str:
    return command.get_short_help_str(200)


def _section(command: click.Command, words: tuple[str, ...], shapes: dict[str, type]) -> list[str]:
    context = click.Context(command, info_name=_name(words))
    pieces = " ".join(command.collect_usage_pieces(context))
    lines = [f"`{_name(words)} {pieces}`", ""]
    for paragraph in inspect.cleandoc(command.help or "").split("\n\n"):
        lines += [*_wrapped(paragraph), ""]
    lines += ["| option | |", "|---|---|"]
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            lines.append(f"| `{_option(parameter, context)}` | {parameter.help} |")
    lines += ["", "```", *getattr(command, "examples", ()), "```", ""]
    told = [_type(each, shapes) for each in getattr(command, "tells", ())]
    lines.append(f"With `--json`: {', or '.join(told)}.")
    return lines


def _wrapped(paragraph: str) -> list[str]:
    return textwrap.wrap(" ".join(paragraph.split()), 140, break_long_words=False, break_on_hyphens=False)


def _option(option: click.Option, context: click.Context) -> str:
    record = option.get_help_record(context)
    assert record is not None
    return record[0].replace("|", "\\|") + (" (required)" if option.required else "")


def _type(kind: Any, shapes: dict[str, type]) -> str:
    """A type in words; the Structs and dataclasses in it are added to `shapes`."""
    arguments = get_args(kind)
    if kind in WORDS:
        return WORDS[kind]
    if get_origin(kind) in (list, tuple):
        return f"a list of {_type(arguments[0], shapes)}"
    if get_origin(kind) is dict:
        return f"an object whose values are {_type(arguments[1], shapes)}"
    if arguments:
        return " or ".join([_type(each, shapes) for each in arguments])
    if hasattr(kind, "__annotations__"):
        if shapes.get(kind.__name__) is not kind:
            shapes[kind.__name__] = kind
            for below in get_type_hints(kind).values():
                _type(below, shapes)
        return f"[{kind.__name__}](#{kind.__name__.lower()})"
    return "any value"


def _shape(kind: type) -> list[str]:
    lines = []
    for paragraph in inspect.cleandoc(kind.__doc__ or "").split("\n\n"):
        lines += [*_wrapped(paragraph), ""]
    table = [f"| `{name}` | {_type(each, {})} |" for name, each in get_type_hints(kind).items()]
    return [*lines, "| field | |", "|---|---|", *table]


if __name__ == "__main__":
    sys.exit(main())
