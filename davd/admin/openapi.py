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
_SESSION: Final = {
    "type": "object",
    "required": ["csrf", "until"],
    "properties": {"csrf": _TEXT, "until": {"type": "number"}},
}


def _list(name: str) -> dict[str, Any]:
    return {
        "type": "object",
        "required": [name],
        "properties": {name: {"type": "array", "items": {"type": "object"}}},
    }


_ANY: Final = {"type": "object"}

# Method, path, what it does, the status of success, the schema of the answer (None for none), that of the content.
OPERATIONS: Final[tuple[tuple[str, str, str, int, Any, Any], ...]] = (
    ("get", "/health/live", "Whether the process answers.", 200, _ANY, None),
    ("get", "/health/ready", "Whether requests should come here; 503 when not.", 200, _ANY, None),
    ("get", "/health", "The same as a word of plain text.", 200, "text/plain", None),
    ("get", "/metrics", "All metrics in Prometheus' text format, or OpenMetrics by Accept.", 200, "text/plain", None),
    ("get", "/statistics", "The counters of this process.", 200, _ANY, None),
    ("get", f"{API}/statistics", "The counters of this process.", 200, _ANY, None),
    ("get", f"{API}/metrics", "All metrics.", 200, _list("families"), None),
    ("get", f"{API}/history", "The signals of the last hour; `since` (POSIX seconds), `signal`.", 200, _ANY, None),
    ("get", f"{API}/connections", "Connections.", 200, _ANY, None),
    ("get", f"{API}/routes", "The kinds of requests that took most processor time.", 200, _list("routes"), None),
    ("get", f"{API}/consumers", "Who has spent most of late.", 200, _list("consumers"), None),
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
    ("get", f"{API}/accounts/{{name}}/collections", "Homes and collections.", 200, _list("collections"), None),
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
