"""The tables against the provider's schema: every name has exactly one fate."""

import json
from pathlib import Path

import pytest

import controller.hcl.schema as schema_package
from controller.mapping.kinds import BY_KIND
from controller.mapping.table import Nested, ReadOnly, Sent, SetAfter, Table, text

FIVE = json.loads((Path(__file__).parent.parent / "data/hcl-cases/aws-schema.json").read_text())
SIX = Path(schema_package.__file__).parent / "aws6.jsonl"
"""What provider 6 adds; of nested blocks only what is new in them."""


def with_newer(known, newer):
    """The schema of provider 5 in its own form, with what 6 adds."""
    attributes = dict(known["attributes"])
    for name, (type_, flags) in newer["attributes"].items():
        flag = {"r": "required", "o": "optional", "c": "computed"}
        attributes[name] = {"type": type_} | {flag[f]: True for f in flags}
    blocks = dict(known.get("blocks", {}))
    for name, nested in newer["blocks"].items():
        before = blocks.get(name)
        inside = before.get("block", before) if before else {"attributes": {}}
        limits = before or {"nesting_mode": nested["nesting"], "max_items": nested["max"]}
        blocks[name] = {**limits, "block": with_newer(inside, nested)}
    return {"attributes": attributes, "blocks": blocks}


def schema():
    newer = [json.loads(line) for line in SIX.read_text().splitlines()]
    added = {line["type"]: line for line in newer if line["mode"] == "managed"}
    return {name: with_newer(known, added[name]) for name, known in FIVE.items()}


SCHEMA = schema()
TABLES = {mapping.types[0]: mapping.table for mapping in BY_KIND.values()}


def differences(schema, table: Table, path: str):
    names = set(schema["attributes"]) | set(schema.get("blocks", {}))
    yield from (f"{path}.{name} is not in the table" for name in names - set(table))
    yield from (f"{path}.{name} is not in the schema" for name in set(table) - names)
    for name, fate in table.items():
        block = schema.get("blocks", {}).get(name)
        if isinstance(fate, Nested):
            if block is None:
                yield f"{path}.{name} is no block in the schema"
            else:
                yield from differences(block.get("block", block), fate.table, f"{path}.{name}")


@pytest.mark.parametrize("type_", TABLES)
def test_a_table_names_exactly_what_the_schema_has(type_):
    assert list(differences(SCHEMA[type_], TABLES[type_], type_)) == []


@pytest.mark.parametrize("type_", TABLES)
def test_only_what_the_schema_computes_is_read_only(type_):
    """`id` may be written by the schema's letter, but the provider takes it from AWS."""
    for name, fate in TABLES[type_].items():
        if isinstance(fate, ReadOnly) and name != "id":
            attribute = SCHEMA[type_]["attributes"][name]
            assert attribute.get("computed") and not attribute.get("optional"), name


@pytest.mark.parametrize("type_", TABLES)
def test_a_block_that_occurs_several_times_makes_a_list(type_):
    def check(schema, table, path):
        for name, fate in table.items():
            if not isinstance(fate, Nested):
                continue
            block = schema["blocks"][name]
            several = block["nesting_mode"] in ("list", "set") and block.get("max_items") != 1
            if several and fate.to:
                assert fate.many, f"{path}.{name}"
                assert fate.unordered == (block["nesting_mode"] == "set"), f"{path}.{name}"
            check(block.get("block", block), fate.table, f"{path}.{name}")

    check(SCHEMA[type_], TABLES[type_], type_)


def test_no_two_arguments_fill_the_same_field():
    def fields(table, prefix=""):
        for name, fate in table.items():
            if isinstance(fate, Sent):
                yield f"{prefix}{fate.to}", name
            elif isinstance(fate, SetAfter):
                yield f"attribute {fate.key}", name
            elif isinstance(fate, Nested):
                inner = f"{prefix}{fate.to}." if fate.to else prefix
                yield from fields(fate.table, inner)

    for table in TABLES.values():
        found = [field for field, _ in fields(table)]
        assert len(found) == len(set(found))


def test_attribute_values_are_text():
    assert [text(v) for v in (True, False, 10, "on")] == ["true", "false", "10", "on"]
