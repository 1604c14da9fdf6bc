"""The rules that hold for all functions: HCL semantics §16 and §21."""

import subprocess
import sys
from dataclasses import replace

import pytest

from controller.hcl.convert import from_python, is_sensitive, make_tuple, string, to_python, unknown
from controller.hcl.errors import HclError
from controller.hcl.functions import FUNCTIONS, SPECIAL_FORMS, call
from controller.hcl.origins import may_be_planned
from controller.hcl.types import DYNAMIC, NUMBER, STRING, ListType, ObjectType
from controller.hcl.values import NULL, OpenObject, Origin, Value

ARN = Origin("aws_lb.nlb", ("arn",))
FAMILY = Origin("aws_ecs_task_definition.api", ("family",))
REVISION = Origin("aws_ecs_task_definition.api", ("revision",))


def bare(origin=ARN, type_=STRING):
    return unknown(type_, [origin], [origin])


def secret(text):
    return replace(string(text), sensitive=True)


def refusal(context, name, *args):
    with pytest.raises(HclError) as caught:
        call(name, args, context)
    return caught.value


def test_the_library_is_terraforms_but_for_what_the_evaluator_does():
    """`terraform metadata functions` of 1.11.4 lists these and try, can."""
    assert len(FUNCTIONS) == 116
    assert not FUNCTIONS.keys() & SPECIAL_FORMS


def test_core_is_the_namespace_of_the_built_in_functions(context):
    assert call("core::upper", [string("a")], context).data == "A"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("uppercase", 'there is no function "uppercase"; did you mean "upper"'),
        ("jsonEncode", 'did you mean "jsonencode"'),
        ("qqqq", 'there is no function "qqqq"$'),
        ("provider::time::rfc3339_parse", "belongs to a provider"),
        ("other::upper", 'there is no function "other::upper"'),
        ("type", "cannot be used here"),
    ],
)
def test_an_unknown_function_is_refused_with_a_remedy(context, name, message):
    error = refusal(context, name, string("a"))

    assert error.kind == "unknown-function"
    with pytest.raises(HclError, match=message):
        raise error


@pytest.mark.parametrize(
    ("name", "args", "message"),
    [
        ("upper", [], "upper() takes 1 argument, 0 given"),
        ("upper", ["a", "b"], "upper() takes 1 argument, 2 given"),
        ("join", [], "join() takes at least 1 argument, 0 given"),
        ("range", [1, 2, 3, 4], "range(): range() takes 1, 2 or 3 arguments, 4 given"),
    ],
)
def test_a_wrong_number_of_arguments_is_counted(context, name, args, message):
    error = refusal(context, name, *map(from_python, args))

    assert (error.kind, error.message) == ("argument-count", message)


def test_a_bad_argument_is_named_with_its_place(context):
    error = refusal(context, "abs", from_python([1]))

    assert error.kind == "argument"
    assert error.message == 'abs(): argument 1 ("num"): cannot convert tuple to number'


def test_null_is_refused_unless_the_function_takes_it(context):
    assert (
        'argument 2 ("lists"): must not be null'
        in refusal(context, "join", string(","), NULL).message
    )
    assert call("jsonencode", [NULL], context).data == "null"


def test_arguments_convert_as_everywhere(context):
    assert call("upper", [from_python(True)], context).data == "TRUE"
    assert to_python(call("sort", [from_python([10, 9, 1])], context)) == ["1", "10", "9"]


def test_an_unknown_argument_makes_the_result_unknown_with_all_origins(context):
    result = call("timeadd", [bare(), bare(REVISION, NUMBER)], context)

    assert result.type == STRING
    assert result.data.origins == (ARN, REVISION)
    assert result.data.parts == ()


def test_an_unknown_argument_of_the_wrong_type_is_refused_all_the_same(context):
    assert refusal(context, "upper", bare(type_=ListType(STRING))).kind == "argument"


def test_joining_one_unknown_gives_it_back(context):
    """A common idiom for "the one or nothing"."""
    assert call("join", [string(""), make_tuple([bare()])], context).data.origin == ARN


