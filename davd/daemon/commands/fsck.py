"""`davctl fsck`: is what is stored whole?"""

from __future__ import annotations

import click

from davd.daemon.offline import Context
from davd.interfaces.store import IStore


@click.command()
@click.option("--repair", is_flag=True, help="Mend what can be mended without losing data.")
@click.pass_obj
def fsck(context: Context, repair: bool) -> None:
    """Verify content, tree, change logs, quota sums, locks and blobs; exit status 1 when something is wrong."""

    async def work(store: IStore) -> int:
        wrong = 0
        async for finding in store.check(repair):
            click.echo(f"{finding.what}: {finding.remedy}")
            wrong += not finding.mended
        return wrong

    if context.with_store(work):
        raise click.exceptions.Exit(1)
    click.echo("the store is sound")
