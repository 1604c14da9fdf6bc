"""Values that are computed when a stack wakes; elsewhere they are compared with Terraform's."""

from __future__ import annotations

import json

import pytest

from controller.domain.planning.computed_values import CannotComputeError
from controller.domain.planning.computing import compute
from controller.domain.planning.references import resolve
from controller.domain.planning.spec import in_a_loop, references

IDS = {"$look_up": "subnets", "attribute": "ids", "of": "data.aws_subnets.mine"}
EACH = {"$look_up": "subnet", "id": {"$item": "1"}, "attribute": "availability_zone"}


def answers(look_up):
    if look_up["$look_up"] == "subnets":
        return ["subnet-b", "subnet-a", "subnet-c"]
    return {"subnet-a": "eu-west-1a", "subnet-b": "eu-west-1b", "subnet-c": None}[look_up["id"]]


def call(name, *args):
    return {"$call": name, "args": list(args)}


def value_of(value):
    return resolve({"it": value}, {"aws_lb.nlb": {"arn": "arn:lb"}}, answers).get("it")


def test_a_list_that_is_computed_is_spliced_into_the_list_around_it():
    assert value_of(["subnet-x", call("slice", IDS, 0, 2)]) == ["subnet-x", "subnet-b", "subnet-a"]


def test_calls_nest_and_take_references_of_every_kind():
    text = {"$join": [call("max", "9", "12"), "/", call("element", call("sort", IDS), 4)]}
    assert value_of(text) == "12/subnet-b"
    assert value_of(call("upper", {"$ref": "aws_lb.nlb.arn"})) == "ARN:LB"


def test_only_the_branch_that_is_taken_is_computed():
    empty = call("get", call("list"), 0)
    assert value_of(call("if", call(">", call("length", IDS), 2), "many", empty)) == "many"
    with pytest.raises(CannotComputeError, match=r"cannot compute get\(\): there is no element 0"):
        value_of(call("if", "false", "many", empty))


def test_a_loop_looks_up_each_element_and_leaves_out_what_does_not_fit():
    wanted = call("==", EACH, "eu-west-1a")
    loop = {"$for": IDS, "item": "1", "value": {"$item": "1"}, "if": wanted}
    assert value_of(loop) == ["subnet-a"]
    assert in_a_loop(EACH) and not in_a_loop(IDS)
    assert [found["$look_up"] for found in references(loop)] == ["subnets", "subnet"]


def test_a_loop_with_keys_makes_a_map_and_may_collect():
    zones = {"$for": IDS, "item": "1", "key": {"$item": "1", "key": True}, "value": {"$item": "1"}}
    assert value_of(zones) == {"0": "subnet-b", "1": "subnet-a", "2": "subnet-c"}
    same = {**zones, "key": "x"}
    assert value_of({**same, "group": True}) == {"x": ["subnet-b", "subnet-a", "subnet-c"]}
    with pytest.raises(CannotComputeError, match='two elements of a for have the key "x"'):
        value_of(same)


def test_loops_in_loops_know_whose_element_is_whose():
    inner = {
        "$for": call("list", "x", "y"),
        "item": "2",
        "value": {"$join": [{"$item": "1"}, "-", {"$item": "2"}]},
    }
    outer = {"$for": call("slice", IDS, 0, 1), "item": "1", "value": inner}
    assert value_of(call("flatten", outer)) == ["subnet-b-x", "subnet-b-y"]


def test_a_field_for_which_null_is_computed_is_left_out():
    assert resolve({"a": call("one", call("list")), "b": 1}, {}, answers) == {"b": 1}


def test_what_aws_tells_in_another_form_is_an_error_that_does_not_show_it():
    secret = "not json: hunter2"
    for name, args in (("jsondecode", [secret]), ("max", [secret, 1]), ("base64decode", [secret])):
        with pytest.raises(CannotComputeError) as caught:
            compute(name, args)
        assert "hunter2" not in str(caught.value)
        assert f"cannot compute {name}()" in str(caught.value)


def test_where_a_look_up_is_not_answered_the_rest_still_is():
    """What `dormouse doctor` asks: nothing is known of this subnet, all of the others."""
    request = {"a": call("jsonencode", call("upper", None)), "b": call("length", IDS)}
    assert resolve(request, {}, answers, lenient=True) == {"a": None, "b": 3}


def test_a_function_of_a_later_release_is_named():
    with pytest.raises(CannotComputeError, match=r"cannot compute rsadecrypt\(\): this release"):
        compute("rsadecrypt", ["x"])


@pytest.mark.parametrize(
    ("name", "args", "expected"),
    [
        ("lower", ["ABC"], "abc"),
        ("md5", ["hello"], "5d41402abc4b2a76b9719d911017c592"),
        ("base64sha256", [""], "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="),
        ("basename", ["arn:aws:ecs:us-east-1:123456789012:cluster/k"], "k"),
        ("element", [["a", "b", "c"], -4], "c"),
        ("tonumber", ["1.50"], 1.5),
        ("tobool", ["1"], True),
        ("tostring", [True], "true"),
        ("/", [1, 8], 0.125),
        ("max", ["9", "10"], 10),
        ("jsondecode", ['{"a": [1, 1.5]}'], {"a": [1, 1.5]}),
        ("get", [{"a": 1}, "a"], 1),
        ("splat", [None], []),
    ],
)
def test_operations(name, args, expected):
    found = resolve(call(name, *args), {}, answers)
    assert found == expected
    assert json.loads(json.dumps(found)) == expected
