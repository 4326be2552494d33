"""How commands tell what they do and have done: for people, or as JSON for programs."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import click
import msgspec
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

# So often the bar is moved, in seconds.
_EVERY = 0.1


def tell(as_json: bool, outcome: Any, lines: Sequence[str]) -> None:
    """Write `outcome` as one line of JSON, or else the `lines`."""
    if as_json:
        click.echo(msgspec.json.encode(outcome).decode())
        return
    for line in lines:
        click.echo(line)


@contextmanager
def progress(silent: bool) -> Iterator[Callable[[str, int, int], None]]:
    """A call that is told what is being done, how much of it is done, and of how much; a bar where somebody looks."""
    if silent or not sys.stderr.isatty():
        yield lambda what, done, total: None
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:.0f} %"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None)
        last = 0.0

        def told(what: str, done: int, total: int) -> None:
            nonlocal last
            now = time.monotonic()
            if now - last >= _EVERY:
                last = now
                bar.update(task, description=what, completed=done, total=total)

        yield told
