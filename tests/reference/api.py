"""docs/reference/api.md: every request to the wake URL, from its OpenAPI description."""

from __future__ import annotations

from typing import Any

from api.openapi import describe

HEAD = """\
# Requests to the wake URL

A link's key goes into `?k=…` or into `Authorization: Bearer …`. Errors are
`application/problem+json` (RFC 9457), or a page for people. The wake URL gives this description
as OpenAPI 3.1 at `/openapi.json`.
"""


def page() -> str:
    document = describe()
    parts = [
        _operation(path, method, operation)
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if method != "head"
    ]
    return HEAD + "".join(parts) + _schema(document["components"]["schemas"]["Status"])


def _operation(path: str, method: str, operation: dict[str, Any]) -> str:
    text = f"\n## {method.upper()} {path}\n\n{operation['summary']}. {operation['description']}\n"
    requested = [p for p in operation.get("parameters", ()) if p["in"] == "query"]
    for parameter in requested:
        text += f"\n`{parameter['name']}`: {_parameter(parameter['schema'])}.\n"
    body = operation.get("requestBody", {}).get("content", {})
    for name, field in (
        next(iter(body.values()), {}).get("schema", {}).get("properties", {}).items()
    ):
        kinds = " or ".join(f"`{kind}`" for kind in body)
        text += f"\n`{name}` in the body ({kinds}): {_field(field)}\n"
    rows = [f"| {code} | {each['description']} |" for code, each in operation["responses"].items()]
    return text + "\n| answer | |\n|---|---|\n" + "\n".join(rows) + "\n"


def _parameter(schema: dict[str, Any]) -> str:
    if "enum" in schema:
        return " or ".join(f"`{value}`" for value in schema["enum"])
    if "minimum" in schema:
        return f"{schema['minimum']} to {schema['maximum']} seconds"
    return "the name of a stack" if "pattern" in schema else "a part of a name or an owner"


def _field(field: dict[str, Any]) -> str:
    if field["type"] == "array":
        return f"a list of {field['minItems']} to {field['maxItems']} names"
    return str(field["description"])


def _schema(schema: dict[str, Any]) -> str:
    rows = [f"| `{name}` | {_type(each)} |" for name, each in schema["properties"].items()]
    return "\n## Status\n\n| field | |\n|---|---|\n" + "\n".join(rows) + "\n"


def _type(schema: dict[str, Any]) -> str:
    if "enum" in schema:
        return ", ".join(f'"{each}"' for each in schema["enum"])
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    text = " or ".join(kinds)
    return f"{text}, {schema['format']}" if "format" in schema else text
