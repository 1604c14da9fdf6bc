"""
What is computed at wake time is what Terraform would have computed.

In every row of functions.jsonl each literal in turn is taken for something that is looked up: what
the compiler carries is computed from the literal's own value, and compared with Terraform's answer.
"""

import dataclasses
import re
from collections import Counter

import pytest

from controller.domain.planning.computed_values import CannotComputeError, text
from controller.domain.planning.computing import FUNCTIONS
from controller.domain.planning.references import resolve
from controller.hcl import numbers
from controller.hcl.carried import plain_json
from controller.hcl.convert import is_wholly_known, unknown, without_marks
from controller.hcl.errors import HclError
from controller.hcl.evaluate import evaluate
from controller.hcl.parse import parse_argument
from controller.hcl.syntax import Expression, Literal, Object, Reference, Tuple, Word
from controller.hcl.types import (
    DYNAMIC,
    STRING,
    ListType,
    MapType,
    ObjectType,
    Primitive,
    SetType,
    TupleType,
)
from controller.hcl.values import Origin
from controller.mapping.references import References
from hcl.functions.conftest import RootScope
from hcl.functions.test_against_terraform import ROWS, alike

OPERATORS = {"get", "list", "object", "negate", "splat"}
NOT_IN_ROWS = {"lower", "tobool", "tonumber", "tostring"}
"""All rows of the first have other letters; what the others make of a look-up is the look-up."""
ROOT = "looked_up"
NOT_COMPARED = re.compile(
    r'format\("%s %\.30g|.*1/3'  # more digits than are computed with
    r'|format\("%v",tostring\(null|format\("%s",true|templatestring|templatefile'  # no text is found
    r"|.*\[?tostring\(null\)|contains\(\[tolist|distinct\(\[1,"  # types that JSON does not tell
    r"|(?:tolist|concat)\(.*\{a=1\}|setintersection\(\[1\]|setsubtract\(\[1,2\],\["
)


class Finder:
    def look_up(self, origin):
        return {"$look_up": "test", "path": list(origin.path[1:])}


def answered(answer):
    """What the look-up of the literal gives: itself, or an element of it."""

    def look_up(requested):
        found = answer
        for step in requested["path"]:
            found = found[step % len(found) if isinstance(found, list) else step]
        return found

    return look_up


class Scope(RootScope):
    """The scope of the rows, in which one name is a value that is looked up."""

    def __init__(self, context, value):
        super().__init__(context)
        self.value = value

    def resolve(self, reference):
        return (self.value, 0) if reference.root == ROOT else super().resolve(reference)


def looked_up(value):
    """The value as something that AWS will tell: one type for all elements, or any."""
    type_ = value.type
    if isinstance(type_, TupleType):
        texts = set(type_.elements) == {STRING}
        type_ = ListType(STRING) if texts else DYNAMIC
    elif isinstance(type_, ObjectType):
        texts = {kind for _, kind in type_.attributes} == {STRING}
        type_ = MapType(STRING) if texts else DYNAMIC
    elif not isinstance(type_, Primitive):
        type_ = DYNAMIC
    origin = Origin("data.test.it", ("value",))
    return unknown(type_, [origin], [origin])


def variants(expression):
    """The expression with each of its literals replaced by the looked up one, and the literal."""
    if isinstance(expression, Literal | Tuple | Object) and not isinstance(expression, Word):
        yield Reference(expression.place, ROOT), expression
    for field in dataclasses.fields(expression):
        part = getattr(expression, field.name)
        for path, inner in inside(part):
            for changed, literal in variants(inner):
                yield (
                    dataclasses.replace(expression, **{field.name: put(part, path, changed)}),
                    literal,
                )


def inside(part):
    if isinstance(part, Expression):
        yield (), part
    elif isinstance(part, tuple):
        for index, item in enumerate(part):
            for path, inner in inside(item):
                yield (index, *path), inner


def put(part, path, changed):
    if not path:
        return changed
    index, *rest = path
    return (*part[:index], put(part[index], rest, changed), *part[index + 1 :])


def computed(expression, literal, context):
    """What is carried computes to, None where nothing is carried."""
    try:
        value = without_marks(evaluate(literal, RootScope(context)))
        if not is_wholly_known(value):
            return None
        result = without_marks(evaluate(expression, Scope(context, looked_up(value))))
    except HclError:
        return None
    if not result.is_unknown or not result.data.parts or result.data.origin:
        return None
    answer = plain_json(value)
    if isinstance(value.data, numbers.Number):
        answer = numbers.format_number(value.data)
    request = References({}, Finder()).json(result)
    try:
        found = resolve({"it": request}, {}, answered(answer)).get("it")
    except (CannotComputeError, LookupError, TypeError, ZeroDivisionError):
        return ["refused"]
    return [in_order(found) if isinstance(result.type, SetType) else found]


def in_order(items):
    return sorted(items, key=str) if isinstance(items, list) else items


def outcomes():
    for name, rows in ROWS.items():
        for row in rows:
            yield name, row


@pytest.fixture(scope="module")
def found(context):
    results = []
    for name, row in outcomes():
        if "unknown" in row or NOT_COMPARED.match(row["expr"]):
            continue
        try:
            expression = parse_argument(row["expr"], "<expr>")
            changed = list(variants(expression))
        except HclError:
            continue
        for variant, literal in changed:
            got = computed(variant, literal, context)
            if got is not None:
                results.append((name, row, got[0]))
    return results


def fits(got, expected):
    if isinstance(got, list) and got == in_order(got) and isinstance(expected, list):
        return alike(got, in_order(expected)) or alike(got, expected)
    # What is looked up is a text until an argument of the request, or a function, asks for more.
    return alike(got, expected) or alike(as_texts(got), as_texts(expected))


def as_texts(value):
    if isinstance(value, list):
        return [as_texts(item) for item in value]
    if isinstance(value, dict):
        return {key: as_texts(item) for key, item in value.items()}
    return value if value is None else text(value)


def test_the_answers_are_terraforms(found):
    wrong = [
        (row["expr"], got, row["expected"])
        for _, row, got in found
        if got != "refused" and "expected" in row and not fits(got, row["expected"])
    ]
    assert not wrong, "\n".join(map(str, wrong))


def test_every_function_that_ships_is_compared(found):
    """Operators and those for the compiler's own use stand in the rows of other functions."""
    compared = Counter(name for name, row, got in found if got != "refused" and "expected" in row)
    named = {name for name in FUNCTIONS if name.isalnum()} - OPERATORS - NOT_IN_ROWS
    assert {name for name in named if not compared[name]} == set()
    assert compared.total() > 800


def test_little_is_refused_that_terraform_computes(found):
    """Letters beyond ASCII, and regular expressions."""
    refused = [row["expr"] for _, row, got in found if got == "refused" and "expected" in row]
    assert len(refused) < len(found) / 15, refused
