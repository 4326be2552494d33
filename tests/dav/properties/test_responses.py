"""The two ways of writing a response: by columns and one by one.

Verifies: RFC 4918, 9.1, 14.24; docs/architecture.md, One request
"""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from davd.dav.core import EXTENSION
from davd.dav.properties import responses as module
from davd.dav.properties.responses import Responses, Wanted, document, responses
from davd.dav.properties.view import View
from davd.dav.registry import Extension, LiveProperty, Method, Registry
from davd.model.path import quote_segment
from davd.model.principal import Quota
from davd.model.resource import Resource
from davd.testing.exchange import Trial

_STORED = {
    "{urn:x}stored": b'<stored xmlns="urn:x">v</stored>',
    "{DAV:}displayname": b"<D:displayname>n</D:displayname>",
}
_TYPES = ("file", "collection", "principal")
_UNEVEN = LiveProperty("{urn:x}even", lambda view, row: "<&>" if row.id % 2 == 0 else None)
_WHOLE = LiveProperty("{urn:x}whole", lambda view, row: b"<D:href>/</D:href>")
_NAMES = st.lists(
    st.sampled_from(
        [
            *[row.name for row in EXTENSION.properties if not row.needs],
            "{urn:x}even",
            "{urn:x}whole",
            "{urn:x}stored",
            "{DAV:}displayname",
            "none",
        ]
    ),
    max_size=8,
)


def _resource(id: int, name: str, type: str, content_type: str) -> Resource:
    etag = f'"{id}"' if type == "file" else ""
    return Resource(id, 1, name, type, "alice", etag, content_type, id, 1e9 + id, 2e9 + id, id, 3, None, "")


_ROWS = st.lists(
    st.tuples(
        st.text(st.characters(codec="utf-8", exclude_characters="/\\", min_codepoint=32), min_size=1, max_size=5),
        st.sampled_from(_TYPES),
        st.sampled_from(["text/plain", "a/b;c=<&>", ""]),
        st.booleans(),
    ),
    max_size=6,
)


class _Around:
    """What getters ask of an exchange, taken from a real one."""

    def __init__(self) -> None:
        made = Trial(Extension("x", properties=[_UNEVEN, _WHOLE]))
        seen: list[Any] = []

        async def keep(exchange: Any) -> Any:
            seen.append(exchange)
            raise RuntimeError

        made.registry.methods["KEEP"] = Method("KEEP", keep)
        try:
            made.request("KEEP", "/")
        except RuntimeError:
            (self.exchange,) = seen
        self.registry = made.registry


_around = _Around()


@settings(max_examples=150, deadline=None)
@given(kind=st.sampled_from(["prop", "allprop", "propname"]), names=_NAMES, rows=_ROWS, minimal=st.booleans())
def test_columns_say_what_single_responses_say(kind: Any, names: list[str], rows: Any, minimal: bool) -> None:
    renderer = Responses(_around.registry, Wanted(kind, tuple(dict.fromkeys(names)), minimal))
    resources = [_resource(index + 2, name, type, media) for index, (name, type, media, _) in enumerate(rows)]
    view = View(_around.exchange)
    view.quotas = {"alice": Quota(5, None)}
    view.stored = {index + 2: _STORED for index, row in enumerate(rows) if row[3]}
    quoted = [quote_segment(resource.name) for resource in resources]
    page = etree.fromstring(document(renderer, renderer.render(view, "/base/", quoted, resources)))
    alone = [
        etree.fromstring(document(renderer, [renderer._alone(view, "/base/", name, row)]))[0]
        for name, row in zip(quoted, resources, strict=True)
    ]
    assert sorted(map(_written, page)) == sorted(map(_written, alone))


def _written(element: Any) -> bytes:
    return etree.tostring(element, method="c14n", exclusive=True)


def test_renderers_are_kept_for_their_registry_and_not_without_bound() -> None:
    first, second = Registry.of([EXTENSION]), Registry.of([EXTENSION])
    wanted = Wanted("prop", ("{DAV:}getetag",))
    kept = responses(first, wanted)
    assert responses(first, wanted) is kept
    assert responses(second, wanted).registry is second
    for number in range(2 * module._KEPT):
        responses(second, Wanted("prop", (f"{{urn:x}}n{number}",)))
    assert len(module._kept) <= module._KEPT
    long = Wanted("prop", ("n" * 5000,))
    responses(second, long)
    assert long not in module._kept
