"""What publishing again says of a spec: what came, went and changed."""

from __future__ import annotations

from dataclasses import replace

from controller.domain.planning.spec_changes import compare_specs
from controller.domain.policy.policy import parse_policy
from factories import LB, LISTENER, SERVICE, TG, article_spec, listener, load_balancer, service

NOTHING = {"added": [], "removed": [], "changed": [], "settings": {}}


def compare(old, new):
    return compare_specs(old, new).to_json()


def spec(*resources, **changes):
    return article_spec(resources=resources, **changes)


def test_of_a_stack_that_is_new_everything_has_come_and_no_setting_has_changed():
    assert compare(None, article_spec(policy=parse_policy({}).to_json())) == {
        **NOTHING,
        "added": [TG, LB, LISTENER, SERVICE],
    }


def test_the_same_again_changes_nothing():
    assert compare(article_spec(), article_spec()) == NOTHING


def test_a_line_that_moved_in_the_files_changes_nothing():
    old, new = load_balancer(), load_balancer(source="other.tf:99")
    assert compare(spec(old), spec(new)) == NOTHING


def test_resources_come_go_and_change():
    old = spec(load_balancer(), listener(), service())
    new = spec(
        load_balancer(), service(request={"desiredCount": 2}), listener(address="aws_lb_listener.b")
    )
    assert compare(old, new) == {
        **NOTHING,
        "added": ["aws_lb_listener.b"],
        "removed": [LISTENER],
        "changed": [SERVICE],
    }


def test_a_setting_is_reported_with_its_earlier_value():
    old, new = article_spec(policy={"a": 1, "b": 2}), article_spec(policy={"b": 3, "c": 4})
    assert compare(old, new)["settings"] == {
        "a": {"from": 1, "to": None},
        "b": {"from": 2, "to": 3},
        "c": {"from": None, "to": 4},
    }


def test_another_region_or_role_is_a_setting_too():
    old = article_spec()
    new = replace(old, region="eu-west-1", role_arn="arn:aws:iam::1:role/x")
    assert compare(old, new)["settings"] == {
        "region": {"from": "us-east-1", "to": "eu-west-1"},
        "role_arn": {"from": None, "to": "arn:aws:iam::1:role/x"},
    }
