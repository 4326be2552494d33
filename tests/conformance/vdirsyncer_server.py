"""davd as vdirsyncer's own suite wants a server: copied to tests/storage/servers/davd/__init__.py of its source."""

import os
from collections.abc import Awaitable, Callable
from typing import Any

import pytest


class ServerMixin:
    """Gives the arguments of a storage whose collection has been made."""

    @pytest.fixture
    def get_storage_args(self, slow_create_collection: Any, aio_connector: Any) -> Callable[..., Awaitable[Any]]:
        """The function that makes a collection; None asks for a storage without one."""

        async def inner(collection: str | None = "test") -> Any:
            args = {
                "url": os.environ["DAV_ORIGIN"],
                "username": os.environ["DAV_USER"],
                "password": os.environ["DAV_PASSWORD"],
                "connector": aio_connector,
            }
            if collection is None:
                return args
            return await slow_create_collection(self.storage_class, args, collection)  # type: ignore[attr-defined]

        return inner
