"""davctl in a folder of the test's own."""

from __future__ import annotations

import pathlib
from collections.abc import Awaitable, Callable
from typing import Any

from click.testing import CliRunner, Result

from davd.config.settings import Settings
from davd.daemon.davctl import main
from davd.daemon.offline import Context


class Davctl:
    """Runs commands on the store in `folder`, and looks into it."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.folder = folder / "data"

    def __call__(self, *words: str, input: str | None = None) -> Result:
        result = CliRunner().invoke(main, ["--data", str(self.folder), *words], input=input)
        assert "Traceback" not in result.output, result.output
        return result

    def done(self, *words: str, input: str | None = None) -> str:
        """The output of a command that must succeed."""
        result = self(*words, input=input)
        assert result.exit_code == 0, result.output
        return result.output

    def refused(self, *words: str, input: str | None = None) -> str:
        """The one sentence of a command that must fail."""
        result = self(*words, input=input)
        assert result.exit_code == 1, result.output
        (line,) = result.output.splitlines()
        assert line.startswith("Error: ")
        return line.removeprefix("Error: ")

    def user(self, name: str) -> None:
        """Add a user."""
        self.done("user", "add", name, "--password-file", "-", input="wonderland\n")

    def ask(self, work: Callable[[Any], Awaitable[Any]]) -> Any:
        """The result of `work` in a writing transaction of the store."""

        async def whole(store: Any) -> Any:
            async with store.write() as transaction:
                return await work(transaction)

        return Context(Settings(data=str(self.folder))).with_store(whole)

    def places(self) -> set[str]:
        """The paths of everything in the store."""

        async def work(transaction: Any) -> set[str]:
            root = (await transaction.resolve(()))[0]
            return {"/" + "/".join(path) for path, _ in await transaction.descendants(root.id, 10_000)}

        found: set[str] = self.ask(work)
        return found
