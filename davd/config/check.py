"""What settings mean together, or what their types cannot say: looked at before anything is opened."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from davd.caches.target import parse
from davd.config.keys import values
from davd.config.settings import Settings
from davd.model.address import Networks

# A prefix is compared with the path as it came: only characters that have one spelling.
_PREFIX = re.compile(r"(?:/(?!\.\.?(?:/|$))[A-Za-z0-9._~-]+)*")
# What the system and the store take for a number has 63 bits at most.
_TOO_LARGE = 1 << 62
_NETWORKS = ("exempt_networks", "trusted_proxies", "proxy_protocol")


def _unusable(value: Any) -> str:
    """What keeps any setting from having a value; empty when nothing does."""
    if isinstance(value, list | tuple):
        return next((sentence for sentence in map(_unusable, value) if sentence), "")
    if isinstance(value, str) and "\0" in value:
        return "a text cannot have NUL in it"
    if isinstance(value, int) and abs(value) >= _TOO_LARGE:
        return "the number is larger than any that makes sense"
    return ""


def check(settings: Settings) -> None:
    """Raise ValueError with one sentence, the setting's name first, for the first setting that cannot work."""
    for key, text in faults_of(settings):
        raise ValueError(f"{key}: {text}")


def faults_of(settings: Settings) -> Iterator[tuple[str, str]]:
    """The dotted name of each setting that cannot work, and why."""
    for name, value in values(settings):
        sentence = _unusable(value)
        if sentence:
            yield name, sentence
            return
    if not settings.net.listen:
        yield "net.listen", "there has to be an endpoint to listen on"
    for name in _NETWORKS:
        try:
            Networks(getattr(settings.net, name))
        except ValueError as error:
            yield f"net.{name}", str(error)
    if not _PREFIX.fullmatch(settings.dav.prefix):
        yield "dav.prefix", "expected a path as in /dav, with a slash at its beginning and none at its end"
    if settings.dav.default_lock_seconds > settings.dav.max_lock_seconds:
        yield "dav.default_lock_seconds", "it is more than dav.max_lock_seconds"
    daemon = settings.daemon
    if daemon.autoscale and daemon.max_workers and daemon.min_workers > daemon.max_workers:
        yield "daemon.min_workers", "it is more than daemon.max_workers"
    if settings.pool.min_concurrent_requests > settings.pool.max_concurrent_requests:
        yield "pool.min_concurrent_requests", "it is more than pool.max_concurrent_requests"
    if settings.caches.redis:
        try:
            parse(settings.caches.redis)
        except ValueError as error:
            yield "caches.redis", str(error)
    if not settings.check_with:
        yield "check_with", "there has to be a checker, or nobody could log in"
