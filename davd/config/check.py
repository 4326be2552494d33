"""What settings mean together, or what their types cannot say: looked at before anything is opened."""

from __future__ import annotations

import re

from davd.caches.target import parse
from davd.config.settings import Settings
from davd.model.address import Networks

# A prefix is compared with the path as it came: only characters that have one spelling.
_PREFIX = re.compile(r"(?:/(?!\.\.?(?:/|$))[A-Za-z0-9._~-]+)*")
_NETWORKS = ("exempt_networks", "trusted_proxies", "proxy_protocol")


def check(settings: Settings) -> None:
    """Raise ValueError with one sentence, the setting's name first, for settings that cannot work."""
    if not settings.net.listen:
        raise ValueError("net.listen: there has to be an endpoint to listen on")
    for name in _NETWORKS:
        try:
            Networks(getattr(settings.net, name))
        except ValueError as error:
            raise ValueError(f"net.{name}: {error}") from None
    if not _PREFIX.fullmatch(settings.dav.prefix):
        raise ValueError("dav.prefix: expected a path as in /dav, with a slash at its beginning and none at its end")
    if settings.dav.default_lock_seconds > settings.dav.max_lock_seconds:
        raise ValueError("dav.default_lock_seconds: it is more than dav.max_lock_seconds")
    if settings.pool.min_concurrent_requests > settings.pool.max_concurrent_requests:
        raise ValueError("pool.min_concurrent_requests: it is more than pool.max_concurrent_requests")
    if settings.caches.redis:
        try:
            parse(settings.caches.redis)
        except ValueError as error:
            raise ValueError(f"caches.redis: {error}") from None
    if not settings.check_with:
        raise ValueError("check_with: there has to be a checker, or nobody could log in")
