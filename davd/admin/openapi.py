"""The description of the JSON API, as OpenAPI 3.1.

Implements: docs/operate/monitoring.md, JSON API
"""

from __future__ import annotations

import re
from typing import Any, Final

API: Final = "/api/v1"

_ACCOUNT: Final = {
    "type": "object",
    "required": ["name", "email", "display_name", "created", "disabled", "own_password", "quota"],
    "properties": {
        "name": {"type": "string"},
        "email": {"type": "string"},
        "display_name": {"type": "string"},
        "created": {"type": "number", "description": "POSIX seconds."},
        "disabled": {"type": "boolean"},
        "own_password": {"type": "boolean", "description": "Whether davd keeps the password itself."},
        "quota": {
            "type": "object",
            "properties": {"used": {"type": "integer"}, "limit": {"type": ["integer", "null"]}},
        },
    },
}
_TEXT: Final = {"type": "string"}
_NEW_ACCOUNT: Final = {
    "type": "object",
    "required": ["name", "password"],
    "additionalProperties": False,
    "properties": {"name": _TEXT, "password": _TEXT, "email": _TEXT, "display_name": _TEXT},
}
_CHANGE: Final = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "email": _TEXT,
        "display_name": _TEXT,
        "quota": {"type": ["integer", "null"], "minimum": 0},
        "disabled": {"type": "boolean"},
    },
}
_PASSWORD: Final = {
    "type": "object",
    "required": ["password"],
    "additionalProperties": False,
    "properties": {"password": _TEXT},
}
_COLLECTION: Final = {
    "type": "object",
    "required": ["id", "path", "type", "home", "display_name", "members", "bytes", "complete", "modified", "grants"],
    "properties": {
        "id": {"type": "integer"},
        "path": _TEXT,
        "type": {"type": "string", "description": "collection, calendar, addressbook, or that of an extension."},
        "home": {"type": "boolean", "description": "A home cannot be removed."},
        "display_name": _TEXT,
        "components": {"type": "array", "items": _TEXT, "description": "What a calendar takes."},
        "members": {"type": "integer", "description": "All resources in it, at whatever depth."},
        "bytes": {"type": "integer"},
        "complete": {"type": "boolean", "description": "False when there is more than was counted."},
        "created": {"type": "number", "description": "POSIX seconds."},
        "modified": {"type": "number", "description": "POSIX seconds, of the last change."},
        "grants": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"principal": _TEXT, "privileges": {"type": "array", "items": _TEXT}},
            },
        },
    },
}
_NEW_COLLECTION: Final = {
    "type": "object",
    "required": ["kind"],
    "additionalProperties": False,
    "properties": {
        "kind": {"type": "string", "description": "calendar, addressbook, or that of an extension."},
        "name": {"type": "string", "description": "The last part of the URL; without it one is chosen."},
        "display_name": _TEXT,
        "components": {"type": "array", "items": _TEXT, "description": "What a calendar is for alone, as VTODO."},
    },
}
_RENAMING: Final = {
    "type": "object",
    "required": ["display_name"],
    "additionalProperties": False,
    "properties": {"display_name": _TEXT},
}
_IDS: Final = {"type": "array", "minItems": 1, "maxItems": 500, "items": {"type": "integer"}}
_PURGING: Final = {
    "type": "object", "required": ["ids"], "additionalProperties": False, "properties": {"ids": _IDS},
}  # fmt: skip
_RESTORING: Final = {
    "type": "object",
    "required": ["ids"],
    "additionalProperties": False,
    "properties": {"ids": _IDS, "replace": {"type": "boolean"}},
}
_TRASHED: Final = {
    "type": "object",
    "required": ["id", "name", "path", "type", "reason", "deleted", "expires", "bytes", "count", "uid"],
    "properties": {
        "id": {"type": "integer"},
        "name": _TEXT,
        "path": {"type": "string", "description": "Where it was."},
        "type": _TEXT,
        "reason": {"enum": ["deleted", "overwritten"]},
        "deleted": {"type": "number", "description": "POSIX seconds."},
        "expires": {"type": "number", "description": "POSIX seconds; then it is removed for good."},
        "bytes": {"type": "integer", "description": "What it counts for."},
        "count": {"type": "integer", "description": "How many resources it holds."},
        "uid": {"type": "string", "description": "That of an object of a calendar or an address book."},
    },
}
_REMOVED: Final = {"type": "object", "required": ["removed"], "properties": {"removed": {"type": "integer"}}}
_APP_PASSWORD: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["id", "label", "created", "last_used", "expires", "expired"],
    "properties": {
        "id": {"type": "string", "description": "The part of the password behind `app-`."},
        "label": {"type": "string", "description": "What has it."},
        "created": {"type": "number", "description": "POSIX seconds."},
        "last_used": {"type": ["number", "null"], "description": "POSIX seconds, to the hour; null for never."},
        "expires": {"type": ["number", "null"], "description": "POSIX seconds; null when it does not end by itself."},
        "expired": {"type": "boolean"},
    },
}
_NEW_APP_PASSWORD: Final = {
    "type": "object",
    "additionalProperties": False,
    "properties": {"label": _TEXT, "expires": {"type": ["number", "null"], "description": "POSIX seconds."}},
}
_MADE_APP_PASSWORD: Final = {
    "type": "object",
    "required": [*_APP_PASSWORD["required"], "password"],
    "properties": {**_APP_PASSWORD["properties"], "password": {"type": "string", "description": "Told this once."}},
}
_REVOKED: Final = {"type": "object", "required": ["revoked"], "properties": {"revoked": {"type": "integer"}}}
_SESSION: Final = {
    "type": "object",
    "required": ["csrf", "until"],
    "properties": {"csrf": _TEXT, "until": {"type": "number"}},
}


