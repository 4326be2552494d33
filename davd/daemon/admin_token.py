"""The secret that opens the admin plane: made at the first start, kept in the data folder for its owner alone."""

from __future__ import annotations

import os
import secrets
import stat
from typing import Final

from davd.interfaces.store import StoreError

FILE: Final = "admin-token"
TOKEN_BYTES: Final = 32


def path_of(folder: str) -> str:
    """Where the token of a data folder is kept."""
    return os.path.join(folder, FILE)


def read(folder: str) -> str | None:
    """The token of a data folder; None when it has none. StoreError when it cannot be used."""
    path = path_of(folder)
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StoreError(f"the admin token {path} cannot be read: {error.strerror}") from None
    with os.fdopen(descriptor, encoding="ascii", errors="replace") as file:
        if stat.S_IMODE(os.fstat(descriptor).st_mode) & 0o077:
            raise StoreError(f"the admin token {path} may be read by others than its owner; run: chmod 600 {path}")
        token = file.readline().strip()
    if len(token) < TOKEN_BYTES:
        raise StoreError(f"the admin token {path} is too short; remove the file, and the next start makes one")
    return token


def obtain(folder: str) -> tuple[str, bool]:
    """The token of a data folder, and whether it was made just now."""
    token = read(folder)
    return (token, False) if token is not None else (renew(folder), True)


def renew(folder: str) -> str:
    """Make a new token, which takes the place of the old one whole; what it is."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    path = path_of(folder)
    temporary = f"{path}.{os.getpid()}"
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            os.fchmod(descriptor, 0o600)
            file.write(token + "\n")
            file.flush()
            os.fsync(descriptor)
        os.replace(temporary, path)
    except OSError as error:
        raise StoreError(f"the admin token {path} cannot be written: {error.strerror}") from None
    return token
