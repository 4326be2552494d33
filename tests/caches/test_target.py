"""URLs of Redis.

Verifies: RFC 3986, 3.2, 3.3, 3.4
"""

from __future__ import annotations

import pytest

from davd.caches.target import Target, parse


@pytest.mark.parametrize(
    ("url", "target", "text"),
    [
        ("redis://localhost", Target("localhost"), "redis://localhost:6379"),
        ("redis://localhost/", Target("localhost"), "redis://localhost:6379"),
        ("redis://10.0.0.5:7000/3", Target("10.0.0.5", 7000, database=3), "redis://10.0.0.5:7000"),
        ("rediss://[::1]:1/0", Target("::1", 1, tls=True), "rediss://[::1]:1"),
        ("redis://:pw@h", Target("h", password="pw"), "redis://h:6379"),
        ("redis://me:p%40%2F%23@h/1", Target("h", user="me", password="p@/#", database=1), "redis://h:6379"),
        ("unix:///run/r.sock", Target(path="/run/r.sock"), "unix:/run/r.sock"),
        ("unix:///run/a%20b?db=4", Target(path="/run/a b", database=4), "unix:/run/a b"),
        ("unix://me:pw@/run/r", Target(path="/run/r", user="me", password="pw"), "unix:/run/r"),
    ],
)
def test_good_ones(url: str, target: Target, text: str) -> None:
    """Verifies: RFC 3986, 3.2, 3.3, 3.4"""
    found = parse(url)
    assert found == target
    assert str(found) == text
    assert "pw" not in repr(found)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "localhost:6379",
        "http://localhost",
        "redis://",
        "redis:///0",
        "redis://h/x",
        "redis://h/-1",
        "redis://h/1/2",
        "redis://h/٣",
        "redis://h?db=1",
        "redis://h#1",
        "redis://h:99999",
        "redis://h:x",
        "redis://[::1",
        "redis://secret@h",
        "unix://run/r.sock",
        "unix://",
        "unix:///r?database=1",
        "unix:///r?db=x",
        "unix:///r?db=1&db=2",
    ],
)
def test_bad_ones(url: str) -> None:
    """Verifies: RFC 3986, 3.2, 3.3, 3.4"""
    with pytest.raises(ValueError, match="the URL of Redis") as caught:
        parse(url)
    assert "secret" not in str(caught.value)
