"""Where the concrete classes are named: from settings to the objects that make up a server."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from math import ceil
from typing import Any

from msgspec import structs
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from twisted.plugin import getPlugins
from twisted.python.reflect import namedAny

from davd.admission.admission import Admission
from davd.admission.budgets import Budget
from davd.admission.classify import Classifier
from davd.admission.pool import AsyncRequestPool
from davd.admission.rates import Rates
from davd.admission.settings import AsyncPoolConfig
from davd.admission.shared import SharedBudget, SharedSource
from davd.admission.sources import Sources
from davd.application.answers import Answers
from davd.application.application import Application
from davd.application.recall import Recall
from davd.authentication.app_passwords import AppPasswords
from davd.authentication.authenticator import Authenticator
from davd.authentication.passwords import Passwords
from davd.authentication.throttle import Throttle
from davd.caches.derived import Derived
from davd.caches.envelope import seal, unseal
from davd.caches.memory import Memory
from davd.caches.redis import Redis
from davd.caches.tiers import Tiers
from davd.caldav import extension as caldav
from davd.carddav import extension as carddav
from davd.checkers.accounts import AccountsChecker
from davd.checkers.cred import CredChecker
from davd.checkers.htpasswd import HtpasswdChecker
from davd.config.settings import Settings
from davd.daemon.view import view_of
from davd.dav import core
from davd.dav.exchange import here
from davd.dav.registry import Extension, Registry
from davd.http.response import Response
from davd.interfaces.admission import IAdmissionMaker, IPriorityRule, IRateRule
from davd.interfaces.cache import ICache
from davd.interfaces.extension import IExtensionMaker
from davd.interfaces.identity import CheckerError, IChecker, ICheckerMaker
from davd.interfaces.store import IStore
from davd.model.address import Networks
from davd.observe.shared import REQUESTS, Column
from davd.tree.statistics import Routes

log = Logger(namespace="davd")

RunInThread = Callable[[Callable[[], Any]], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class CheckerContext:
    """What a checker may use: the store, the pool that computes hashes, and a clock of POSIX seconds."""

    store: IStore
    passwords: Passwords
    clock: Callable[[], float]


def registry_of(settings: Settings) -> Registry:
    """The rows of WebDAV, of calendars and contacts, and of the extensions that have a section.

    ValueError with one sentence when one of them is not installed or refuses its settings.
    """
    return Rows(settings).registry(settings)


class Rows:
    """Makes the rows in force. Extensions are made once, by the settings given first; ValueError as `registry_of`."""

    def __init__(self, settings: Settings) -> None:
        makers = {maker.name: maker for maker in getPlugins(IExtensionMaker)}
        self._extensions: list[Extension] = []
        self._made: tuple[Any, Registry] | None = None
        for name, section in settings.extensions.items():
            if name not in makers:
                raise ValueError(f"extensions.{name}: no such extension is installed")
            self._extensions.append(namedAny(makers[name].path)(section))

    def registry(self, settings: Settings) -> Registry:
        """The rows with the limits of calendars and contacts that `settings` say; the same while those are."""
        limits = (settings.caldav, settings.carddav)
        if self._made is None or self._made[0] != limits:
            own = [core.EXTENSION, caldav.make(settings.caldav), carddav.make(settings.carddav)]
            self._made = (limits, Registry.of([*own, *self._extensions]))
        return self._made[1]


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
    app_passwords = AppPasswords(store, checkers)
    return Authenticator(settings.authentication, checkers, throttle, passwords, app_passwords, clock), checkers


def rules_of(settings: Settings) -> list[Any]:
    """The rules of priorities and rates that have a section; ValueError when one is not installed or refuses it."""
    makers = {maker.name: maker for maker in getPlugins(IAdmissionMaker)}
    rules = []
    for name, section in settings.rules.items():
        if name not in makers:
            raise ValueError(f"rules.{name}: no such rule is installed")
        rules.append(namedAny(makers[name].path)(section))
    return rules


def pool_of(settings: Settings, workers: int) -> AsyncPoolConfig:
    """The part of the pool's settings that one of so many processes goes by: places and queue are divided."""
    pool = settings.pool
    if workers == 1:
        return pool
    return structs.replace(
        pool,
        max_concurrent_requests=ceil(pool.max_concurrent_requests / workers),
        min_concurrent_requests=ceil(pool.min_concurrent_requests / workers),
        reserved_requests=ceil(pool.reserved_requests / workers),
        max_queue_size=ceil(pool.max_queue_size / workers),
    )


