"""Ownership is written on the resource, in characters that AWS takes."""

import re

import botocore.session
import pytest

from controller.aws.tags import Owner, with_ecs_owner, with_elb_owner
from controller.domain.planning.owner_tags import tag_value


@pytest.mark.parametrize(
    ("address", "value"),
    [
        ("aws_lb.nlb", "aws_lb.nlb"),
        ("aws_lb.nlb[0]", "aws_lb.nlb/0"),
        ('module.app["day"].aws_lb.nlb', "module.app/day.aws_lb.nlb"),
        ('aws_lb.nlb["a,b"]', "aws_lb.nlb/a=2c=b"),
        ('aws_lb.nlb["昼"]', "aws_lb.nlb/昼"),
    ],
)
def test_an_address_is_written_in_the_characters_of_a_tag(address, value):
    assert tag_value(address) == value


def test_the_characters_are_those_of_the_service_models():
    """The pattern of TagValue in botocore's model, with Python's classes for Unicode's."""
    model = botocore.session.Session().get_service_model("elbv2")
    pattern = model.shape_for("TagValue").metadata["pattern"]
    assert pattern == r"^([\p{L}\p{Z}\p{N}_.:/=+\-@]*)$"

    for address in ('a["x y"].b[0]', 'a["q\\"uote$%{}"]', 'a["昼/é"]'):
        assert re.fullmatch(r"[\w\s.:/=+\-@]*", tag_value(address))


def test_different_addresses_have_different_values():
    addresses = ["a.b", "a.b[0]", "a.b[1]", 'a.b["x"]', 'a.b["x,"]', "module.m.a.b", 'a.b["x="]']
    assert len({tag_value(a) for a in addresses}) == len(addresses)


def test_a_resource_is_ours_by_its_stack_wherever_it_stood_in_the_files():
    owner = Owner("nsfw-api", "aws_lb.nlb[0]")
    tags = dict(owner.pairs())

    assert owner.owns({**tags, "Team": "x"})
    assert owner.owns({**tags, "dormouse:address": "aws_lb.old"})
    assert not owner.owns({**tags, "dormouse:stack": "other"})
    for key in tags:
        assert not owner.owns({k: v for k, v in tags.items() if k != key})


def test_our_tags_win_over_the_users_and_keep_the_rest():
    owner = Owner("nsfw-api", "aws_lb.nlb")
    request = {"Tags": [{"Key": "Team", "Value": "x"}, {"Key": "dormouse:stack", "Value": "fake"}]}
    made = {t["Key"]: t["Value"] for t in with_elb_owner(request, owner)["Tags"]}
    assert made == {"Team": "x", **dict(owner.pairs())}

    made = {t["key"]: t["value"] for t in with_ecs_owner({}, owner)["tags"]}
    assert made == dict(owner.pairs())


def test_a_foreign_resource_is_described_with_what_was_found_and_the_remedy():
    owner = Owner("nsfw-api", "aws_lb.nlb")
    said = owner.describe_stranger('load balancer "ecs-nlb"', {"dormouse:stack": "other"})

    assert said.startswith('load balancer "ecs-nlb" is not ours: tag "dormouse:stack" is "other"')
    assert "delete it or rename ours" in said
    assert "\n" not in said
