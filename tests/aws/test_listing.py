"""Lists in pages, and tags in parts, as the simulated AWS gives them."""

import pytest

from controller.aws.listing import TAGS_LIMIT, in_parts, list_all, read_elb_tags
from local.aws import LaptopAws


@pytest.fixture
def aws():
    aws = LaptopAws()
    aws.furnish(vpcs=[{"id": "vpc-1"}])
    return aws


@pytest.fixture
def elbv2(aws):
    return aws.session().client("elbv2")


def make_groups(aws, elbv2, count):
    arns = [make_group(elbv2, number) for number in range(count)]
    aws.clock.advance(120)  # by then every read knows them
    return arns


def make_group(elbv2, number):
    request = {"Protocol": "TCP", "Port": 80, "VpcId": "vpc-1", "TargetType": "ip"}
    tags = [{"Key": "number", "Value": str(number)}]
    made = elbv2.create_target_group(Name=f"group-{number:03}", Tags=tags, **request)
    return made["TargetGroups"][0]["TargetGroupArn"]


def test_parts_are_as_long_as_requested_and_the_last_takes_what_is_left():
    assert list(in_parts("abcde", 2)) == [["a", "b"], ["c", "d"], ["e"]]
    assert list(in_parts([], 2)) == []


def test_every_page_is_read(aws, elbv2):
    arns = make_groups(aws, elbv2, 3)

    found = list_all(
        elbv2, "describe_target_groups", "TargetGroups", PaginationConfig={"PageSize": 1}
    )

    assert sorted(each["TargetGroupArn"] for each in found) == sorted(arns)


def test_tags_of_more_than_one_call_takes_are_read_and_one_that_is_gone_hides_no_other(aws, elbv2):
    """DescribeTags takes 20 ARNs, and refuses all of them for one that it does not know."""
    arns = make_groups(aws, elbv2, TAGS_LIMIT + 1)
    elbv2.delete_target_group(TargetGroupArn=arns[5])
    aws.clock.advance(120)

    found = read_elb_tags(elbv2, arns)

    assert found.pop(arns[5]) is None
    assert found == {arn: {"number": str(n)} for n, arn in enumerate(arns) if n != 5}
