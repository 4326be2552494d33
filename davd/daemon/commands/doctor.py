"""`davctl doctor`: what a client would meet at a URL, and in words what is wrong there."""

from __future__ import annotations

import os
import ssl
import sys

import click
from rich.console import Console
from rich.text import Text

from davd.daemon.commands import outcomes
from davd.daemon.commands.command import Command
from davd.daemon.commands.telling import tell as tell_outcome
from davd.daemon.doctor import report
from davd.daemon.doctor.clients import CLIENTS
from davd.daemon.doctor.connect import context_of
from davd.daemon.doctor.examination import Examination, Subject, origin_of
from davd.daemon.doctor.report import Examined, healthy, skipped_lines, step_line

PASSWORD_VARIABLE = "DAVCTL_PASSWORD"


@click.command(
    cls=Command,
    tells=outcomes.Examined,
    examples=(
        "davctl doctor https://dav.example.org/ --user alice",
        "davctl doctor https://dav.example.org/ --user alice --client davx5 --client apple",
        "davctl doctor https://dav.example.org/files/alice/ --user alice --client windows --write",
        "davctl doctor https://dav.example.org/ --user alice --password-stdin --json < password.txt",
    ),
)
@click.argument("url")
@click.option(
    "--client", "clients", multiple=True, type=click.Choice(sorted(CLIENTS)), help="Only this one; may be repeated."
)
@click.option("--user", required=True, help="The account to log in with.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@click.option(
    "--write", is_flag=True, help="Write as well: folders and calendars named davctl-doctor-..., which go again."
)
@click.option("--insecure", is_flag=True, help="Send the password though the server cannot prove who it is.")
@click.option("--ca", type=click.Path(exists=True, dir_okay=False), help="PEM file with a further root certificate.")
@click.option(
    "--timeout", default=20.0, type=click.FloatRange(min=0.1), show_default=True, help="Seconds for a request."
)
def doctor(
    url: str,
    clients: tuple[str, ...],
    user: str,
    password_stdin: bool,
    write: bool,
    insecure: bool,
    ca: str | None,
    timeout: float,
    as_json: bool,
) -> None:
    """Play a client at URL, and say in words what is wrong there.

    It asks what calendar, contact and file clients ask first. It may be any server, behind any proxy. For files give
    the URL of a folder. The password is prompted for, or comes from --password-stdin or from DAVCTL_PASSWORD. Exit
    status 1 when a fault was found.
    """
    try:
        origin_of(url)
        context_of(ca, True)
    except (ValueError, ssl.SSLError, OSError) as error:
        raise click.UsageError(str(error) if isinstance(error, ValueError) else f"--ca: {error}") from None
    subject = Subject(url, user, password_of(password_stdin), insecure, ca, write, timeout)
    console = Console(quiet=as_json, highlight=False, soft_wrap=not sys.stdout.isatty())
    examined = []
    for name in clients or tuple(CLIENTS):
        examined.append(_examined(subject, name, console))
    if as_json:
        tell_outcome(True, report.as_json(url, examined), [])
    else:
        report.tell(console, examined)
    if not healthy(examined):
        raise click.exceptions.Exit(1)


def password_of(from_stdin: bool) -> str:
    """The password: the first line of standard input, the environment's, or what is typed."""
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    kept = os.environ.get(PASSWORD_VARIABLE)
    if kept is not None:
        return kept
    typed: str = click.prompt("Password", hide_input=True, err=True)
    return typed


def _examined(subject: Subject, name: str, console: Console) -> Examined:
    examined = Examined(CLIENTS[name])
    console.print(Text(f"\n{examined.client.title}", "bold"))
    examination = Examination(subject, examined.client)
    for outcome in examination.run():
        examined.outcomes.append(outcome)
        if not outcome.skipped:
            console.print(step_line(outcome))
    for line in skipped_lines(examined.outcomes):
        console.print(line)
    examined.left = examination.left
    return examined