def test_joining_keeps_the_parts(context):
    list_ = make_tuple([string("api"), bare(REVISION)])

    assert call("join", [string(":"), list_], context).data.parts == ("api:", REVISION)


def test_format_keeps_the_parts_that_plain_verbs_show(context):
    args = [string("%s:%d"), bare(FAMILY), bare(REVISION, NUMBER)]

    assert call("format", args, context).data.parts == (FAMILY, ":", REVISION)


@pytest.mark.parametrize("verb", ["%5s", "%q", "%.2s", "%x"])
def test_format_drops_the_parts_where_the_verb_changes_what_it_shows(context, verb):
    result = call("format", [string(verb), bare(REVISION, NUMBER)], context)

    assert result.data.origins == (REVISION,)
    assert result.data.parts == ()


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("one", [make_tuple([bare()])]),
        ("element", [make_tuple([bare(), string("b")]), from_python(0)]),
        ("tostring", [bare(type_=DYNAMIC)]),
        ("coalesce", [NULL, string(""), bare()]),
        ("sensitive", [bare()]),
        ("nonsensitive", [bare()]),
    ],
)
def test_a_function_that_only_passes_on_a_value_keeps_it_bare(context, name, args):
    assert call(name, args, context).data.origin == ARN


def test_an_unknown_that_is_not_the_last_candidate_of_coalesce_is_not_the_result(context):
    result = call("coalesce", [bare(), string("d")], context)

    assert result.data.origin is None
    assert result.data.origins == (ARN,)


@pytest.mark.parametrize("name", ["uuid", "timestamp", "plantimestamp"])
def test_what_differs_at_every_run_is_unknown_and_comes_from_the_run(context, name):
    result = call(name, [], context)

    assert result.is_unknown
    assert (result.data.origins, result.data.parts) == ((Origin(f"{name}()", ()),), ())
    assert not may_be_planned(result.data)


@pytest.mark.parametrize(
    ("name", "more"), [("keys", []), ("length", []), ("lookup", [string("x"), string("d")])]
)
def test_an_object_of_unknown_type_is_unknown_to_functions(context, name, more):
    """A resource of a provider whose schema nobody has: what is not configured may be there too."""
    origin = Origin("random_pet.p", ())
    attributes = (("prefix", string("a")),)
    open_object = Value(ObjectType((("prefix", STRING),)), OpenObject(attributes, origin))

    assert call(name, [open_object, *more], context).data.origins == (origin,)
    assert call("jsonencode", [make_tuple([open_object])], context).is_unknown


def test_a_mark_in_an_argument_marks_the_result(context):
    assert call("upper", [secret("a")], context).sensitive
    assert call("jsonencode", [make_tuple([secret("a")])], context).sensitive
    assert call("upper", [replace(string("a"), ephemeral=True)], context).ephemeral


def test_a_mark_stays_with_its_element_where_elements_are_passed_on(context):
    merged = call("merge", [from_python({"a": 1}), from_python({})], context)
    listed = call("concat", [make_tuple([secret("a")]), make_tuple([string("b")])], context)

    assert not is_sensitive(merged)
    assert not listed.sensitive
    assert [element.sensitive for element in listed.data] == [True, False]


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("tonumber", [secret("hunter2")]),
        ("jsondecode", [secret("hunter2")]),
        ("parseint", [secret("hunter2"), from_python(10)]),
        ("file", [secret("hunter2")]),
        ("format", [string("%d"), secret("hunter2")]),
        ("lookup", [from_python({}), secret("hunter2")]),
        ("formatdate", [string("YYYY"), secret("hunter2")]),
    ],
)
def test_a_message_never_shows_a_sensitive_value(context, name, args):
    assert "hunter2" not in refusal(context, name, *args).message


def test_ephemeral_values_become_null_at_every_depth(context):
    value = make_tuple([replace(string("a"), ephemeral=True), string("b")])

    assert to_python(call("ephemeralasnull", [value], context)) == [None, "b"]


def test_importing_the_functions_loads_no_library_that_only_few_of_them_need():
    code = "import sys, controller.hcl.functions as f; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()

    assert not {"yaml", "re2", "regex", "hashlib", "gzip", "uuid", "difflib"} & set(loaded)
