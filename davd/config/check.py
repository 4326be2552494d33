"""What settings mean together, or what their types cannot say: looked at before anything is opened."""

from __future__ import annotations

import re
from collections.abc import Iterator

from davd.caches.target import parse
from davd.config.settings import Settings
from davd.model.address import Networks

# A prefix is compared with the path as it came: only characters that have one spelling.
_PREFIX = re.compile(r"(?:/(?!\.\.?(?:/|$))[A-Za-z0-9._~-]+)*")
_NETWORKS = ("exempt_networks", "trusted_proxies", "proxy_protocol")


def check(settings: Settings) -> None:
    """Raise ValueError with one sentence, the setting's name first, for the first setting that cannot work."""
    for key, text in faults_of(settings):
        raise ValueError(f"{key}: {text}")


def faults_of(settings: Settings) -> Iterator[tuple[str, str]]:
    """The dotted name of each setting that cannot work, and why."""
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
