"""Who may use the admin plane: whoever has its token, and browsers that have shown it.

Implements: RFC 6750, 2.1, 3; RFC 7617, 2; RFC 6265, 4.1.2; docs/operate/monitoring.md, Admin plane
"""

from __future__ import annotations

import hmac
import secrets
from base64 import b64decode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from http.cookies import CookieError, SimpleCookie
from typing import Final

from davd.authentication.throttle import Throttle

COOKIE: Final = "davd_admin"
SESSION_SECONDS: Final = 12 * 3600.0
_MOST_SESSIONS = 64


@dataclass(slots=True)
class Session:
    """A browser that is logged in: the value it has to repeat with what changes something, and the end."""

    csrf: str
    until: float


@dataclass(frozen=True, slots=True)
class Login:
    """How a request is let in; `session` when by a cookie, and by which one."""

    key: bytes | None = None
    session: Session | None = None


class Sessions:
    """Knows the token and the sessions; `now` gives POSIX seconds.

    The right token is always let in: it cannot be guessed, and who guesses must not lock out the administrator. Wrong
    ones are counted by network, and no answer tells more than to come back later while a network is blocked.
    """

    def __init__(self, token: str, throttle: Throttle, now: Callable[[], float]) -> None:
        self._token = token.encode()
        self._throttle = throttle
        self._now = now
        self._sessions: dict[bytes, Session] = {}

    def find(self, headers: Mapping[str, str]) -> Login | None:
        """How these header fields, by lower-case names, let their request in; None when they do not."""
        authorization = headers.get("authorization")
        if authorization is not None:
            return Login() if self._right(authorization) else None
        try:
            morsel = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
        except CookieError:
            return None
        if morsel is None:
            return None
        key = _key(morsel.value)
        return Login(key, self._sessions[key]) if self._alive(key) else None

    async def failed(self, address: str) -> float:
        """Count a wrong token; how many seconds whoever has sent it is to wait."""
        keys = self._throttle.keys("", address)[1:]
        now = self._now()
        wait = await self._throttle.wait(keys, now)
        if wait == 0.0:
            self._throttle.begin(keys)
            await self._throttle.finish(keys, True, now)
        return wait

    def open(self) -> tuple[str, Session]:
        """Let a browser in from now on: the value of its cookie, and its session."""
        now = self._now()
        for key, session in list(self._sessions.items()):
            if session.until <= now:
                del self._sessions[key]
        while len(self._sessions) >= _MOST_SESSIONS:
            del self._sessions[next(iter(self._sessions))]
        value = secrets.token_urlsafe(32)
        session = self._sessions[_key(value)] = Session(secrets.token_urlsafe(32), now + SESSION_SECONDS)
        return value, session

    def holds(self, login: Login) -> bool:
        """Whether what let a request in would let it in now: the token always would, a session until its end."""
        return login.key is None or self._alive(login.key)

    def close(self, login: Login) -> None:
        """End the session of a request."""
        if login.key is not None:
            self._sessions.pop(login.key, None)

    def _alive(self, key: bytes) -> bool:
        session = self._sessions.get(key)
        if session is None or session.until <= self._now():
            self._sessions.pop(key, None)
            return False
        return True

    def right(self, token: str) -> bool:
        """Whether this is the token."""
        return hmac.compare_digest(token.encode(errors="replace"), self._token)

    def _right(self, authorization: str) -> bool:
        scheme, _, credentials = authorization.partition(" ")
        credentials = credentials.strip()
        if scheme.lower() == "basic":
            try:
                _, _, credentials = b64decode(credentials, validate=True).decode().partition(":")
            except ValueError:
                return False
        elif scheme.lower() != "bearer":
            return False
        return self.right(credentials)


def cookie(value: str, secure: bool) -> str:
    """The Set-Cookie field of a session; of an empty value, the one that ends it."""
    age = SESSION_SECONDS if value else 0
    return f"{COOKIE}={value}; Path=/; HttpOnly; SameSite=Strict; Max-Age={age:.0f}{'; Secure' if secure else ''}"


def _key(value: str) -> bytes:
    """What a cookie is found by; a look-up by the value itself would tell by its time how much of it is right."""
    return blake2b(value.encode(), digest_size=16).digest()