def _list(*names: str) -> dict[str, Any]:
    return {
        "type": "object",
        "required": list(names),
        "properties": {name: {"type": "array", "items": {"type": "object"}} for name in names},
    }


def _page(name: str, items: Any, next: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "required": [name, "next"],
        "properties": {name: {"type": "array", "items": items}, "next": next},
    }


def _array(name: str, items: Any) -> dict[str, Any]:
    return {"type": "object", "required": [name], "properties": {name: {"type": "array", "items": items}}}


_ANY: Final = {"type": "object"}

# Method, path, what it does, the status of success, the schema of the answer (None for none), that of the content.
OPERATIONS: Final[tuple[tuple[str, str, str, int, Any, Any], ...]] = (
    ("get", "/health/live", "Whether the process answers.", 200, _ANY, None),
    ("get", "/health/ready", "Whether requests should come here; 503 when not.", 200, _ANY, None),
    ("get", "/health", "The same as a word of plain text.", 200, "text/plain", None),
    ("get", "/metrics", "All metrics in Prometheus' text format, or OpenMetrics by Accept.", 200, "text/plain", None),
    ("get", "/statistics", "The counters of all processes that serve, summed up.", 200, _ANY, None),
    ("get", f"{API}/statistics", "The counters of all processes that serve, summed up.", 200, _ANY, None),
    ("get", f"{API}/metrics", "All metrics.", 200, _list("families"), None),
    ("get", f"{API}/history", "The signals of the last hour; `since` (POSIX seconds), `signal`.", 200, _ANY, None),
    ("get", f"{API}/connections", "Connections.", 200, _ANY, None),
    ("get", f"{API}/routes", "The kinds of requests that took most processor time.", 200, _list("routes"), None),
    ("get", f"{API}/consumers", "Who costs most.", 200, _list("accounts", "consumers"), None),
    ("get", f"{API}/alerts", "The alerts in force.", 200, _list("alerts"), None),
    ("get", f"{API}/configuration", "The settings in force and their origins.", 200, _list("settings"), None),
    ("get", f"{API}/chores", "What is done now and then.", 200, _list("chores"), None),
    ("post", f"{API}/chores/{{name}}/run", "Do a chore now.", 200, _ANY, None),
    ("get", f"{API}/accounts", "All accounts.", 200, _list("accounts"), None),
    ("post", f"{API}/accounts", "Add an account.", 201, _ACCOUNT, _NEW_ACCOUNT),
    ("get", f"{API}/accounts/{{name}}", "One account.", 200, _ACCOUNT, None),
    ("patch", f"{API}/accounts/{{name}}", "Change an account.", 200, _ACCOUNT, _CHANGE),
    ("delete", f"{API}/accounts/{{name}}", "Remove an account; `data=delete` all it has as well.", 204, None, None),
    ("put", f"{API}/accounts/{{name}}/password", "Set a password.", 204, None, _PASSWORD),
    (
        "get",
        f"{API}/accounts/{{name}}/collections",
        "Homes and what is in them: at most `limit`, after the path `after`; `next` is the path to go on after.",
        200,
        _page("collections", _COLLECTION, {"type": ["string", "null"]}),
        None,
    ),
    ("post", f"{API}/accounts/{{name}}/collections", "Make a collection.", 201, _COLLECTION, _NEW_COLLECTION),
    ("get", f"{API}/accounts/{{name}}/collections/{{id}}", "One collection.", 200, _COLLECTION, None),
    ("patch", f"{API}/accounts/{{name}}/collections/{{id}}", "Another display name.", 200, _COLLECTION, _RENAMING),
    (
        "delete",
        f"{API}/accounts/{{name}}/collections/{{id}}",
        "Remove a collection; `trash` is its entry there, null when it was not kept.",
        200,
        _ANY,
        None,
    ),
    (
        "get",
        f"{API}/accounts/{{name}}/trash",
        "The trash, the newest first: at most `limit` with `find` in their names, below the id `before`.",
        200,
        _page("entries", _TRASHED, {"type": ["integer", "null"]}),
        None,
    ),
    ("delete", f"{API}/accounts/{{name}}/trash", "Remove all that is in the trash for good.", 200, _REMOVED, None),
    ("get", f"{API}/accounts/{{name}}/trash/{{id}}", "One entry of the trash.", 200, _TRASHED, None),
    ("delete", f"{API}/accounts/{{name}}/trash/{{id}}", "Remove an entry for good.", 204, None, None),
    (
        "post",
        f"{API}/accounts/{{name}}/trash/restore",
        "Put entries back; of each its `path`, or the `problem` and whether its UID is `taken`.",
        200,
        _list("restored"),
        _RESTORING,
    ),
    ("post", f"{API}/accounts/{{name}}/trash/purge", "Remove entries for good.", 200, _REMOVED, _PURGING),
    (
        "get",
        f"{API}/accounts/{{name}}/app-passwords",
        "The app passwords of an account, the oldest first.",
        200,
        _array("app_passwords", _APP_PASSWORD),
        None,
    ),
    (
        "post",
        f"{API}/accounts/{{name}}/app-passwords",
        "Make an app password; this answer alone tells it.",
        201,
        _MADE_APP_PASSWORD,
        _NEW_APP_PASSWORD,
    ),
    ("delete", f"{API}/accounts/{{name}}/app-passwords", "Revoke all app passwords.", 200, _REVOKED, None),
    ("delete", f"{API}/accounts/{{name}}/app-passwords/{{id}}", "Revoke an app password.", 204, None, None),
    ("post", f"{API}/session", "Let a browser in by a cookie.", 200, _SESSION, None),
    ("get", f"{API}/session", "The session of a browser.", 200, _SESSION, None),
    ("delete", f"{API}/session", "End a session.", 204, None, None),
    ("get", f"{API}/openapi.json", "This description.", 200, _ANY, None),
)
_FREE: Final = ("/health", "/health/live", "/health/ready")


