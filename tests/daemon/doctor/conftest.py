"""A davd with a prefix, for all tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conformance.daemon import Daemon

PREFIX = "/dav"


@pytest.fixture(scope="package")
def davd() -> Iterator[Daemon]:
    """The daemon; its files are below PREFIX. It takes any number of clients with a wrong password."""
    config = f'[dav]\nprefix = "{PREFIX}"\nhostnames = ["localhost"]\n[authentication]\nmax_failures = 1000\n'
    with Daemon(reactor="epoll", config=config) as daemon:
        yield daemon


@pytest.fixture
def port(davd: Daemon) -> int:
    """The port of its plain listener."""
    return int(davd.plain_url.rpartition(":")[2])
