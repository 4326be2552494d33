"""What a restore point says of itself."""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256
from typing import Final

import msgspec

from davd.interfaces.store import StoreError

FORMAT: Final = 1

# A digest as it stands in a list of digests.
DIGEST_BYTES: Final = 32


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """One restore point.

    `davd` is the version that made it, `schema` the number of migrations, `epoch` the life of the store, `time` the
    POSIX time at which the store was as it is here. `database` is the digest of the whole database of
    `database_bytes`, which is in pieces of `piece_bytes`; `pieces` and `blobs` are the digests of the lists of digests
    that stand beside the manifest. `missing` are the digests of contents that the store itself had lost. `files` are
    digests of further files by their names in the data folder. The rest counts what the store had.
    """

    format: int = FORMAT
    davd: str
    schema: int
    epoch: str
    time: float
    database: str
    database_bytes: int
    piece_bytes: int
    pieces: str
    blobs: str
    blob_count: int
    blob_bytes: int
    accounts: int
    collections: int
    objects: int
    object_bytes: int
    trash: int
    missing: list[str] = []
    files: dict[str, str] = {}

    @property
    def name(self) -> str:
        """What the restore point is called: its time in UTC, so that names have the order of times."""
        return datetime.fromtimestamp(self.time, UTC).strftime("%Y%m%dT%H%M%S.%fZ")


def written(manifest: Manifest) -> bytes:
    """The text of a manifest: JSON, then a line with its digest."""
    body = msgspec.json.format(msgspec.json.encode(manifest), indent=1)
    return body + b"\n" + sha256(body).hexdigest().encode() + b"\n"


def parsed(text: bytes) -> Manifest:
    """The manifest of a text; StoreError when it is not what was written, or of a newer format."""
    body, _, digest = text.removesuffix(b"\n").rpartition(b"\n")
    if sha256(body).hexdigest().encode() != digest or not text.endswith(b"\n"):
        raise StoreError("the manifest is not what was written")
    try:
        manifest = msgspec.json.decode(body, type=Manifest)
    except msgspec.DecodeError as error:
        raise StoreError(f"the manifest cannot be read: {error}") from error
    if manifest.format > FORMAT:
        raise StoreError(f"the backup has the format {manifest.format}, this davd knows {FORMAT}")
    return manifest


def digests(packed: bytes) -> list[str]:
    """The digests of a list, as hexadecimal texts; StoreError when it is cut off."""
    if len(packed) % DIGEST_BYTES:
        raise StoreError("a list of digests is cut off")
    return [packed[at : at + DIGEST_BYTES].hex() for at in range(0, len(packed), DIGEST_BYTES)]


def parse_time(text: str) -> float:
    """POSIX seconds of a date and time in ISO 8601, local unless it says otherwise; ValueError for anything else."""
    return datetime.fromisoformat(text).timestamp()
