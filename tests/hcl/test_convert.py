"""Conversion, unification, equality: HCL semantics §5, §6, §7, checked with terraform 1.11.4."""

from dataclasses import replace
from decimal import Decimal

import pytest

from controller.hcl.convert import (
    boolean,
    concatenate,
    convert,
    equal,
    from_python,
    is_sensitive,
    is_wholly_known,
    make_list,
    make_map,
    make_set,
    make_tuple,
    merge_unknown,
    null,
    number,
    string,
    to_python,
    unify,
    unify_values,
    unknown,
    unknown_mask,
    with_marks,
    without_marks,
)
from controller.hcl.errors import HclError
from controller.hcl.types import (
    BOOL,
    DYNAMIC,
    NUMBER,
    STRING,
    ListType,
    MapType,
    ObjectType,
    SetType,
    TupleType,
    to_json,
)
from controller.hcl.values import NULL, Origin, Value
from hcl.cases import errors_of, world

ARN = Origin("aws_lb.nlb[0]", ("arn",))
REVISION = Origin("aws_ecs_task_definition.api", ("revision",))


def bare(origin=ARN, type_=STRING):
    return unknown(type_, [origin], [origin])


def object_type(*, optional=(), **attributes):
    return ObjectType(tuple(sorted(attributes.items())), frozenset(optional))


@pytest.mark.parametrize(
    ("given", "to", "result"),
    [
        (5, STRING, "5"),
        (1.50, STRING, "1.5"),
        (True, STRING, "true"),
        ("5", NUMBER, 5),
        ("-0.5", NUMBER, -0.5),
        ("1.5e2", NUMBER, 150),
        ("010", NUMBER, 10),
        ("true", BOOL, True),
        ("1", BOOL, True),
        ("false", BOOL, False),
        ("0", BOOL, False),
        ([1, "a", True], ListType(STRING), ["1", "a", "true"]),
        ([3, 1, 10, 1], SetType(STRING), ["1", "10", "3"]),
        ([3, 1, 10, 1], SetType(NUMBER), [1, 3, 10]),
        ([True, False], SetType(DYNAMIC), [False, True]),
        ({"b": 1, "a": "x"}, MapType(STRING), {"a": "x", "b": "1"}),
        ({"a": 1, "extra": 2}, object_type(a=STRING), {"a": "1"}),
        ([1, "2"], TupleType((STRING, NUMBER)), ["1", 2]),
        ([1, None], ListType(STRING), ["1", None]),
        ([], ListType(STRING), []),
        ({}, MapType(NUMBER), {}),
    ],
)
def test_a_value_converts(given, to, result):
    converted = convert(from_python(given), to)

    assert to_python(converted) == result


@pytest.mark.parametrize(
    ("given", "to"),
    [
        ("True", BOOL),
        ("yes", BOOL),
        ("", NUMBER),
        (" 5", NUMBER),
        ("0x10", NUMBER),
        (1, BOOL),
        (True, NUMBER),
        ([], STRING),
        ("a", ListType(STRING)),
        ('["a"]', ListType(STRING)),
        ({"a": 1}, ListType(DYNAMIC)),
        ([1], MapType(DYNAMIC)),
        ([1, True], ListType(DYNAMIC)),
        ([1], TupleType((NUMBER, NUMBER))),
        ({"a": 1}, object_type(a=NUMBER, b=NUMBER)),
        ([[1], None], ListType(DYNAMIC)),
    ],
)
def test_a_value_does_not_convert(given, to):
    with pytest.raises(HclError) as caught:
        convert(from_python(given), to)
    assert caught.value.kind == "conversion"


def test_a_list_does_not_become_a_tuple():
    """Terraform says "tuple required", whatever the length."""
    with pytest.raises(HclError):
        convert(make_list(STRING, [string("a")]), TupleType((STRING,)))


def test_a_map_becomes_an_object_that_has_its_keys():
    map_ = make_map(STRING, {"a": string("1"), "b": string("2")})

    assert to_python(convert(map_, object_type(a=NUMBER))) == {"a": 1}
    with pytest.raises(HclError, match='"c" is required'):
        convert(map_, object_type(c=STRING))


