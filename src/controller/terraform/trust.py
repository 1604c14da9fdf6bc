"""
Does what Terraform remembers still belong to what the files say?

Who has changed the files since the last apply gets new things at the next one, with new names and
ids. So a remembered thing counts only where it agrees with every argument that is known and that
makes it what it is.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from controller.hcl.construct import is_sensitive, is_wholly_known
from controller.hcl.plain import to_python
from controller.hcl.values import Value
from controller.hcl.world import Block
from controller.terraform.state import Thing

_IDENTITY = frozenset(
    {
        "allocation_id", "alarm_name", "availability_zone", "bucket", "cidr_block",
        "cluster_identifier", "domain", "domain_name", "engine", "family", "function_name",
        "identifier", "name", "name_prefix", "namespace_id", "subnet_id", "vpc_id", "vpc_name",
        "zone_id", "zone_name",
    }
)  # fmt: skip
"""
What an AWS resource cannot change without being created again, among what its ids depend on.

Of its other arguments the provider stores some in a form of its own (policies, container
definitions, hashes), and changing most leaves the ids as they are.
"""


def disagreement(thing: Thing, body: Block) -> str | None:
    """The first argument in which they differ, in words; None where they agree."""
    if thing.tainted:
        return f"{thing.address} is tainted, so the next apply replaces it"
    for name, said, found in _differing(thing, body):
        return f"{name} is {found} there and {said} in the files"
    return None


def _differing(thing: Thing, body: Block) -> Iterator[tuple[str, str, str]]:
    of_aws = thing.type.startswith("aws_") and thing.mode == "managed"
    for name, attribute in body.attributes.items():
        if (of_aws and name not in _IDENTITY) or not _compares(thing, name, attribute.value):
            continue
        ours, theirs = to_python(attribute.value), thing.values[name]
        if not same(ours, theirs):
            secret = is_sensitive(attribute.value) or bool(_mask(thing, name))
            yield name, _shown(ours, secret), _shown(theirs, secret)
    if not of_aws:
        for name in dict.fromkeys(name for name, _ in body.blocks):
            blocks = [block for type_, block in body.blocks if type_ == name]
            if isinstance(thing.values.get(name), list) and not _same_blocks(
                blocks, thing.values[name]
            ):
                yield name, "another one", "one"


def _compares(thing: Thing, name: str, value: Value) -> bool:
    if value.is_null or not is_wholly_known(value) or name not in thing.values:
        return False
    # Write-only arguments are never stored, and what others store may be a choice of the provider.
    return thing.values[name] is not None and not name.endswith("_wo")


def _same_blocks(ours: list[Block], theirs: list[Any]) -> bool:
    return len(ours) == len(theirs) and all(
        any(_same_block(block, other) for other in theirs) for block in ours
    )


def _same_block(block: Block, other: Any) -> bool:
    return isinstance(other, Mapping) and all(
        name not in other or same(to_python(a.value), other[name])
        for name, a in block.attributes.items()
        if not a.value.is_null and is_wholly_known(a.value)
    )


def same(a: Any, b: Any) -> bool:
    """Equal as far as it matters: texts of JSON by what they say, sets in any order."""
    if isinstance(a, Mapping) and isinstance(b, Mapping):
        names = {n for n in a if a[n] is not None} | {n for n in b if b[n] is not None}
        return all(same(a.get(name), b.get(name)) for name in names)
    if isinstance(a, list | tuple) and isinstance(b, list | tuple):
        if len(a) != len(b):
            return False
        if all(same(x, y) for x, y in zip(a, b, strict=True)):
            return True
        return sorted(map(_key, a)) == sorted(map(_key, b))
    if isinstance(a, list | tuple | Mapping) or isinstance(b, list | tuple | Mapping):
        return False
    return _plain(a) == _plain(b) or _same_json(a, b)


def _same_json(a: Any, b: Any) -> bool:
    if not (isinstance(a, str) and isinstance(b, str) and a[:1] in ("{", "[")):
        return False
    try:
        return bool(json.loads(a) == json.loads(b))
    except ValueError:
        return False


def _plain(value: Any) -> str:
    """As the provider may have written it: a number as a text, a domain with its last dot."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value).strip().rstrip(".").lower()


def _key(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=str)


def _mask(thing: Thing, name: str) -> Any:
    return thing.sensitive is True or (
        isinstance(thing.sensitive, Mapping) and thing.sensitive.get(name)
    )


def _shown(value: Any, secret: bool) -> str:
    if secret:
        return "(sensitive value)"
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else f"{text[:57]}…"
