"""Fixtures: one daemon of each variant for the whole run, and a fresh collection for each test."""

import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.conformance.daemon import BARE, Daemon
from tests.conformance.dashboard import CHROMIUM, Visitor
from tests.conformance.dialogue import Account
from tests.daemon.twistd import Running

# Reactor and configuration by name.
VARIANTS = {"uvloop": ("uvloop", ""), "epoll": ("epoll", ""), "bare": ("uvloop", BARE)}


@pytest.fixture(scope="session")
def daemons() -> Iterator[Callable[[str], Daemon]]:
    """Gives the running daemon of a variant, starting it at its first use."""
    with ExitStack() as stack:
        running: dict[str, Daemon] = {}

        def on(variant: str) -> Daemon:
            if variant not in running:
                reactor, config = VARIANTS[variant]
                running[variant] = stack.enter_context(Daemon(reactor=reactor, config=config))
            return running[variant]

        yield on
        for variant, daemon in running.items():
            assert daemon.stop() in (0, -signal.SIGTERM), f"{variant}: {daemon.log()}"


def _without_errors(daemon: Daemon) -> Iterator[Daemon]:
    """Yields the daemon and fails the test during which it logged a traceback or an unhandled error."""
    before = len(daemon.log())
    yield daemon
    written = daemon.log()[before:]
    assert "Traceback" not in written, written
    assert "Unhandled" not in written, written


@pytest.fixture
def daemon(daemons: Callable[[str], Daemon]) -> Iterator[Daemon]:
    """The daemon on its default reactor."""
    yield from _without_errors(daemons("uvloop"))


@pytest.fixture(params=VARIANTS)
def either(request: pytest.FixtureRequest, daemons: Callable[[str], Daemon]) -> Iterator[Daemon]:
    """The daemon, once in each variant."""
    yield from _without_errors(daemons(request.param))


def _fresh(daemon: Daemon, node: pytest.Item) -> Iterator[str]:
    """Makes a collection named after the test, yields its path, and removes it with all it holds.

    A test that passed must leave nothing locked behind.
    """
    failed = node.session.testsfailed
    name = "".join(letter if letter.isalnum() else "-" for letter in node.name).strip("-")
    path = f"{daemon.home}{name}/"
    with Account(daemon.url, daemon.user, daemon.password) as account:
        assert account.ask("MKCOL", path, body=b"").status == 201
    yield path
    with Account(daemon.url, daemon.user, daemon.password) as account:
        removed = account.ask("DELETE", path).status
        assert removed == 204 or node.session.testsfailed > failed


@pytest.fixture
def folder(daemon: Daemon, request: pytest.FixtureRequest) -> Iterator[str]:
    """The path of an empty collection of the default daemon."""
    yield from _fresh(daemon, request.node)


@pytest.fixture
def either_folder(either: Daemon, request: pytest.FixtureRequest) -> Iterator[str]:
    """The path of an empty collection of the daemon that `either` runs."""
    yield from _fresh(either, request.node)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium without a window."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture
def visitor(browser: Browser, davd: Running, request: pytest.FixtureRequest) -> Iterator[Visitor]:
    """A visitor, who at the end must have had nothing to complain of: no error, no violation of the policy."""
    found = Visitor(browser, davd, **getattr(request, "param", {}))
    yield found
    found.context.close()
    assert found.complaints == []
