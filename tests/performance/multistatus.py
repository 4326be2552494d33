"""Read a multistatus and hold it against the data."""

from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree

from tests.performance.client import Answer
from tests.performance.dataset import MEMBER_OCTETS, MEMBERS, member

PROPFIND = (
    '<?xml version="1.0" encoding="utf-8"?><D:propfind xmlns:D="DAV:"><D:prop><D:displayname/><D:getcontentlength/>'
    "<D:getcontenttype/><D:getetag/><D:getlastmodified/><D:resourcetype/></D:prop></D:propfind>"
)


def hrefs(body: bytes) -> list[str]:
    """The paths of the responses, decoded."""
    root = ElementTree.fromstring(body)
    return [
        unquote(urlsplit(response.findtext("{DAV:}href") or "").path) for response in root.findall("{DAV:}response")
    ]


def faults(answer: Answer, path: str) -> str:
    """What is wrong with a listing of the collection of 1,000, in words; empty when it is right.

    Every member must be there once, with its length under status 200, and the collection as a collection.
    """
    if answer.status != 207:
        return f"status {answer.status}"
    lengths: dict[str, str | None] = {}
    collections = []
    for response in ElementTree.fromstring(answer.body).findall("{DAV:}response"):
        name = unquote(urlsplit(response.findtext("{DAV:}href") or "").path).removeprefix(path)
        for propstat in response.findall("{DAV:}propstat"):
            if " 200 " in (propstat.findtext("{DAV:}status") or ""):
                length = propstat.findtext("{DAV:}prop/{DAV:}getcontentlength")
                if propstat.find("{DAV:}prop/{DAV:}resourcetype/{DAV:}collection") is not None:
                    collections.append(name)
                elif name in lengths:
                    return f"{name} twice"
                else:
                    lengths[name] = length
    if collections != [""]:
        return f"collections: {collections[:3]}"
    if lengths != {member(number)[0]: str(MEMBER_OCTETS) for number in range(MEMBERS)}:
        return f"{len(lengths)} members, or a wrong length among them"
    return ""
