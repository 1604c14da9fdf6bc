"""States in each of the forms that Terraform writes, made of the same things."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

FORMS = ("version-4", "shown", "plan")

_ADDRESS = re.compile(
    r"(?:(?P<module>module\..*)\.)?(?P<data>data\.)?(?P<type>\w+)\.(?P<name>[\w-]+)(?:\[(?P<key>.+)\])?"
)


def thing(values: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """`sensitive`: names; `unknown`: names; `tainted`; `deposed`: a key."""
    return {"values": dict(values), **more}


def state(form: str, things: Mapping[str, dict[str, Any]], **more: Any) -> str:
    """`things` are attributes by address, or what `thing` makes."""
    full = {a: t if "values" in t else thing(t) for a, t in things.items()}
    return json.dumps({"version-4": _file, "shown": _shown, "plan": _plan}[form](full) | more)


def _file(things):
    resources = []
    for address, one in things.items():
        parts = _ADDRESS.fullmatch(address)
        instance = {
            "attributes": {n: _wrapped(parts["type"], n, v) for n, v in one["values"].items()},
            "sensitive_attributes": [
                [{"type": "get_attr", "value": name}] for name in one.get("sensitive", ())
            ],
        }
        if parts["key"]:
            instance["index_key"] = json.loads(parts["key"])
        instance |= {"status": "tainted"} if one.get("tainted") else {}
        instance |= {"deposed": one["deposed"]} if one.get("deposed") else {}
        resource = {
            "mode": "data" if parts["data"] else "managed",
            "type": parts["type"],
            "name": parts["name"],
            "provider": 'provider["registry.terraform.io/hashicorp/aws"]',
            "instances": [instance],
        }
        resources.append(resource | ({"module": parts["module"]} if parts["module"] else {}))
    return {
        "version": 4,
        "terraform_version": "1.11.4",
        "serial": 12,
        "lineage": "8c2a",
        "outputs": {},
        "resources": resources,
        "check_results": None,
    }


def _wrapped(type_, name, value):
    if (type_, name) == ("terraform_remote_state", "outputs"):
        return {"value": value, "type": ["object", dict.fromkeys(value, "string")]}
    return value


def _resources(things):
    by_module: dict[str, list] = {}
    for address, one in things.items():
        parts = _ADDRESS.fullmatch(address)
        resource = {
            "address": address,
            "mode": "data" if parts["data"] else "managed",
            "type": parts["type"],
            "name": parts["name"],
            "values": {n: v for n, v in one["values"].items() if n not in one.get("unknown", ())},
            "sensitive_values": dict.fromkeys(one.get("sensitive", ()), True),
        }
        resource |= {"index": json.loads(parts["key"])} if parts["key"] else {}
        resource |= {"tainted": True} if one.get("tainted") else {}
        resource |= {"deposed_key": one["deposed"]} if one.get("deposed") else {}
        by_module.setdefault(parts["module"] or "", []).append(resource)
    children = [
        {"address": module, "resources": resources}
        for module, resources in by_module.items()
        if module
    ]
    return {"resources": by_module.get("", []), "child_modules": children}


def _shown(things):
    return {
        "format_version": "1.0",
        "terraform_version": "1.11.4",
        "values": {"outputs": {}, "root_module": _resources(things)},
    }


def _plan(things):
    """Managed things are planned, data sources were read before."""
    managed = {a: t for a, t in things.items() if not _ADDRESS.fullmatch(a)["data"]}
    data = {a: t for a, t in things.items() if a not in managed}
    return {
        "format_version": "1.2",
        "terraform_version": "1.11.4",
        "planned_values": {"root_module": _resources(managed)},
        "prior_state": _shown(data),
        "resource_changes": [
            {
                "address": address,
                "change": {
                    "actions": ["no-op"],
                    "after": one["values"],
                    "after_unknown": dict.fromkeys(one.get("unknown", ()), True),
                    "after_sensitive": dict.fromkeys(one.get("sensitive", ()), True),
                },
            }
            for address, one in managed.items()
            if not one.get("deposed")
        ],
        "configuration": {"root_module": {}},
    }
