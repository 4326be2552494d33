"""Every command of davctl has help worth reading, and docs/operate/davctl.md tells what there is.

Verifies: docs/operate/davctl.md, What holds for all commands, Commands
"""

from __future__ import annotations

import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from davd.daemon.commands.command import Command
from davd.daemon.davctl import COMMANDS, main

ROOT = Path(__file__).resolve().parents[3]
LONG = {
    ("backup",), ("bench",), ("export",), ("fsck",), ("import",), ("migrate",), ("restart",), ("restore",),
    ("trash", "empty"), ("verify-backup",),
}  # fmt: skip


def walk(command: click.Command, words: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command below one, groups too, with the words it is called by."""
    yield words, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None
            yield from walk(below, (*words, name))


ALL = dict(walk(main))
LEAVES = {words: command for words, command in ALL.items() if not isinstance(command, click.Group)}


def name_of(value: object) -> str:
    return " ".join(value) if isinstance(value, tuple) else ""


every = pytest.mark.parametrize("words", [words for words in ALL if words], ids=name_of)
every_leaf = pytest.mark.parametrize("words", list(LEAVES), ids=name_of)


def test_the_table_tells_what_the_commands_say_themselves() -> None:
    told = {name: line for name, (_, _, line) in COMMANDS.items()}
    assert told == {words[0]: command.get_short_help_str(200) for words, command in ALL.items() if len(words) == 1}


@every
def test_a_line_that_fits(words: tuple[str, ...]) -> None:
    line = ALL[words].get_short_help_str(200)
    assert line.endswith(".") and not line.endswith("...")
    assert 10 < len(line) <= 80


@every_leaf
def test_help_has_more_than_the_line_and_examples(words: tuple[str, ...]) -> None:
    shown = CliRunner().invoke(main, [*words, "--help"])
    assert shown.exit_code == 0
    text = LEAVES[words].help or ""
    assert len(text.split("\n\n")) > 1, "there is nothing but the first line"
    examples = shown.output.partition("\nExamples:\n")[2].splitlines()
    assert any(line.startswith("  davctl ") and f" {' '.join(words)}" in line for line in examples)


@every_leaf
def test_each_option_says_what_it_is_for(words: tuple[str, ...]) -> None:
    for parameter in LEAVES[words].params:
        if isinstance(parameter, click.Option):
            assert parameter.help and parameter.help.endswith("."), parameter.name
        elif not isinstance(parameter.type, click.Choice):
            # An argument has no help of its own: the text has to speak of it.
            assert parameter.name is not None
            assert any(
                word.strip("[]") in (LEAVES[words].help or "") for word in parameter.human_readable_name.split("|")
            )


@every_leaf
def test_json_everywhere_and_progress_where_it_takes_long(words: tuple[str, ...]) -> None:
    command = LEAVES[words]
    assert isinstance(command, Command)
    options = {name for parameter in command.params for name in parameter.opts}
    assert "--json" in options
    assert None not in command.tells
    assert ("--progress" in options) == (words in LONG)


@every_leaf
def test_the_examples_are_command_lines_that_davctl_takes(words: tuple[str, ...]) -> None:
    command = LEAVES[words]
    assert isinstance(command, Command)
    for example in command.examples:
        lexer = shlex.shlex(example.replace("$(davctl admin-token)", "TOKEN"), posix=True, punctuation_chars=True)
        lexer.whitespace_split = True
        line = list(lexer)
        for sign in ("|", "&&", ">", "<"):
            line = line[: line.index(sign)] if sign in line else line
        if line[0] != "davctl":
            assert "davctl" in example
            continue
        found, rest = click.Context(main), line[1:]
        _, rest, _ = main.make_parser(found).parse_args(rest)
        assert tuple(rest[: len(words)]) == words
        context = click.Context(command)
        given, left, _ = command.make_parser(context).parse_args(rest[len(words) :])
        assert left == []
        for parameter in command.params:
            if parameter.required:
                assert given.get(parameter.name or "") is not None, f"{example}: {parameter.name}"


def test_the_manual_is_up_to_date() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "tools/make_davctl.py"), "--check"], capture_output=True, text=True, cwd=ROOT
    )
    assert (done.returncode, done.stderr) == (0, "")
