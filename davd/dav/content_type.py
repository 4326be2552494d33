"""The media type of a file: what its client said, else what its name suggests.

Implements: RFC 4918, 15.5; RFC 9110, 8.3
"""

from __future__ import annotations

from typing import Final

from davd.http.security import OCTET_STREAM
from davd.model.resource import Resource

_MAX_LENGTH: Final = 255

# A table of davd's own, so that an answer does not depend on what is installed on the machine.
_BY_TYPE: Final = {
    "application/epub+zip": "epub",
    "application/gzip": "gz tgz",
    "application/java-archive": "jar",
    "application/json": "json",
    "application/msword": "doc dot",
    "application/pdf": "pdf",
    "application/rtf": "rtf",
    "application/vnd.android.package-archive": "apk",
    "application/vnd.apple.keynote": "key",
    "application/vnd.apple.numbers": "numbers",
    "application/vnd.apple.pages": "pages",
    "application/vnd.ms-excel": "xls xlt",
    "application/vnd.ms-outlook": "msg",
    "application/vnd.ms-powerpoint": "ppt pps",
    "application/vnd.oasis.opendocument.graphics": "odg",
    "application/vnd.oasis.opendocument.presentation": "odp",
    "application/vnd.oasis.opendocument.spreadsheet": "ods",
    "application/vnd.oasis.opendocument.text": "odt",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": "pptx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.sqlite3": "sqlite sqlite3 db",
    "application/wasm": "wasm",
    "application/x-7z-compressed": "7z",
    "application/x-bzip2": "bz2",
    "application/x-tar": "tar",
    "application/x-xz": "xz",
    "application/xhtml+xml": "xhtml xht",
    "application/xml": "xml xsl rng",
    "application/zip": "zip",
    "application/zstd": "zst",
    "audio/aac": "aac",
    "audio/flac": "flac",
    "audio/mp4": "m4a",
    "audio/mpeg": "mp3",
    "audio/ogg": "ogg oga opus",
    "audio/wav": "wav",
    "font/otf": "otf",
    "font/ttf": "ttf",
    "font/woff": "woff",
    "font/woff2": "woff2",
    "image/avif": "avif",
    "image/bmp": "bmp",
    "image/gif": "gif",
    "image/heic": "heic heif",
    "image/jpeg": "jpg jpeg jpe",
    "image/png": "png",
    "image/svg+xml": "svg svgz",
    "image/tiff": "tif tiff",
    "image/vnd.adobe.photoshop": "psd",
    "image/vnd.microsoft.icon": "ico",
    "image/webp": "webp",
    "image/x-adobe-dng": "dng",
    "message/rfc822": "eml mht mhtml",
    "text/calendar": "ics ifb",
    "text/css": "css",
    "text/csv": "csv",
    "text/html": "html htm",
    "text/javascript": "js mjs",
    "text/markdown": "md markdown",
    "text/plain": "txt text log conf cfg ini toml yaml yml py c h sh diff patch",
    "text/tab-separated-values": "tsv",
    "text/vcard": "vcf vcard",
    "video/mp2t": "m2ts",
    "video/mp4": "mp4 m4v",
    "video/mpeg": "mpg mpeg",
    "video/ogg": "ogv",
    "video/quicktime": "mov qt",
    "video/webm": "webm",
    "video/x-matroska": "mkv",
    "video/x-msvideo": "avi",
}
_BY_ENDING: Final = {ending: kind for kind, endings in _BY_TYPE.items() for ending in endings.split()}
_ENDINGS: Final = {kind: f".{endings.split()[0]}" for kind, endings in _BY_TYPE.items()}


def guess(name: str) -> str:
    """The media type that a file name's ending suggests; `application/octet-stream` when it suggests none."""
    stem, dot, ending = name.rpartition(".")
    return _BY_ENDING.get(ending.lower(), OCTET_STREAM) if dot and stem else OCTET_STREAM


def ending(kind: str) -> str:
    """The ending, with its dot, that a file of media type `kind` usually has; empty when there is none."""
    return _ENDINGS.get(kind.partition(";")[0].strip().lower(), "")


def of(resource: Resource) -> str:
    """The value of DAV:getcontenttype for a file."""
    return resource.content_type or guess(resource.name)


def stated(text: str | None) -> str:
    """What of a request's Content-Type is kept with the content; empty when there is nothing worth keeping."""
    if text is None:
        return ""
    text = text.strip()
    return text if len(text) <= _MAX_LENGTH and text.isprintable() else ""