def test_optional_attributes_become_null_at_every_depth_and_leave_nothing_in_the_type():
    inner = object_type(p=NUMBER, q=STRING, optional=["q"])
    converted = convert(from_python([{"p": "1"}, {"p": 2, "q": 3}]), ListType(inner))

    assert to_python(converted) == [{"p": 1, "q": None}, {"p": 2, "q": "3"}]
    assert converted.type == ListType(object_type(p=NUMBER, q=STRING))


def test_null_takes_the_type_it_is_converted_to():
    assert convert(NULL, object_type(a=STRING, optional=["a"])).type == object_type(a=STRING)
    assert convert(null(STRING), NUMBER).type == NUMBER


def test_an_unknown_keeps_its_origin_through_a_conversion():
    converted = convert(bare(type_=NUMBER), STRING)

    assert converted.type == STRING
    assert converted.data.origin == ARN


def test_an_unknown_of_the_wrong_kind_does_not_convert():
    with pytest.raises(HclError):
        convert(bare(type_=ListType(STRING)), STRING)


@pytest.mark.parametrize(
    ("given", "type_"),
    [
        ([{"a": 1}, {"b": 2}], ["list", ["map", "number"]]),
        ([{"a": 1}, {"a": "x"}], ["list", ["object", {"a": "string"}]]),
        ([[1], [2]], ["list", ["tuple", ["number"]]]),
        ([[1], [2, "x"]], ["list", ["list", "string"]]),
        ([1, None], ["list", "number"]),
        ([], ["list", "dynamic"]),
    ],
)
def test_any_stands_for_the_type_that_all_elements_unify_to(given, type_):
    assert to_json(convert(from_python(given), ListType(DYNAMIC)).type) == type_


@pytest.mark.parametrize(
    ("types", "result"),
    [
        ([STRING, NUMBER], STRING),
        ([NUMBER, STRING, BOOL], STRING),
        ([NUMBER, BOOL], None),
        ([NUMBER, DYNAMIC], NUMBER),
        ([TupleType((NUMBER, STRING)), TupleType((BOOL,))], ListType(STRING)),
        ([TupleType((NUMBER,)), TupleType((STRING,))], TupleType((STRING,))),
        ([ListType(NUMBER), TupleType((STRING,))], ListType(STRING)),
        ([SetType(NUMBER), TupleType((STRING,))], SetType(NUMBER)),
        ([ListType(STRING), SetType(NUMBER)], ListType(STRING)),
        ([object_type(a=NUMBER), object_type(b=STRING)], MapType(STRING)),
        ([object_type(a=NUMBER), object_type(a=STRING)], object_type(a=STRING)),
        ([MapType(NUMBER), object_type(b=STRING)], MapType(STRING)),
        ([MapType(STRING), object_type()], MapType(STRING)),
        ([object_type(a=TupleType((NUMBER,))), object_type(b=STRING)], None),
        ([object_type(), TupleType(())], None),
        ([STRING, ListType(STRING)], None),
        ([], None),
    ],
)
def test_types_unify(types, result):
    assert unify(types) == result


def test_values_unify_to_one_type_or_say_which_types_there_were():
    assert [to_python(v) for v in unify_values([number(1), string("a")])] == ["1", "a"]
    with pytest.raises(HclError, match="number, bool"):
        unify_values([number(1), boolean(True)])


@pytest.mark.parametrize(
    ("a", "b", "result"),
    [
        (1, 1.0, True),
        (1, "1", False),
        (True, "true", False),
        ("", None, False),
        (None, None, True),
        ([1, "a"], [1, "a"], True),
        ([1], [1, 2], False),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, True),
        ({"a": None}, {"a": "x"}, False),
        ([None], [None], True),
    ],
)
def test_equality_compares_type_and_value(a, b, result):
    assert equal(from_python(a), from_python(b)) is result


def test_a_list_is_not_a_tuple_and_nulls_of_all_types_are_equal():
    assert equal(make_list(NUMBER, [number(1)]), make_tuple([number(1)])) is False
    assert equal(null(STRING), null(NUMBER)) is True
    assert equal(make_tuple([null(STRING)]), make_tuple([NULL])) is False


