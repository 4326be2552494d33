"""The content of a PUT on its way into the store: small content in memory, large content into a blob.

Nothing here is seen by anybody until a transaction refers to it.

Implements: RFC 9110, 9.3.4, 15.5.14; RFC 9530, 2, 3; RFC 4331, 6; RFC 4918, 9.7.1
"""

from __future__ import annotations

import hashlib
import re

from davd.dav import quota
from davd.dav.settings import DavSettings
from davd.http.digest import Adler32, Expected
from davd.http.request import Request
from davd.interfaces.store import IBlobStore, IBlobWriter
from davd.model.errors import HTTPError
from davd.model.resource import NewContent

_LENGTH = re.compile(r"[0-9]{1,18}")


def expected_length(request: Request) -> int | None:
    """How long the content says it will be: Content-Length, or Finder's X-Expected-Entity-Length where it is chunked.

    None when nothing is said. HTTPError 400 when the two differ or the latter is no number.
    """
    declared = request.body.length
    text = request.headers.get("x-expected-entity-length")
    if text is None:
        return declared
    if _LENGTH.fullmatch(text) is None or (declared is not None and declared != int(text)):
        raise HTTPError(400, detail="a wrong X-Expected-Entity-Length")
    return int(text)


async def receive(request: Request, settings: DavSettings, blobs: IBlobStore, room: int | None = None) -> NewContent:
    """Read the content of `request` to its end.

    Raises HTTPError 413 as soon as it is longer than `settings.max_file_bytes`, 507 as soon as it is longer than `room`
    (None: no limit), 400 when it is not as long as it was said to be or not what a Content-Digest, Repr-Digest or
    OC-Checksum says. On any failure nothing stays behind.
    """
    length = expected_length(request)
    if length is not None and length > settings.max_file_bytes:
        raise HTTPError(413)
    expected = Expected.from_headers(request.headers)
    pieces: list[bytes] = []
    size = 0
    while piece := await request.body.receive():
        size += len(piece)
        pieces.append(piece)
        _check_room(size, settings, room)
        if size > settings.inline_bytes:
            break
    data = pieces[0] if len(pieces) == 1 else b"".join(pieces)
    if size > settings.inline_bytes:
        return await _receive_blob(request, settings, blobs, expected, length, data, room)
    _check_length(size, length)
    if not expected.digests:
        return NewContent(size, hashlib.sha256(data).hexdigest(), data=data)
    found = {name: _digest(name, data) for name in (*expected.algorithms, "sha256")}
    if not expected.verify(found):
        raise HTTPError(400, detail="the content is not what its digest says")
    return NewContent(size, found["sha256"], data=data)


async def _receive_blob(
    request: Request,
    settings: DavSettings,
    blobs: IBlobStore,
    expected: Expected,
    length: int | None,
    data: bytes,
    room: int | None,
) -> NewContent:
    others = [name for name in expected.algorithms if name not in ("sha256", "adler32")]
    adler = Adler32() if "adler32" in expected.algorithms else None
    writer: IBlobWriter = blobs.create(others)
    try:
        while data:
            _check_room(writer.length + len(data), settings, room)
            if adler is not None:
                adler.update(data)
            await writer.write(data)
            data = await request.body.receive()
        size: int = writer.length
        _check_length(size, length)
        blob = await writer.finish()
    except BaseException:
        writer.abort()
        raise
    found = {name: writer.digest(name) for name in (*others, "sha256")}
    if adler is not None:
        found["adler32"] = adler.hexdigest()
    content = NewContent(size, found["sha256"], blob=blob)
    if not expected.verify(found):
        discard(content, blobs)
        raise HTTPError(400, detail="the content is not what its digest says")
    return content


def _check_room(size: int, settings: DavSettings, room: int | None) -> None:
    if size > settings.max_file_bytes:
        raise HTTPError(413)
    if room is not None and size > room:
        raise quota.used_up()


def _check_length(size: int, length: int | None) -> None:
    if length is not None and size != length:
        raise HTTPError(400, detail="the content is not as long as it was said to be")


def _digest(name: str, data: bytes) -> str:
    if name == "adler32":
        adler = Adler32()
        adler.update(data)
        return adler.hexdigest()
    return hashlib.new(name, data, usedforsecurity=False).hexdigest()


def discard(content: NewContent, blobs: IBlobStore) -> None:
    """Give up content that `receive` gave and no transaction has stored."""
    if content.blob is not None:
        blobs.delete(content.blob)
