"""Access control lists as clients write them, and principals as `davctl` makes them."""

from __future__ import annotations

from dataclasses import replace

from davd.application.provision import provision
from davd.formats.xml.writer import element
from davd.http.response import Response
from davd.model.principal import GROUP, Account
from davd.testing.exchange import Trial, run

FREE_BUSY = "{urn:ietf:params:xml:ns:caldav}read-free-busy"


def ace(principal: str, *privileges: str, mark: str = "", kind: str = "grant") -> str:
    """A DAV:ace.

    `principal` is a user's name, a path, or the markup within DAV:principal; `privileges` are local names, or names in
    Clark notation; `mark` follows the grant.
    """
    if not principal.startswith(("<", "/")):
        principal = f"/principals/users/{principal}/"
    if principal.startswith("/"):
        principal = f"<D:href>{principal}</D:href>"
    names = [name if name.startswith("{") else f"{{DAV:}}{name}" for name in privileges]
    held = "".join([f"<D:privilege>{element(name).decode()}</D:privilege>" for name in names])
    return f"<D:ace><D:principal>{principal}</D:principal><D:{kind}>{held}</D:{kind}>{mark}</D:ace>"


def acl(*aces: str) -> bytes:
    """An ACL body."""
    return f'<D:acl xmlns:D="DAV:">{"".join(aces)}</D:acl>'.encode()


def share(trial: Trial, path: str, *aces: str, user: str = "alice", **headers: str) -> Response:
    """The response to an ACL request."""
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    return trial.request("ACL", path, fields, acl(*aces), user)


def add_principal(trial: Trial, name: str, kind: str, **fields: str) -> None:
    """Make a principal of a kind; `fields` are those of the account."""

    async def work() -> None:
        async with trial.store.write() as transaction:
            await transaction.add_account(Account(name, kind=kind, created=trial.now, **fields))
            await provision(transaction, name, trial.now, trial.registry.provisions, kind)

    run(work())


def describe(trial: Trial, name: str, **fields: str) -> None:
    """Change the account of a principal."""

    async def work() -> None:
        async with trial.store.write() as transaction:
            account = await transaction.account(name)
            assert account is not None
            await transaction.update_account(replace(account, **fields))

    run(work())


def add_group(trial: Trial, name: str, *members: str) -> None:
    """Make a group with these direct members."""
    add_principal(trial, name, GROUP)
    set_members(trial, name, *members)


def set_members(trial: Trial, name: str, *members: str) -> None:
    """Give a group these direct members."""

    async def work() -> None:
        async with trial.store.write() as transaction:
            await transaction.set_group_members(name, members)

    run(work())