def document() -> dict[str, Any]:
    """The whole description."""
    paths: dict[str, Any] = {}
    for method, path, summary, status, schema, content in OPERATIONS:
        operation: dict[str, Any] = {
            "summary": summary,
            "operationId": _id(method, path),
            "responses": {str(status): _answer(schema), "default": {"$ref": "#/components/responses/refusal"}},
        }
        if path in _FREE:
            operation["security"] = []
        if content is not None:
            operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": content}}}
        names = re.findall(r"\{(\w+)\}", path)
        if names:
            operation["parameters"] = [
                {"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in names
            ]
        paths.setdefault(path, {})[method] = operation
    refusal = {"type": "object", "required": ["error"], "properties": {"error": {"type": "string"}}}
    return {
        "openapi": "3.1.0",
        "info": {"title": "davd admin plane", "version": "1"},
        "paths": paths,
        "security": [{"bearer": []}, {"basic": []}, {"session": []}],
        "components": {
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "basic": {"type": "http", "scheme": "basic"},
                "session": {"type": "apiKey", "in": "cookie", "name": "davd_admin"},
            },
            "responses": {
                "refusal": {
                    "description": "Why it was not done.",
                    "content": {"application/json": {"schema": refusal}},
                }
            },
        },
    }


def _answer(schema: Any) -> dict[str, Any]:
    if schema is None:
        return {"description": "It is done."}
    if isinstance(schema, str):
        return {"description": "Text.", "content": {schema: {"schema": {"type": "string"}}}}
    return {"description": "The answer.", "content": {"application/json": {"schema": schema}}}


def _id(method: str, path: str) -> str:
    words = re.findall(r"\w+", path.removeprefix(API).replace(".json", ""))
    return "_".join([method, *words, *(["v1"] if path.startswith(API) else [])])
