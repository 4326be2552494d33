"""What a server tells of its quotas: the fields RateLimit-Policy and RateLimit.

Both are Lists of Items whose value is the policy's name, a String, and whose parameters are the figures. Written after
revision 11 of the draft.

Implements: draft-ietf-httpapi-ratelimit-headers, 3, 4, 6, 10.3; RFC 9651, 3.1, 4.1
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

# The names of the fields.
POLICY: Final = "RateLimit-Policy"
LIMIT: Final = "RateLimit"

# Units of the registry that the draft opens; the first is what a policy without a unit counts in.
REQUESTS: Final = "requests"
CONTENT_BYTES: Final = "content-bytes"

# RFC 9651, 3.3.1: an Integer has at most fifteen digits.
_MOST: Final = 999_999_999_999_999
_STRING: Final = re.compile(r"[\x20-\x7e]*+")
_ESCAPED: Final = re.compile(r'["\\]')


@dataclass(frozen=True, slots=True)
class Policy:
    """A quota as it was allocated.

    `quota` counts `unit`, a word of the registry; `window` is in seconds, None when the quota has none. `key` tells the
    partitions of one policy apart.
    """

    name: str
    quota: float
    window: float | None = None
    unit: str = REQUESTS
    key: bytes | None = None


@dataclass(frozen=True, slots=True)
class Limit:
    """What is left of the quota of the policy `name`.

    The client should use no more than `available` within `window` seconds; None leaves the time open. `key` is as in
    the policy.
    """

    name: str
    available: float
    window: float | None = None
    key: bytes | None = None


def policy_field(policies: Iterable[Policy]) -> str:
    """The value of RateLimit-Policy, empty for no policies: then the field is left out.

    Raises ValueError for a name or unit that is not printable ASCII.
    """
    items = []
    for policy in policies:
        item = f"{_string(policy.name)};q={_integer(policy.quota)}"
        if policy.unit != REQUESTS:
            item += f";qu={_string(policy.unit)}"
        if policy.window is not None:
            # "The time window MUST be a non-negative, non-zero, Integer value expressing an interval in seconds".
            item += f";w={max(1, _integer(policy.window, up=True))}"
        items.append(item + _partition(policy.key))
    return ", ".join(items)


def limit_field(limits: Iterable[Limit]) -> str:
    """The value of RateLimit, empty for no limits: then the field is left out; ValueError as `policy_field`."""
    items = []
    for limit in limits:
        item = f"{_string(limit.name)};r={_integer(limit.available)}"
        if limit.window is not None:
            item += f";t={_integer(limit.window, up=True)}"
        items.append(item + _partition(limit.key))
    return ", ".join(items)


def _integer(number: float, up: bool = False) -> int:
    """A non-negative Integer: never more than there is of a quota, never less than there is to wait."""
    if number >= _MOST:
        return _MOST
    whole = int(number)
    return max(0, whole + 1 if up and whole < number else whole)


def _string(text: str) -> str:
    if _STRING.fullmatch(text) is None:
        raise ValueError("a String of structured fields is printable ASCII")
    return '"' + _ESCAPED.sub(r"\\\g<0>", text) + '"'


def _partition(key: bytes | None) -> str:
    return "" if key is None else f";pk=:{b64encode(key).decode('ascii')}:"
