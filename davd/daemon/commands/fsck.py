"""`davctl fsck`: is what is stored whole?"""

from __future__ import annotations

import click

from davd.daemon.commands.command import Command
from davd.daemon.commands.outcomes import Checked, Fault
from davd.daemon.commands.telling import progress, tell
from davd.daemon.offline import Context
from davd.interfaces.store import IStore


@click.command(
    cls=Command,
    tells=Checked,
    long=True,
    examples=("davctl fsck", "davctl fsck --repair", "davctl fsck --json | jq .findings"),
)
@click.option("--repair", is_flag=True, help="Mend what can be mended without losing data.")
@click.pass_obj
def fsck(context: Context, repair: bool, as_json: bool, bar: bool | None) -> None:
    """Verify that what is stored is whole.

    Every content is compared with its digest; the tree, the change logs, the quota sums, locks, blobs, the index of
    objects and the trash are looked through. The server may run. Exit status 1 when something is wrong and was not
    mended.
    """

    async def work(store: IStore) -> list[Fault]:
        found = []
        with progress(as_json, bar) as told:
            told("looking through the store", 0, 0)
            async for finding in store.check(repair):
                found.append(Fault(finding.what, finding.remedy, finding.mended))
                if not as_json:
                    click.echo(f"{finding.what}: {finding.remedy}")
                told("looking through the store", len(found), 0)
        return found

    found = context.with_store(work)
    sound = all(fault.mended for fault in found)
    tell(as_json, Checked(sound, found), ["the store is sound"] if sound else [])
    if not sound:
        raise click.exceptions.Exit(1)
