"""PHOTO, LOGO, SOUND and KEY: base64 after ENCODING=b with a short TYPE in 3.0, a data: URI with a media type in 4.0.

Implements: RFC 6350, 6.2.4, 6.6.3, 6.7.5, 6.8.1; RFC 2426, 3.1.4, 3.5.4, 3.6.6, 3.7.2; RFC 2397, 2, 3
"""

from __future__ import annotations

import base64
import re
from typing import Final
from urllib.parse import unquote_to_bytes

from davd.formats.contentlines import Line
from davd.formats.vcard.params import Pairs, made, value, without

NAMES: Final = frozenset({"PHOTO", "LOGO", "SOUND", "KEY"})

_MAIN: Final = {"PHOTO": "image", "LOGO": "image", "SOUND": "audio", "KEY": "application"}
# The short types that are not the subtype itself.
_LONG: Final = {
    "jpg": "image/jpeg",
    "wave": "audio/wav",
    "pgp": "application/pgp-keys",
    "x509": "application/pkix-cert",
}
_SHORT: Final = {
    "application/pgp-keys": "PGP",
    "application/pkix-cert": "X509",
    "audio/wav": "WAVE",
}
_NO_MEDIA: Final = frozenset({"home", "work", "pref"})
_UNKNOWN: Final = "application/octet-stream"
_SUBTYPE: Final = re.compile(r"[a-z0-9][a-z0-9.+-]*")
_MEDIA: Final = re.compile(r"[a-z0-9][a-z0-9.+-]*/[a-z0-9][a-z0-9.+-]*")
_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:(?!\s)")
_BASE64: Final = re.compile(r"[A-Za-z0-9+/]+={0,2}")
# How the base64 of well-known formats begins.
_MAGIC: Final = (
    ("/9j/", "image/jpeg"),
    ("iVBORw0KGgo", "image/png"),
    ("R0lGOD", "image/gif"),
    ("UklGR", "image/webp"),
    ("SUkqA", "image/tiff"),
    ("TU0AK", "image/tiff"),
    ("Qk", "image/bmp"),
)


def upward(line: Line, found: Pairs) -> Line:
    """The line as 4.0 has it; `found` are its parameters with those common to all properties converted."""
    name = line.name
    text = line.value
    reference = value(found, "VALUE") in ("uri", "url")
    encoded = value(found, "ENCODING").lower() in ("b", "base64") or value(found, "VALUE") == "binary"
    if not encoded and not reference:
        # Some programs leave ENCODING away.
        encoded = name in ("PHOTO", "LOGO") and bool(_magic(text)) and _BASE64.fullmatch(_packed(text)) is not None
        reference = not encoded and _SCHEME.match(uri(text)) is not None
    if not encoded and not reference:
        kept = without(found, "ENCODING", "VALUE")
        return made(line, kept if _MAIN[name] == "image" else [("VALUE", "text"), *kept])
    media, kept = _media(name, without(found, "ENCODING", "VALUE"))
    if encoded:
        packed = _packed(text)
        media = media or (_magic(packed) if _MAIN[name] == "image" else "") or _UNKNOWN
        return made(line, kept, f"data:{media};base64,{packed}")
    text = uri(text)
    if media and not text[:5].lower() == "data:":
        kept.insert(0, ("MEDIATYPE", media))
    return made(line, kept, text)


def downward(line: Line, found: Pairs) -> Line:
    """The line as 3.0 has it."""
    text = line.value
    if value(found, "VALUE") == "text":
        return made(line, found)
    kept = without(found, "VALUE", "MEDIATYPE")
    media = value(found, "MEDIATYPE").lower()
    if text[:5].lower() != "data:":
        return made(line, [("VALUE", "uri"), *_shortened(line.name, media), *kept])
    # Some programs escape the comma, though a URI has no escapes.
    head, _, payload = text[5:].replace("\\,", ",").replace("\\;", ";").partition(",")
    stated, *attributes = [part.strip() for part in head.split(";")]
    if attributes and attributes[-1].lower() == "base64":
        attributes.pop()
        payload = _packed(payload)
    else:
        payload = base64.b64encode(unquote_to_bytes(payload)).decode()
    if attributes:
        kept.insert(0, ("MEDIATYPE", ";".join([stated or "text/plain", *attributes])))
    elif stated or media:
        kept = [*_shortened(line.name, (stated or media).lower()), *kept]
    return made(line, [("ENCODING", "b"), *kept], payload)


def uri(text: str) -> str:
    """A URI without the backslashes that some programs put before its punctuation."""
    return re.sub(r"\\([:;,])", r"\1", text) if "\\" in text else text


def is_uri(text: str) -> bool:
    """Whether the text begins like an absolute URI."""
    return _SCHEME.match(text) is not None


def _media(name: str, found: Pairs) -> tuple[str, Pairs]:
    """The media type that MEDIATYPE or TYPE say, and what is left of the parameters."""
    stated = value(found, "MEDIATYPE")
    kept = without(found, "MEDIATYPE")
    if stated:
        main = stated.split(";")[0].lower()
        return stated, [pair for pair in kept if pair[0] != "TYPE" or _full(name, pair[1]) != main]
    for position, (key, text) in enumerate(kept):
        media = _full(name, text) if key == "TYPE" else ""
        if media:
            return media, kept[:position] + kept[position + 1 :]
    return "", kept


def _full(name: str, short: str) -> str:
    """The media type that a TYPE of 3.0 stands for; empty when it stands for something else."""
    short = short.lower()
    if "/" in short:
        return short if _MEDIA.fullmatch(short) else ""
    if short in _NO_MEDIA or short.startswith("x-") or not _SUBTYPE.fullmatch(short):
        return ""
    return _LONG.get(short) or f"{_MAIN[name]}/{short}"


def _shortened(name: str, media: str) -> Pairs:
    """The TYPE of 3.0 for a media type; none when nothing is known."""
    if not media or media == _UNKNOWN:
        return []
    main, _, sub = media.partition("/")
    short = _SHORT.get(media) or (sub.upper() if main == _MAIN[name] else "")
    if short and _full(name, short) == media:
        return [("TYPE", short)]
    return [("TYPE", media)] if _full(name, media) == media else [("MEDIATYPE", media)]


def _magic(text: str) -> str:
    for begin, media in _MAGIC:
        if text.startswith(begin):
            return media
    return ""


def _packed(text: str) -> str:
    """Base64 without white space."""
    if " " in text or "\t" in text:
        text = "".join(text.split())
    return text
