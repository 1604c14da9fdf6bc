"""A file's bytes as a state, whichever form of it they are; distinguished by content alone."""

from __future__ import annotations

import codecs
import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from controller.terraform.shown import read_plan, read_shown_state
from controller.terraform.state import State, StateError
from controller.terraform.version4 import read_version_4

_SHOW = "give what `terraform show -json` prints"
_ARCHIVES = {b"PK\x03\x04": "a saved plan, which only Terraform reads", b"\x1f\x8b": "compressed"}
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
"""PowerShell's `>` writes UTF-16 with its mark."""


def read_state(content: bytes, shown_as: str) -> State:
    """
    What `terraform show -json` prints of a state or plan, or a state file of version 4.

    Raises StateError, in one line, for anything else.
    """
    data = _object(_text(content, shown_as), shown_as)
    try:
        return _read(data, shown_as)
    except (KeyError, TypeError, AttributeError, ValueError, IndexError) as error:
        raise StateError(
            f"{shown_as} looks like a state but is not whole ({_reason(error)}); {_SHOW}"
        ) from None


def _read(data: Mapping[str, Any], shown_as: str) -> State:
    if "encrypted_data" in data:
        raise StateError(f"{shown_as} is encrypted; give what `tofu show -json` prints")
    if "format_version" in data:
        return _shown(data, shown_as)
    version = data.get("version")
    if isinstance(version, int) and not isinstance(version, bool) and "terraform_version" in data:
        return _file(data, version, shown_as)
    if version == 3 and isinstance(data.get("backend"), dict):
        return _file(data, version, shown_as)
    if isinstance(version, int) and "lineage" in data:
        return _file(data, version, shown_as)
    if data and all(isinstance(v, dict) and "sensitive" in v for v in data.values()):
        raise StateError(f"{shown_as} holds only outputs; {_SHOW}, not `terraform output`")
    raise StateError(f"{shown_as} is JSON, but neither a state nor a plan of Terraform; {_SHOW}")


def _shown(data: Mapping[str, Any], shown_as: str) -> State:
    major = str(data["format_version"]).partition(".")[0]
    if "provider_schemas" in data or "diagnostics" in data:
        raise StateError(
            f"{shown_as} is no state or plan, but another answer of Terraform; {_SHOW}"
        )
    if major not in ("0", "1"):
        raise StateError(
            f"{shown_as} has the form {data['format_version']}, expected 1; this version of "
            "dormouse does not know it"
        )
    if "planned_values" in data or "resource_changes" in data:
        return read_plan(data, shown_as)
    return read_shown_state(data, shown_as)


def _file(data: Mapping[str, Any], version: int, shown_as: str) -> State:
    if version == 4:
        return read_version_4(data, shown_as)
    if isinstance(data.get("backend"), Mapping):
        raise StateError(
            f"{shown_as} only says where the state is (backend {data['backend'].get('type')}); "
            "give what `terraform state pull` prints"
        )
    if version > 4:
        raise StateError(
            f"{shown_as} is a state of version {version}, expected 4; this version of dormouse "
            "does not know it"
        )
    raise StateError(
        f"{shown_as} is a state of version {version}, from before Terraform 0.12, expected 4; "
        f"`terraform apply` with a present Terraform rewrites it, or {_SHOW}"
    )


def _text(content: bytes, shown_as: str) -> str:
    if not content.strip():
        raise StateError(f"{shown_as} is empty; {_SHOW}")
    for start, what in _ARCHIVES.items():
        if content.startswith(start):
            raise StateError(f"{shown_as} is {what}; give what `terraform show -json FILE` prints")
    encoding = next((name for mark, name in _MARKS if content.startswith(mark)), "utf-8")
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        raise StateError(f"{shown_as} is not text; {_SHOW}") from None
    if text.lstrip().startswith("<"):
        raise StateError(f"{shown_as} is a web page or XML, not a state; {_SHOW}")
    return text


def _object(text: str, shown_as: str) -> Mapping[str, Any]:
    try:
        data = json.loads(text, parse_float=Decimal)
    except RecursionError:
        raise StateError(f"{shown_as} is nested too deeply for a state; {_SHOW}") from None
    except ValueError as error:
        raise StateError(f"{shown_as} {_broken(text, error)}; {_SHOW}") from None
    if not isinstance(data, dict):
        raise StateError(f"{shown_as} is a JSON {_kind(data)}, not a state; {_SHOW}")
    return data


def _broken(text: str, error: ValueError) -> str:
    first = text.lstrip().partition("\n")[0]
    if '"@level"' in first:
        return "is the log of `terraform plan -json`, not the plan"
    if not isinstance(error, json.JSONDecodeError) or not text.lstrip().startswith(("{", "[")):
        return "is not JSON"
    if not text[error.pos :].strip() or error.msg.startswith("Unterminated"):
        return f"ends in the middle of its JSON (line {error.lineno})"
    return f"is broken JSON (line {error.lineno}: {error.msg})"


def _kind(data: object) -> str:
    return {list: "list", str: "text", bool: "bool", type(None): "null"}.get(type(data), "number")


def _reason(error: Exception) -> str:
    if isinstance(error, KeyError):
        return f"it lacks {error.args[0]!r}"
    return "a part of it has another type than Terraform writes"
