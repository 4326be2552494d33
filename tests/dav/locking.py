"""Locks, as a client takes them."""

from __future__ import annotations

from lxml import etree

from davd.http.response import Response
from davd.testing.exchange import Trial

D = "{DAV:}"


def lockinfo(scope: str = "exclusive", owner: str = "<D:owner>me</D:owner>") -> bytes:
    """A LOCK body."""
    return (
        f'<D:lockinfo xmlns:D="DAV:"><D:lockscope><D:{scope}/></D:lockscope>'
        f"<D:locktype><D:write/></D:locktype>{owner}</D:lockinfo>"
    ).encode()


def lock(
    trial: Trial, path: str, scope: str = "exclusive", depth: str | None = "0", user: str = "alice", **headers: str
) -> Response:
    """The response to a LOCK."""
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    if depth is not None:
        fields["Depth"] = depth
    return trial.request("LOCK", path, fields, lockinfo(scope), user)


def taken(trial: Trial, path: str, scope: str = "exclusive", depth: str | None = "0", **headers: str) -> str:
    """The token of a lock that must be granted."""
    response = lock(trial, path, scope, depth, **headers)
    assert response.status in (200, 201), response
    text = response.headers["Lock-Token"]
    assert text[0] == "<" and text[-1] == ">"
    return text[1:-1]


def error(trial: Trial, response: Response) -> tuple[int, str, list[str]]:
    """Status, condition and hrefs of a refusal."""
    root = etree.fromstring(trial.read(response))
    assert root.tag == D + "error" and len(root) == 1
    return response.status, str(root[0].tag), [element.text or "" for element in root[0].findall(D + "href")]


def active(trial: Trial, response: Response) -> list[dict[str, str]]:
    """The activelocks in the body of a LOCK answer: what each child says, by local name."""
    root = etree.fromstring(trial.read(response))
    assert root.tag == D + "prop" and [child.tag for child in root] == [D + "lockdiscovery"]
    found = []
    for element in root[0]:
        assert element.tag == D + "activelock"
        told = {}
        for child in element:
            name = etree.QName(child).localname
            if name in ("lockscope", "locktype"):
                told[name] = etree.QName(child[0]).localname
            elif name in ("locktoken", "lockroot"):
                told[name] = child.findtext(D + "href") or ""
            else:
                told[name] = "".join(child.itertext())
        found.append(told)
    return found


LOCKED = (423, "{DAV:}lock-token-submitted")
