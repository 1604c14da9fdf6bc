"""The traffic of the load balancer that is up, from CloudWatch as the simulated AWS plays it."""

from datetime import UTC, datetime, timedelta

import pytest

from controller.aws.traffic import TrafficReader
from controller.domain.decision.lifecycle import BilledResource
from local.aws import LaptopAws
from local.faults import Fault, throttled

START = datetime(2026, 11, 23, 9, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def aws():
    aws = LaptopAws(profile="typical")
    aws.furnish_article()
    return aws


@pytest.fixture
def reader(aws):
    return TrafficReader(aws.session().client("cloudwatch"))


def balancer(aws, name="ecs-nlb"):
    reply = (
        aws.session()
        .client("elbv2")
        .create_load_balancer(Name=name, Type="network", Subnets=["subnet-0a1b2c3d4e5f60718"])
    )
    (made,) = reply["LoadBalancers"]
    return BilledResource(
        address="aws_lb.a", arn=made["LoadBalancerArn"], since=made["CreatedTime"]
    )


def at(minute):
    return START + minute * MINUTE


def test_one_request_gives_every_minute_with_its_flows(aws, reader):
    up = balancer(aws)
    aws.traffic.flows("ecs-nlb", at(12), new_flows=4, bytes=9000)
    aws.traffic.hold_open("ecs-nlb", at(13), at(15), active=2)
    aws.clock.advance(20 * 60)
    calls = len(aws.calls)
    counts = reader.read([up], at(8), at(18))

    assert counts.problem == ""
    assert [each.at for each in counts.minutes] == [at(minute) for minute in range(8, 18)]
    visit, held = counts.minutes[4], counts.minutes[5]
    assert (visit.new_flows, visit.bytes, visit.active_flows) == (4, 9000, 4)
    assert (held.new_flows, held.bytes, held.active_flows) == (0, 0, 2)
    assert aws.calls[calls:] == aws.calls.of("GetMetricData")
    assert len(aws.calls[calls:]) == 1
    (call,) = aws.calls[calls:]
    assert len(call.params["MetricDataQueries"]) == 3


def test_a_new_load_balancer_and_minutes_that_are_late_have_no_counts(aws, reader):
    """F62: the first counts come minutes after it is up, each some minutes late."""
    up = balancer(aws)
    aws.clock.advance(4 * 60)
    assert reader.read([up], at(0), at(4)).minutes == ()

    aws.clock.advance(6 * 60)
    counts = reader.read([up], at(0), at(10))
    assert [each.at for each in counts.minutes] == [at(6), at(7)]


def test_each_load_balancer_has_counts_of_its_own(aws, reader):
    """A name comes back with the next wake; its counts do not."""
    old = balancer(aws)
    aws.traffic.flows(old.arn, at(10), new_flows=9)
    aws.clock.advance(15 * 60)
    aws.session().client("elbv2").delete_load_balancer(LoadBalancerArn=old.arn)
    aws.clock.advance(60)
    new = balancer(aws)
    aws.clock.advance(15 * 60)

    assert old.dimension != new.dimension
    counts = reader.read([new], at(0), at(30))
    assert counts.minutes
    assert not any(each.new_flows for each in counts.minutes)


def test_several_load_balancers_are_summed_up_where_all_are_known(aws, reader):
    first = balancer(aws)
    aws.clock.advance(5 * 60)
    second = balancer(aws, "other")
    aws.traffic.flows("ecs-nlb", at(15), new_flows=1, bytes=100)
    aws.traffic.flows("other", at(15), new_flows=2, bytes=200)
    aws.clock.advance(15 * 60)
    counts = reader.read([first, second], at(6), at(18))

    assert counts.minutes[0].at == at(11)  # the second one's first
    (busy,) = [each for each in counts.minutes if not each.is_silent]
    assert (busy.new_flows, busy.bytes, busy.active_flows) == (3, 300, 3)


@pytest.mark.parametrize("code", ["PartialData", "InternalError", "Forbidden"])
def test_a_partial_answer_is_no_answer(aws, reader, code):
    """F63."""
    up = balancer(aws)
    aws.clock.advance(20 * 60)
    aws.conditions.metric_status = code
    counts = reader.read([up], at(8), at(18))

    assert counts.minutes == ()
    assert code in counts.problem


@pytest.mark.parametrize(
    "fault",
    [
        throttled("cloudwatch", "GetMetricData"),
        Fault(operation="GetMetricData", code="InternalFailure"),
        Fault(operation="GetMetricData", code="AccessDenied", status=403),
        Fault(operation="GetMetricData", dropped=True),
    ],
    ids=["throttled", "internal", "denied", "dropped"],
)
def test_a_failed_read_is_a_problem_and_no_exception(aws, reader, fault):
    up = balancer(aws)
    aws.clock.advance(20 * 60)
    aws.faults.add(fault)
    counts = reader.read([up], at(8), at(18))

    assert counts.minutes == ()
    assert counts.problem.startswith("its traffic could not be read")
    assert reader.read([up], at(8), at(18)).minutes


def test_a_load_balancer_that_never_was_has_no_counts(aws, reader):
    """Unknown dimensions give empty lists, no error (AWS behaviour §4.3)."""
    never = BilledResource(address="aws_lb.a", arn="arn:x:loadbalancer/net/never/1", since=START)
    counts = reader.read([never], at(0), at(10))

    assert (counts.minutes, counts.problem) == ((), "")


def test_an_answer_in_pages_is_read_to_its_end(aws):
    """CloudWatch says PartialData of a page that another one follows."""
    pages = iter(
        [
            page({"newFlowCount_0": [1.0], "processedBytes_0": [10.0]}, 0, "PartialData", "more"),
            page({"newFlowCount_0": [2.0], "processedBytes_0": [20.0]}, 1, "Complete"),
        ]
    )
    requested = []

    class Pages:
        def get_metric_data(self, **request):
            requested.append(request.get("NextToken"))
            return next(pages)

    never = BilledResource(address="aws_lb.a", arn="arn:x:loadbalancer/net/a/1", since=START)
    counts = TrafficReader(Pages()).read([never], at(0), at(10))
    assert [(each.new_flows, each.bytes) for each in counts.minutes] == [(1, 10), (2, 20)]
    assert requested == [None, "more"]


def page(values, minute, code, token=None):
    results = [
        {"Id": id_, "Timestamps": [at(minute)], "Values": each, "StatusCode": code}
        for id_, each in values.items()
    ]
    return {"MetricDataResults": results} | ({"NextToken": token} if token else {})
