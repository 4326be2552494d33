"""What the commands have in common that speak to a running davd."""

from __future__ import annotations

from collections.abc import Callable

import click

from davd.daemon.command_call import NotRunning, call
from davd.daemon.command_socket import Outcome, Progress

# As long as a server may take that has much to do; what takes longer tells how far it is, and is waited for.
SECONDS = 60.0


def asked(
    data: str, do: str, told: Callable[[Progress], object] = lambda progress: None, seconds: float | None = SECONDS
) -> Outcome:
    """How the davd of a data folder has done what a word names; a click error of one sentence when none answers."""
    try:
        return call(data, do, told, seconds)
    except NotRunning as error:
        raise click.ClickException(f"{error}; give its --config or --data, or start it") from None


def asked_if_running(data: str, do: str, seconds: float) -> Outcome | None:
    """The same of a davd that may be running or not; None when none answers."""
    try:
        return call(data, do, seconds=seconds)
    except NotRunning:
        return None
