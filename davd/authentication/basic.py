"""The Basic scheme.

Implements: RFC 7617, 2
"""

from __future__ import annotations

import binascii
import unicodedata
from base64 import b64decode


def parse(value: str) -> tuple[str, str] | None:
    """The name and password of an Authorization field value; None when it is not well-formed Basic.

    RFC 7617, 2.1: UTF-8 is advertised; clients that ignore that send ISO 8859-1, which is what bytes that are no UTF-8
    are read as.
    """
    scheme, _, credentials = value.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        octets = b64decode(credentials.strip().encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError):
        return None
    try:
        text = octets.decode("utf-8")
    except UnicodeDecodeError:
        text = octets.decode("latin-1")
    # RFC 7617, 2.1: what is UTF-8 is normalised to NFC, so that a password typed on any keyboard is the same.
    name, colon, password = unicodedata.normalize("NFC", text).partition(":")
    if not colon or not name or any(ord(character) < 32 or ord(character) == 127 for character in text):
        return None
    return name, password


def challenge(realm: str) -> str:
    """The WWW-Authenticate value; `realm` holds no quotes or backslashes."""
    return f'Basic realm="{realm}", charset="UTF-8"'