def test_what_is_unknown_is_equal_to_nothing_for_sure():
    assert equal(bare(), string("x")) is None
    assert equal(bare(), bare()) is None
    assert equal(bare(), NULL) is None
    assert equal(bare(), number(5)) is False
    assert equal(make_tuple([bare(), number(1)]), make_tuple([bare(), number(2)])) is False


def test_the_known_beginning_of_a_text_can_decide():
    text = concatenate([string("arn:"), bare()])

    assert equal(text, string("arn:aws")) is None
    assert equal(text, string("sg-1")) is False
    assert equal(text, NULL) is False


def test_a_text_of_known_pieces_and_bare_unknowns_keeps_its_parts():
    text = concatenate([string("api"), string(":"), bare(REVISION), string("!")])

    assert text.data.parts == ("api:", REVISION, "!")
    assert concatenate([text, bare()]).data.origins == (REVISION, ARN)
    assert concatenate([bare()]).data.origin == ARN


def test_a_piece_that_was_computed_leaves_no_parts():
    computed = Value(STRING, merge_unknown(bare()))

    assert concatenate([string("a"), computed]).data == merge_unknown(bare())
    assert merge_unknown(bare()).parts == ()


def test_merging_unknowns_names_every_origin_once():
    merged = merge_unknown(make_tuple([bare(), number(1)]), bare(REVISION), bare())

    assert merged.origins == (ARN, REVISION)


def test_a_set_is_sorted_and_without_duplicates():
    texts = [string(t) for t in ("b", "a", "é", "e\u0301", "B")]

    assert to_python(make_set(STRING, texts)) == ["B", "a", "b", "é"]


def test_a_set_keeps_what_is_unknown_behind_what_is_known():
    set_ = make_set(STRING, [bare(), null(STRING), string("a"), bare(REVISION)])

    assert to_python(set_) == ["a", None, None, None]
    assert unknown_mask(set_) == [False, True, True, False]


def test_strings_are_normalised_to_nfc():
    assert string("e\u0301").data == "é"
    assert list(from_python({"e\u0301": 1}).data) == ["é"]


def test_python_data_goes_there_and_back():
    data = {"a": [1, 2.5, "x", None, True], "b": {}, "c": {"d": [[]]}, "n": 10**30}

    assert to_python(from_python(data)) == data
    assert equal(from_python(0.1), from_python(Decimal("0.1"))) is True
    with pytest.raises(TypeError):
        from_python(object())


def test_unknowns_are_left_out_of_objects_and_none_in_lists():
    value = from_python({"a": 1})
    mixed = make_tuple([value, bare(), replace(value, data={"a": bare()})])

    assert to_python(mixed) == [{"a": 1}, None, {}]
    assert unknown_mask(mixed) == [{}, True, {"a": True}]
    assert not is_wholly_known(mixed)


def test_marks_follow_from_any_depth_and_come_off_at_every_depth():
    secret = replace(string("s"), sensitive=True)
    nested = make_tuple([make_tuple([secret])])

    assert with_marks(number(1), nested).sensitive
    assert is_sensitive(nested)
    assert not is_sensitive(without_marks(nested))
    assert make_set(STRING, [secret, string("a")]).sensitive


def test_a_sensitive_value_is_not_shown_when_it_does_not_convert():
    with pytest.raises(HclError) as caught:
        convert(replace(string("hunter2"), sensitive=True), NUMBER)
    assert "hunter2" not in caught.value.message


@pytest.mark.parametrize(
    "written", ['["${local.ids.*.id}"]', "[local.ids[*].id]", '[tolist(["a"])]', '[toset(["a"])]']
)
@pytest.mark.parametrize("wanted", ["list(string)", "set(string)"])
def test_a_list_in_a_list_is_refused_with_the_advice_to_remove_brackets(tmp_path, written, wanted):
    """So it was written before Terraform 0.12, which took away one pair by itself."""
    text = (
        'locals {\n  ids = [{ id = "a" }]\n}\n'
        f'module "m" {{\n  source = "./m"\n  x = {written}\n}}\n'
    )
    module = f'variable "x" {{\n  type = {wanted}\n}}\n'
    (problem,) = errors_of(world(tmp_path, {"main.tf": text, "m/main.tf": module}))

    assert "drop the brackets" in problem.message
    assert problem.place.line == 6
