"""Which names a principal can have on the command line."""

from __future__ import annotations

import unicodedata
from typing import Final

import click

MAX_NAME_BYTES: Final = 64


def checked(name: str, what: str = "an account") -> str:
    """The name in the form in which it is kept; a click error of one sentence when it cannot be one."""
    name = unicodedata.normalize("NFC", name)
    wrong = (
        not name
        or len(name.encode()) > MAX_NAME_BYTES
        or name in (".", "..")
        or any(character in '/\\:"' or not character.isprintable() or character.isspace() for character in name)
    )
    if wrong:
        raise click.ClickException(
            f"{what} name has 1 to {MAX_NAME_BYTES} bytes and no spaces, slashes, colons or quotes"
        )
    return name
