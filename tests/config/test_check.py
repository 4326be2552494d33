"""Settings that do not fit together.

Verifies: docs/architecture.md, Configuration
"""

from __future__ import annotations

import pytest

from davd.config.check import check
from davd.config.settings import Settings


class TestCheck:
    """Verifies: docs/architecture.md, Configuration."""

    @pytest.mark.parametrize("prefix", ["", "/dav", "/a/b-c_d.e~f", "/a/.b", "/a/..b"])
    def test_prefixes(self, prefix: str) -> None:
        settings = Settings()
        settings.dav.prefix = prefix
        check(settings)

    @pytest.mark.parametrize("prefix", ["/", "dav", "/dav/", "/a//b", "/a/../b", "/a/.", "/a b", "/a%20b", "/a\n"])
    def test_what_is_no_prefix(self, prefix: str) -> None:
        settings = Settings()
        settings.dav.prefix = prefix
        with pytest.raises(ValueError, match=r"^dav\.prefix: "):
            check(settings)

    def test_networks(self) -> None:
        settings = Settings()
        settings.net.trusted_proxies = ["10.0.0.0/8", "2001:db8::/32", "192.0.2.1", "unix:"]
        check(settings)
        settings.net.trusted_proxies.append("10.0.0.1/8")
        with pytest.raises(ValueError, match=r"^net\.trusted_proxies: 10\.0\.0\.1/8 has host bits set$"):
            check(settings)

    def test_bounds_of_the_pool(self) -> None:
        settings = Settings()
        settings.pool.max_concurrent_requests = settings.pool.min_concurrent_requests
        check(settings)
        settings.pool.max_concurrent_requests -= 1
        with pytest.raises(ValueError, match=r"^pool\.min_concurrent_requests: "):
            check(settings)

    def test_the_place_of_redis(self) -> None:
        settings = Settings()
        settings.caches.redis = "redis://127.0.0.1:6379/1"
        check(settings)
        settings.caches.redis = "redis://"
        with pytest.raises(ValueError, match=r"^caches\.redis: the URL of Redis names no host$"):
            check(settings)
