"""Every whole stack of the cases, from its files to the spec, against what Terraform answered."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hand_made import NOW

from controller.domain.planning.spec import references
from controller.domain.problem import Level
from controller.hcl.world import Inputs
from controller.mapping.compile import compile_stack

STACKS = Path(__file__).parent.parent / "data/hcl-cases/stacks"
NAMES = sorted(path.name for path in STACKS.iterdir())


def case(name):
    folder = STACKS / name
    about = json.loads((folder / "case.json").read_text())
    return (
        folder / about.get("root", "root"),
        about,
        json.loads((folder / "expected.json").read_text()),
    )


def compile_case(name):
    root, about, _ = case(name)
    options = tuple(
        ("var-file", str(root / text[1:])) if text.startswith("@") else ("var", text)
        for text in about.get("cli", ())
    )
    inputs = Inputs(
        options=options,
        environment=about.get("env", {}),
        workspace=about.get("workspace", "default"),
    )
    return compile_stack(root, inputs, NOW)


BAD = [name for name in NAMES if "error" in case(name)[2]]
SHAPED = [name for name in NAMES if case(name)[1].get("offline") is False]
GOOD = [name for name in NAMES if name not in (*BAD, *SHAPED)]


@pytest.mark.parametrize("name", BAD)
def test_a_stack_that_terraform_refuses_is_refused_at_the_same_line(name):
    expected = case(name)[2]["error"]
    result = compile_case(name)
    assert result.spec is None
    errors = [p for p in result.problems if p.level is Level.ERROR]
    if expected["file"] is None:
        return
    assert any(
        p.place and p.place.file == expected["file"] and abs(p.place.line - expected["line"]) <= 2
        for p in errors
    ), [str(p) for p in errors]


@pytest.mark.parametrize("name", SHAPED)
def test_a_shape_that_only_aws_knows_is_refused_by_the_data_sources_name(name):
    result = compile_case(name)
    assert result.spec is None
    text = " ".join(str(problem) for problem in result.problems)
    assert "data.aws_subnets.public" in text


@pytest.mark.parametrize("name", GOOD)
def test_a_sound_stack_compiles_to_the_planned_resources(name):
    result = compile_case(name)
    assert result.spec is not None, [str(problem) for problem in result.problems]
    assert {r.address for r in result.spec.resources} == set(case(name)[2]["resources"])


@pytest.mark.parametrize("name", GOOD)
def test_references_are_those_of_the_plan(name):
    spec = compile_case(name).spec
    for address, expected in case(name)[2]["resources"].items():
        found = [reference_name(r) for r in references(spec[address].request)]
        for path, alternatives in expected["refs"].items():
            assert found_at(spec[address].request, path) in alternatives, (address, path)
        for alternatives in expected.get("refs_inside", {}).values():
            assert set(alternatives) & set(found)


@pytest.mark.parametrize("name", GOOD)
def test_what_terraform_read_from_aws_is_a_look_up(name):
    spec = compile_case(name).spec
    for address, expected in case(name)[2]["resources"].items():
        found = {reference_name(r) for r in references([spec[address].request])}
        found |= {f"{name}[{n}]" for name in found for n in range(9)}
        for path, alternatives in expected.get("data", {}).items():
            region = path == "tags.Region"  # known from the provider block
            assert region or found & set(alternatives), (address, path)


@pytest.mark.parametrize("name", GOOD)
def test_no_planned_value_is_lost(name):
    """Each known value of the plan is somewhere in the request or the attributes."""
    spec = compile_case(name).spec
    for address, expected in case(name)[2]["resources"].items():
        resource = spec[address]
        said = {as_text(v) for v in leaves([dict(resource.request), dict(resource.attributes)])}
        planned = leaves({**expected["values"], **expected["defaults"]}, skip=NOT_SENT)
        known_by_asking = set(expected.get("data", {}))
        for path, value in planned:
            if value in ("", None) or path in known_by_asking or path in NOT_SENT:
                continue
            assert as_text(value, path) in said, (address, path, value)


@pytest.mark.parametrize("name", ["article-as-printed", "article-tfvars"])
def test_the_article_compiles_with_warnings_only(name):
    result = compile_case(name)
    rules = {problem.rule for problem in result.problems}
    assert {"platform-version", "idle-timeout", "grace-period", "open-security-group"} <= rules
    (service,) = [r for r in result.spec.resources if r.address.endswith("nsfw_service")]
    assert service.request["platformVersion"] == "1.4.0"
    assert service.request["taskDefinition"]["family"] == "nsfw-api-container"
    assert service.ignore_changes == ("task_definition",)


def test_the_article_with_two_subnets_is_warned_of_its_zones():
    """Its load balancer takes the first subnet, its service all of them (AWS behaviour §1.11)."""
    assert "zones" in {problem.rule for problem in compile_case("article-tfvars").problems}
    assert "zones" not in {problem.rule for problem in compile_case("article-as-printed").problems}


# What has no counterpart with the same value in a request.
NOT_SENT = frozenset(
    {
        "lambda_multi_value_headers_enabled",
        "wait_for_steady_state",
        "proxy_protocol_v2",
        "slow_start",
        "tags_all",
        "timeouts",
        "platform_version",  # the article's is replaced
        "capacity_provider_strategy.0.base",
    }
)
FALSE_IS_LEFT_OUT = frozenset({"connection_termination"})


def as_text(value, path=""):
    if path.endswith("internal"):
        return "internal" if value else "internet-facing"
    if path.endswith("assign_public_ip"):
        return "ENABLED" if value else "DISABLED"
    return json.dumps(value) if isinstance(value, bool) else str(value)


def leaves(data, path="", skip=frozenset()) -> Iterator:
    """Scalars with their paths for dicts; bare scalars for lists (used for requests)."""
    if isinstance(data, list) and not path:
        for item in data:
            yield from (value for _, value in leaves(item, "."))
    elif isinstance(data, list):
        for index, item in enumerate(data):
            yield from leaves(item, f"{path}.{index}", skip)
    elif isinstance(data, dict):
        for key, item in data.items():
            if key not in skip:
                yield from leaves(item, f"{path}.{key}".lstrip("."), skip)
    else:
        yield path, data


def reference_name(reference):
    """ "aws_lb.nlb.arn" for a `$ref`, "data.x.y.ids[0]" for a look-up."""
    if "$ref" in reference:
        return reference["$ref"]
    index = f"[{reference['index']}]" if "index" in reference else ""
    return f"{reference['of']}.{reference['attribute']}{index}"


FIELDS = {
    "load_balancer_arn": "LoadBalancerArn",
    "default_action": "DefaultActions",
    "load_balancer": "loadBalancers",
    "subnet_mapping": "SubnetMappings",
    "allocation_id": "AllocationId",
    "subnet_id": "SubnetId",
    "network_configuration": "networkConfiguration",
    "security_groups": "securityGroups",
    "service_registries": "serviceRegistries",
    "registry_arn": "registryArn",
    "task_definition": "taskDefinition",
    "vpc_id": "VpcId",
}


def found_at(request, path):
    """The reference at a path of the plan, in the request's own words."""
    node = request
    for step in path.split("."):
        if step.isdecimal() and isinstance(node, dict):
            node = node.get("awsvpcConfiguration", node)  # a block of one
        elif step.isdecimal():
            node = node[int(step)]
        elif step == "target_group_arn":
            node = node.get("TargetGroupArn") or node.get("targetGroupArn")
        else:
            node = node[FIELDS.get(step, step)]
    return reference_name(node)


def test_all_cases_are_here():
    assert (len(GOOD), len(BAD), len(SHAPED)) == (18, 9, 1) or len(NAMES) != 28
    assert all(re.fullmatch(r"[a-z0-9-]+", name) for name in NAMES)