def admission_of(settings: Settings, clock: IReactorTime, workers: int = 1, shared: Column | None = None) -> Admission:
    """Who decides who may go when, on the reactor's clock; `shared` is what this process counts for others."""
    rules = rules_of(settings)
    networks = Networks(settings.net.exempt_networks)
    if shared is None:
        sources = Sources(networks)
        budget: Callable[[str], Budget] = Budget
    else:
        sources = Sources(networks, make=lambda name: SharedSource(name, shared, REQUESTS))

        def budget(name: str) -> Budget:
            return SharedBudget(name, shared, "account" if name else "all")

    routes = Routes()
    classifier = Classifier(
        [rule for rule in rules if IPriorityRule.providedBy(rule)],
        routes,
        settings.pool.enable_batching,
        settings.dav.prefix,
        _rule_failed,
    )
    rates = Rates(
        settings.rates,
        sources,
        time.monotonic,
        [rule for rule in rules if IRateRule.providedBy(rule)],
        _rule_failed,
        budget,
    )
    pool = AsyncRequestPool(pool_of(settings, workers), clock)
    return Admission(sources, classifier, rates, pool, routes, clock.seconds)


def _rule_failed(rule: object, error: Exception) -> None:
    log.error("the rule {rule!r} has no say: {error!r}", rule=rule, error=error)


def tiers_of(
    settings: Settings, reactor: Any, run_in_thread: RunInThread, secret: bytes, reconnected: Callable[[], None]
) -> Tiers:
    """The tiers of finished answers beyond the process; `reconnected` is called when Redis was away and is back."""
    tiers: list[ICache] = []
    if settings.caches.redis:
        tiers.append(Redis(settings.caches, reactor, reconnected, secret))
    if settings.caches.derived_bytes:
        tiers.append(Derived(settings.caches, settings.data, run_in_thread, reactor, secret))
    return Tiers(tiers)


def _pack(response: Response) -> bytes:
    body = response.body
    return seal(response.status, response.headers, body if isinstance(body, bytes) else b"".join(body))  # type: ignore[arg-type]


def _unpack(sealed: bytes) -> Response | None:
    envelope = unseal(sealed)
    return None if envelope is None else Response(envelope.status, envelope.headers, envelope.body)


def application_of(
    settings: Settings,
    store: IStore,
    authenticator: Authenticator,
    admission: Admission,
    memory: Memory[Any],
    tiers: Tiers,
    clock: Callable[[], float],
    run_in_thread: RunInThread = here,
    rows: Rows | None = None,
) -> Application:
    """The application over a started store; `run_in_thread` does what would hold up the reactor.

    `rows` make its registry; without them it is made for this application alone.
    """
    kept = Recall(
        settings.application.recall_bytes,
        settings.application.recall_entry_bytes,
        store.generation,
        authenticator.generation,
        clock,
    )
    registry = (rows or Rows(settings)).registry(settings)
    answers = Answers(
        memory,
        settings.caches.entry_bytes,
        tiers if tiers.tiers else None,
        settings.caches.shared_after_ms / 1000,
        view_of(settings, registry, store.epoch),
        _pack,
        _unpack,
    )
    return Application(store, authenticator, registry, settings.dav, admission, kept, answers, clock, run_in_thread)


def _only(section: dict[str, Any], name: str, *known: str) -> None:
    for key in section:
        if key not in known:
            raise CheckerError(f"checkers.{name}: there is no setting called {key}")


def _text(section: dict[str, Any], name: str, key: str) -> str:
    value = section.get(key)
    if not isinstance(value, str) or not value:
        raise CheckerError(f"checkers.{name}.{key}: expected a text")
    return value
