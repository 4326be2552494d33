"""Which names and addresses a principal can have on the command line."""

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


def address(text: str) -> str:
    """An e-mail address, or empty text for none; a click error of one sentence for what is none.

    Nothing is asked but that it can be written into a `mailto` URL and a line of `list`.
    """
    local, _, domain = text.rpartition("@")
    if text and (not (local and domain) or any(not sign.isprintable() or sign.isspace() for sign in text)):
        raise click.ClickException(f"{text!r} is no e-mail address")
    return text


def title(text: str) -> str:
    """A name as people write it, on one line; a click error of one sentence for text that no client could be told."""
    text = unicodedata.normalize("NFC", text.strip())
    if not text.isprintable():
        raise click.ClickException(f"{text!r} has characters that cannot be kept")
    return text
