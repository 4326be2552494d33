"""A live property that tells the digest of a file's content, in hexadecimal."""

from typing import Any

from davd.dav.properties.view import View
from davd.dav.registry import Extension, LiveProperty
from davd.model.resource import Resource


def extension(settings: dict[str, Any]) -> Extension:
    """The rows; `namespace` in `[extensions.digest]` is the property's namespace."""
    settings = dict(settings)
    namespace = settings.pop("namespace", "http://example.org/ns/digest")
    if settings:
        raise ValueError(f"extensions.digest: there is no setting called {next(iter(settings))}")
    if not isinstance(namespace, str):
        raise ValueError("extensions.digest.namespace: expected a text")

    def sha256(view: View, resource: Resource) -> str | None:
        return resource.sha256 or None

    return Extension(
        "digest",
        properties=[LiveProperty("{" + namespace + "}sha256", sha256, in_allprop=False, shared=True)],
    )
