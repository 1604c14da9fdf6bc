"""What we would send against what Terraform's own provider sent (see record_provider.py)."""

import json
import re
from pathlib import Path

import pytest
from hand_made import NOW

from controller.domain.planning.spec import Kind
from controller.hcl.world import Inputs
from controller.mapping.compile import compile_stack

DATA = Path(__file__).parent.parent / "data"
CASES = sorted(path.stem for path in (DATA / "provider-calls").glob("*.json"))
CREATES = {
    "CreateLoadBalancer": Kind.LOAD_BALANCER,
    "CreateTargetGroup": Kind.TARGET_GROUP,
    "CreateListener": Kind.LISTENER,
    "CreateService": Kind.SERVICE,
}
MODIFIES = {
    "ModifyLoadBalancerAttributes": ("LoadBalancerArn", Kind.LOAD_BALANCER),
    "ModifyTargetGroupAttributes": ("TargetGroupArn", Kind.TARGET_GROUP),
}


class Anything:
    """Stands for an id that only AWS knows: equal to any text."""

    def __eq__(self, other):
        return isinstance(other, str)

    def __hash__(self):
        return 0

    def __repr__(self):
        return "<anything>"


def recorded(name):
    return json.loads((DATA / "provider-calls" / f"{name}.json").read_text())


def compiled(name):
    folder = DATA / "hcl-cases/stacks" / name
    root = (folder if folder.exists() else DATA / "provider-calls" / name) / "root"
    about = json.loads((folder / "case.json").read_text()) if folder.exists() else {}
    options = tuple(("var", text) for text in about.get("cli", ()))
    result = compile_stack(root, Inputs(options=options, region="us-east-1"), NOW)
    assert result.spec is not None, [str(problem) for problem in result.problems]
    return result.spec


@pytest.mark.parametrize("name", CASES)
def test_each_create_of_the_provider_is_one_of_ours(name):
    spec = compiled(name)
    ours = [(r.kind, plain(r.request, spec)) for r in spec.resources]
    theirs = [
        (CREATES[call["operation"]], normal(call["request"]))
        for call in recorded(name)
        if call["operation"] in CREATES
    ]
    assert theirs
    for kind, request in theirs:
        same_kind = [mine for k, mine in ours if k is kind]
        assert any(mine == request for mine in same_kind), (
            f"provider: {json.dumps(request, indent=1)}\nours: {same_kind}"
        )


@pytest.mark.parametrize("name", CASES)
def test_each_attribute_of_the_provider_is_one_of_ours(name):
    spec = compiled(name)
    for call in recorded(name):
        if call["operation"] in MODIFIES:
            key, kind = MODIFIES[call["operation"]]
            wanted = call["request"][key].rpartition("/")[2].replace("*", "")
            theirs = {a["Key"]: a["Value"] for a in call["request"]["Attributes"]}
            mine = [r.attributes for r in spec.of_kind(kind) if r.name.startswith(wanted)]
            assert theirs in mine, call["request"]
        elif call["operation"] == "ModifyListenerAttributes":
            theirs = {a["Key"]: a["Value"] for a in call["request"]["Attributes"]}
            assert theirs in [r.attributes for r in spec.of_kind(Kind.LISTENER)]


def plain(value, spec):
    """Our request as the provider would have written it, references followed by name."""
    return normal(follow(value, spec))


def follow(value, spec):
    if isinstance(value, dict) and "$ref" in value:
        address = value["$ref"].rpartition(".")[0]
        resource = spec[address]
        word = "loadbalancer" if resource.kind is Kind.LOAD_BALANCER else "targetgroup"
        return f"{word}/{resource.name}"
    if isinstance(value, dict) and "$look_up" in value:
        return looked_up(value)
    if isinstance(value, dict):
        return {key: follow(item, spec) for key, item in value.items()}
    if isinstance(value, list):
        return [follow(item, spec) for item in value]
    return value


def looked_up(value):
    take = value.get("take", value["attribute"])
    if value["$look_up"] == "cluster":
        return f"cluster/{value['name']}" if take == "arn" else value["name"]
    if value["$look_up"] == "task_definition" and take == "arn":
        return f"task-definition/{value['family']}:1"
    if value["$look_up"] == "task_definition" and take == "arn_without_revision":
        return f"task-definition/{value['family']}"
    return value["family"] if take == "family" else Anything()


def normal(value):
    """
    Without what says nothing: empty lists, flags that are off, the scheme that AWS takes anyway.

    Numbers and flags are text in ELBv2's query protocol. Sets have no order.
    """
    if isinstance(value, dict):
        items = {key: normal(item) for key, item in value.items()}
        if items.get("platformVersion") == "1.3.0":  # retired: replaced with a warning
            items["platformVersion"] = "1.4.0"
        items = {k: re.sub(GENERATED, r"\1*", v) if k == "Name" else v for k, v in items.items()}
        return {k: v for k, v in items.items() if v != [] and [k, v] not in UNSAID}
    if isinstance(value, list):
        return sorted((normal(item) for item in value), key=repr)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str) and value.startswith(("loadbalancer/", "targetgroup/")):
        return re.sub(r"/(tf-lb-|tf-|pre)[0-9a-f*]+$", r"/\1*", value)
    return value if isinstance(value, Anything) else str(value)


GENERATED = r"^(tf-lb-|tf-|pre)[0-9a-f]{16}$"
UNSAID = [
    ["Scheme", "internet-facing"],
    ["enableECSManagedTags", "false"],
    ["enableExecuteCommand", "false"],
]
