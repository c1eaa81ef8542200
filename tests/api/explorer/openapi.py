"""A small reader of OpenAPI's schemas: what a value has that its schema does not allow.

It knows the words that the interface's own description uses, and refuses all others, so that none is passed over.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

KINDS: dict[str, Any] = {
    "string": str, "integer": int, "number": (int, float), "boolean": bool, "array": list, "object": dict,
    "null": type(None),
}  # fmt: skip
WORDS = {"title", "description", "default", "examples"}
"""What says nothing of a value."""


def faults(description: dict[str, Any], schema: dict[str, Any], value: Any, where: str = "$") -> Iterator[str]:
    """Yield what is wrong with a value. Members that a schema does not name are wrong, too."""
    if "$ref" in schema:
        assert set(schema) == {"$ref"}
        yield from faults(description, _found(description, schema["$ref"]), value, where)
        return
    unknown = set(schema) - WORDS - {"type", "const", "enum", *_CHECKS} - {"anyOf"}
    assert not unknown, f"{where}: words that this reader does not know: {unknown}"
    if "anyOf" in schema:
        found = [list(faults(description, each, value, where)) for each in schema["anyOf"]]
        if all(found):
            yield min(found, key=len)[0]
    if "type" in schema:
        kind = KINDS[schema["type"]]
        if not isinstance(value, kind) or (isinstance(value, bool) and schema["type"] != "boolean"):
            yield f"{where}: {value!r} is no {schema['type']}"
            return
    if "const" in schema and value != schema["const"]:
        yield f"{where}: {value!r} is not {schema['const']!r}"
    if "enum" in schema and value not in schema["enum"]:
        yield f"{where}: {value!r} is none of {schema['enum']}"
    for word, wrong in _CHECKS.items():
        if word in schema and wrong is not None and wrong(schema[word], value):
            yield f"{where}: {value!r} breaks {word} {schema[word]}"
    if isinstance(value, list) and "items" in schema:
        for i, each in enumerate(value):
            yield from faults(description, schema["items"], each, f"{where}[{i}]")
    if isinstance(value, dict) and schema.get("type") == "object":
        yield from _members(description, schema, value, where)


def _members(description: dict[str, Any], schema: dict[str, Any], value: dict[str, Any], where: str) -> Iterator[str]:
    known, others = schema.get("properties", {}), schema.get("additionalProperties", False)
    for name in set(schema.get("required", ())) - set(value):
        yield f"{where}: {name} is missing"
    for name, each in value.items():
        if name in known:
            yield from faults(description, known[name], each, f"{where}.{name}")
        elif isinstance(others, dict):
            yield from faults(description, others, each, f"{where}.{name}")
        elif not others:
            yield f"{where}: nobody knows {name}"


def _found(description: dict[str, Any], reference: str) -> dict[str, Any]:
    found: Any = description
    for part in reference.removeprefix("#/").split("/"):
        found = found[part]
    return dict(found)


_FORMATS = {
    "date": re.compile(r"\d{4}-\d{2}-\d{2}"),
    "date-time": re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})"),
}
"""As RFC 3339 has them."""

_CHECKS: dict[str, Any] = {
    "minimum": lambda least, value: value < least,
    "maximum": lambda most, value: value > most,
    "maxLength": lambda most, value: len(value) > most,
    "pattern": lambda pattern, value: not re.search(pattern, value),
    "format": lambda kind, value: not _FORMATS[kind].fullmatch(value),
    # Looked at beside them.
    "items": None,
    "properties": None,
    "required": None,
    "additionalProperties": None,
}
"""Whether a value breaks a word."""
