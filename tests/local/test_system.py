"""What completes the simulated AWS: functions that are called, and a service that is used."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from urllib.request import urlopen

import boto3
import pytest

from controller.reconcile.outcome import Result
from factories import SUBNET, article_spec, listener, load_balancer, service, target_group
from local.aws import LaptopAws
from local.bill import make_bill, month_of
from local.clock import ManualClock, ScaledClock
from local.functions import TIMEOUT, Function
from local.furnish_spec import furnish_for
from local.server import LaptopServer
from local.stand_in import StandIn, free_address, is_free
from local.system import quiet_moment
from system.stack_under_test import StackUnderTest

FRIDAY = datetime(2026, 11, 27, 3, tzinfo=UTC)
HOURS = {
    "time_zone": "Asia/Tokyo",
    "office_hours": [[["mon", "tue", "wed", "thu", "fri"], "09:00", "18:00"]],
}


def test_the_clock_begins_where_the_weekend_does():
    """18:00 in Tokyo, and a hundredth of the 63 hours until Monday morning."""
    start = quiet_moment(article_spec(policy=HOURS), FRIDAY)
    assert start == datetime(2026, 11, 27, 9, tzinfo=UTC) + timedelta(hours=63) / 100


WEEK = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


@pytest.mark.parametrize("hours", [[], [[WEEK, "00:00", "24:00"]]])
def test_a_clock_without_a_weekend_begins_now(hours):
    assert quiet_moment(article_spec(policy={"office_hours": hours}), FRIDAY) == FRIDAY


def test_an_invocation_that_fails_is_called_once_more_and_then_reported():
    calls, failures, reported = [], [], threading.Event()

    def broken(event, context):
        calls.append((event, context.get_remaining_time_in_millis()))
        raise ValueError("no table")

    def failed(error):
        failures.append(str(error))
        reported.set()

    clock = ManualClock(FRIDAY)
    function = Function("controller", broken, clock, failed)
    assert function.invoke({"Payload": b'{"stack": "a"}'}) == {"StatusCode": 202}
    assert reported.wait(10)
    assert calls == [({"stack": "a"}, TIMEOUT.total_seconds() * 1000)] * 2
    assert failures == ["no table"]


def test_the_schedule_calls_until_the_block_ends():
    called, clock = threading.Semaphore(0), ScaledClock(speed=6000)

    def handler(event, context):
        assert event == {}
        called.release()

    with Function("controller", handler, clock, failed=print):
        assert all(called.acquire(timeout=10) for _ in range(3))
    left = [t for t in threading.enumerate() if t.name in ("schedule", "invocation")]
    assert left == []


def test_a_function_is_invoked_over_http_too():
    with LaptopServer(clock=ManualClock(FRIDAY)) as server:
        requested = []

        def answer(params):
            requested.append((params["FunctionName"], params["Payload"]))
            return {"StatusCode": 202}

        server.aws.answer_with("lambda", "Invoke", answer)
        function = boto3.client(
            "lambda",
            endpoint_url=server.url,
            region_name="us-east-1",
            aws_access_key_id="laptop",
            aws_secret_access_key="laptop",
        )
        reply = function.invoke(FunctionName="a-controller", InvocationType="Event", Payload=b"{}")
        assert (reply["StatusCode"], requested) == (202, [("a-controller", b"{}")])
        function.close()


def test_whoever_uses_the_address_makes_the_load_balancers_traffic():
    aws = LaptopAws(profile="typical")
    sut = StackUnderTest(aws)
    ip = free_address([5000])
    aws.furnish(**furnish_for(sut.spec, ip))
    with StandIn(aws, ip, weight=60) as service:
        assert is_free(ip, 5000)
        sut.wake()
        assert b"hello from your container" in ask(f"http://{ip}:5000/")
        assert (service.uses, service.used_at) == (1, aws.clock.now())
        (balancer,) = aws.session().client("elbv2").describe_load_balancers()["LoadBalancers"]
    assert is_free(ip, 5000)
    minute = aws.clock.now().timestamp() // 60 * 60
    flows = aws.traffic.at(minute, balancer["LoadBalancerArn"].partition(":loadbalancer/")[2])
    assert flows.new == 60
    assert flows.bytes > 60 * len("hello from your container")


def test_what_is_furnished_lets_a_group_that_is_written_by_its_id_in():
    network = {"subnets": [SUBNET], "securityGroups": ["sg-0123456789abcdef0"]}
    request = {
        **service().request,
        "networkConfiguration": {"awsvpcConfiguration": {**network, "assignPublicIp": "ENABLED"}},
    }
    parts = (target_group(), load_balancer(), listener(), service(request=request))
    aws = LaptopAws(profile="fast", clock=ManualClock(FRIDAY))
    sut = StackUnderTest(aws, article_spec(resources=parts))
    aws.furnish(**furnish_for(sut.spec))

    assert sut.wake().result is Result.CONVERGED


def ask(url: str) -> bytes:
    """Whoever knows that the stack is awake can connect at once: nothing is tried again."""
    with urlopen(url, timeout=60) as reply:
        return bytes(reply.read())


def test_the_bill_is_that_of_what_stood_beside_what_leaving_it_on_costs():
    """Two started hours of a load balancer (USD 0.0225 in us-east-1), one task, one address."""
    aws = LaptopAws(profile="typical")
    aws.furnish_article()
    sut, began = StackUnderTest(aws), aws.clock.now()
    sut.wake()
    aws.clock.advance(3600)
    sut.sleep()
    bill = make_bill(sut.spec, aws.lifetimes(), began, aws.clock.now())
    hours = Decimal(bill.lasted.total_seconds()) / 3600

    assert bill.parts["load_balancer"] == Decimal("0.045")
    assert round(bill.parts["elastic_ip"], 9) == round(Decimal("0.005") * hours, 9)
    assert bill.total == sum(bill.parts.values())
    assert Decimal("0.012") < bill.parts["task"] < bill.always_on - Decimal("0.045")
    assert bill.awake < bill.total < bill.always_on
    twenty, always_on, asleep = month_of(sut.spec, bill.awake, 20)
    assert asleep == Decimal("3.65")
    assert asleep < twenty < always_on
