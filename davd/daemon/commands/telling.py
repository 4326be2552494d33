"""How commands tell what they do and have done: for people, or as JSON for programs."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import click
import msgspec

# So often the bar is moved, and a line is written where no bar can be, in seconds.
_EVERY = 0.1
_EVERY_LINE = 1.0

# What is told how far a work has come: what is being done, how much of it is done, and of how much (0: unknown).
Told = Callable[[str, int, int], None]


def tell(as_json: bool, outcome: Any, lines: Sequence[str]) -> None:
    """Write `outcome` as one line of JSON, or else the `lines`."""
    if as_json:
        click.echo(msgspec.json.encode(outcome).decode())
        return
    for line in lines:
        click.echo(line)


@contextmanager
def progress(silent: bool, asked: bool | None = None) -> Iterator[Told]:
    """A call that is told what is being done, how much of it is done, and of how much; it is shown on standard error.

    There is a bar where somebody looks: on a terminal, unless `silent`. `asked` says otherwise, one way or the other;
    where it is not a terminal, a line a second is written instead of the bar.
    """
    terminal = sys.stderr.isatty()
    if not (terminal and not silent if asked is None else asked):
        yield lambda what, done, total: None
    elif terminal:
        yield from _bar()
    else:
        yield from _lines()


def _lines() -> Iterator[Told]:
    last, before = 0.0, ""

    def told(what: str, done: int, total: int) -> None:
        nonlocal last, before
        now = time.monotonic()
        if what != before or now - last >= _EVERY_LINE:
            last, before = now, what
            share = f" {100 * done // total} %" if total else ""
            click.echo(f"{what}: {done}{f' of {total}' if total else ''}{share}", err=True)

    yield told


def _bar() -> Iterator[Told]:
    # Loaded here: most commands have no bar, and it takes a while.
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.percentage:.0f} %"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None)
        last, before = 0.0, ""

        def told(what: str, done: int, total: int) -> None:
            nonlocal last, before
            now = time.monotonic()
            if what != before or now - last >= _EVERY:
                last, before = now, what
                bar.update(task, description=what, completed=done, total=total or None)

        yield told
