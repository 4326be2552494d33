"""Where the concrete classes are named: from settings to the objects that make up a server."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from twisted.plugin import getPlugins
from twisted.python.reflect import namedAny

from davd.application.answers import Answers
from davd.application.application import Application
from davd.application.recall import Recall
from davd.authentication.authenticator import Authenticator
from davd.authentication.passwords import Passwords
from davd.authentication.throttle import Throttle
from davd.checkers.accounts import AccountsChecker
from davd.checkers.cred import CredChecker
from davd.checkers.htpasswd import HtpasswdChecker
from davd.config.settings import Settings
from davd.dav import core
from davd.dav.registry import Extension, Registry
from davd.interfaces.extension import IExtensionMaker
from davd.interfaces.identity import CheckerError, IChecker, ICheckerMaker
from davd.interfaces.store import IStore

RunInThread = Callable[[Callable[[], Any]], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class CheckerContext:
    """What a checker may use: the store, the pool that computes hashes, and a clock of POSIX seconds."""

    store: IStore
    passwords: Passwords
    clock: Callable[[], float]


def registry_of(settings: Settings) -> Registry:
    """The rows of WebDAV and of the extensions that have a section.

    ValueError with one sentence when one of them is not installed or refuses its settings.
    """
    extensions: list[Extension] = [core.EXTENSION]
    makers = {maker.name: maker for maker in getPlugins(IExtensionMaker)}
    for name, section in settings.extensions.items():
        if name not in makers:
            raise ValueError(f"extensions.{name}: no such extension is installed")
        extensions.append(namedAny(makers[name].path)(section))
    return Registry.of(extensions)


def _accounts(section: dict[str, Any], context: CheckerContext) -> IChecker:
    _only(section, "accounts")
    return AccountsChecker(context.store, context.passwords)


def _htpasswd(section: dict[str, Any], context: CheckerContext) -> IChecker:
    _only(section, "htpasswd", "file")
    return HtpasswdChecker(_text(section, "htpasswd", "file"), context.passwords, context.clock)


def _cred(section: dict[str, Any], context: CheckerContext) -> IChecker:
    _only(section, "cred", "checker")
    return CredChecker.from_description(_text(section, "cred", "checker"))


_CHECKERS: dict[str, Callable[[dict[str, Any], CheckerContext], IChecker]] = {
    "accounts": _accounts,
    "htpasswd": _htpasswd,
    "cred": _cred,
}


def checkers_of(settings: Settings, context: CheckerContext) -> list[IChecker]:
    """The checkers of `check_with`, in its order; CheckerError with one sentence for what cannot be."""
    makers = dict(_CHECKERS)
    makers.update({maker.name: namedAny(maker.path) for maker in getPlugins(ICheckerMaker)})
    checkers = []
    for name in settings.check_with:
        section = dict(settings.checkers.get(name, {}))
        kind = section.pop("kind", name)
        if kind not in makers:
            raise CheckerError(f"check_with: there is no checker called {kind}")
        checkers.append(makers[kind](section, context))
    for name in settings.checkers:
        if name not in settings.check_with:
            raise CheckerError(f"checkers.{name}: check_with does not name it")
    return checkers


def authenticator_of(
    settings: Settings, store: IStore, hash_in_thread: RunInThread, clock: Callable[[], float]
) -> tuple[Authenticator, list[IChecker]]:
    """Who proves identities, and the checkers that are to be started and stopped."""
    passwords = Passwords(settings.authentication, hash_in_thread)
    checkers = checkers_of(settings, CheckerContext(store, passwords, clock))
    throttle = Throttle(settings.authentication, store)
    return Authenticator(settings.authentication, checkers, throttle, passwords, clock), checkers


def application_of(
    settings: Settings, store: IStore, authenticator: Authenticator, clock: Callable[[], float]
) -> Application:
    """The application over a started store."""
    kept = Recall(
        settings.application.recall_bytes,
        settings.application.recall_entry_bytes,
        store.generation,
        authenticator.generation,
        clock,
    )
    answers = Answers(settings.application.answers_bytes, settings.application.answers_entry_bytes)
    return Application(store, authenticator, registry_of(settings), settings.dav, kept, answers, clock)


def _only(section: dict[str, Any], name: str, *known: str) -> None:
    for key in section:
        if key not in known:
            raise CheckerError(f"checkers.{name}: there is no setting called {key}")


def _text(section: dict[str, Any], name: str, key: str) -> str:
    value = section.get(key)
    if not isinstance(value, str) or not value:
        raise CheckerError(f"checkers.{name}.{key}: expected a text")
    return value
