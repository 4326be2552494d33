"""`davctl bench`: how many users this host carries, or a server elsewhere."""

from __future__ import annotations

import asyncio
import random
import ssl
from collections.abc import Callable, Sequence
from dataclasses import asdict

import click
import uvloop
from rich.console import Console
from rich.table import Table

from davd.daemon.commands.command import Command
from davd.daemon.commands.doctor import password_of
from davd.daemon.commands.outcomes import Sized, Tried
from davd.daemon.commands.telling import Told, progress, tell
from davd.daemon.doctor.connect import context_of
from davd.daemon.doctor.examination import Subject, origin_of
from davd.daemon.offline import Context
from davd.daemon.sizing.climb import Choice, Rung, accounts_for, climb, in_turn, verdict
from davd.daemon.sizing.elsewhere import ElsewhereError, calendars_at
from davd.daemon.sizing.load import Load
from davd.daemon.sizing.mix import PER_MINUTE
from davd.daemon.sizing.private import PrivateDaemon, PrivateError

# davd lets one address have 200 connections and 100 requests under way, and so may others.
_CONNECTIONS = 90
_OWN_CONNECTIONS = 500


@click.command(
    cls=Command,
    tells=Sized,
    long=True,
    examples=(
        "davctl --config /etc/davd/davd.toml bench --self",
        "davctl bench --url https://dav.example.org/ --user alice --seconds 20",
    ),
)
@click.option("--self", "own", is_flag=True, help="Start a davd for it on the disk of the data folder.")
@click.option("--url", help="Ask the server at this URL.")
@click.option("--user", help="The account to log in with at --url.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@click.option("--insecure", is_flag=True, help="Send the password though the server cannot prove who it is.")
@click.option("--ca", type=click.Path(exists=True, dir_okay=False), help="PEM file with a further root certificate.")
@click.option("--seconds", default=10.0, type=click.FloatRange(1, 60), show_default=True, help="Time for each rung.")
@click.option("--most", default=20_000, type=click.IntRange(min=1), show_default=True, help="Users to stop at.")
@click.pass_obj
def bench(
    context: Context,
    own: bool,
    url: str | None,
    user: str | None,
    password_stdin: bool,
    insecure: bool,
    ca: str | None,
    seconds: float,
    most: int,
    as_json: bool,
    bar: bool | None,
) -> None:
    """Find out how many users this machine, or a server, carries.

    So many that 95 of 100 requests are answered within 200 ms. A user is two clients that look for news every minute,
    and somebody who reads and changes events. More and more of them are tried; their requests come at planned times,
    whatever becomes of those before, and every answer is checked: status, ETag, content, and that no change is missing.

    With --self log-ins come as often as so many users cause them; at --url everything is asked as one account, in
    calendars named davctl-doctor-..., which go away again, and that server's limits for one address and account hold.
    """
    if own == (url is not None) or (url is None) != (user is None):
        raise click.UsageError("give --self, or --url and --user")
    console = Console(quiet=as_json, highlight=False)
    chance = random.Random()
    try:
        if url is None:
            with progress(as_json, bar) as told, PrivateDaemon(context) as daemon:

                def fresh(users: int) -> Choice:
                    return in_turn(daemon.calendars(accounts_for(users, seconds)), users, chance)

                climbed = _climbed(
                    Load(daemon.origin, daemon.context(), _OWN_CONNECTIONS), fresh, seconds, most, chance, told
                )
        else:
            origin = origin_of(url)
            subject = Subject(url, user or "", password_of(password_stdin), insecure, ca, write=True)
            with progress(as_json, bar) as told, calendars_at(subject) as made:
                load = Load(origin, context_of(ca, not insecure), _CONNECTIONS)
                climbed = _climbed(load, lambda users: lambda at: chance.choice(made), seconds, most, chance, told)
    except (PrivateError, ElsewhereError) as error:
        raise click.ClickException(str(error)) from None
    except (ValueError, ssl.SSLError) as error:
        raise click.UsageError(str(error)) from None
    if as_json:
        rungs = [Tried(**asdict(rung), reason=rung.reason) for rung in climbed]
        tell(True, Sized(rungs, dict(PER_MINUTE), seconds, verdict(climbed)), [])
        return
    console.print(_table(climbed))
    console.print(verdict(climbed), style="bold")


def _climbed(
    load: Load,
    calendars: Callable[[int], Choice],
    seconds: float,
    most: int,
    chance: random.Random,
    told: Told,
) -> list[Rung]:
    async def work() -> list[Rung]:
        found: list[Rung] = []
        told("the first users", 0, 0)
        async for rung in climb(load, calendars, seconds, most, chance):
            found.append(rung)
            # How high it goes nobody knows: the most there may be is no measure of it.
            told(f"{rung.users} users: {rung.reason or f'p95 {rung.p95 * 1000:.1f} ms'}", len(found), 0)
        return found

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work())


def _table(climbed: Sequence[Rung]) -> Table:
    each = ", ".join(f"{count:g} {kind}" for kind, count in PER_MINUTE.items())
    table = Table(title="What so many users got", caption=f"A user in a minute: {each}.")
    for title in ("users", "requests/s", "answers", "p50 ms", "p95 ms", "errors"):
        table.add_column(title, justify="right")
    table.add_column("")
    for rung in climbed:
        figures = (f"{rung.rate:.1f}", str(rung.answers), f"{rung.p50 * 1000:.1f}", f"{rung.p95 * 1000:.1f}")
        table.add_row(str(rung.users), *figures, str(rung.errors), rung.reason or "held")
    return table
