"""
Files that are published while the stack is up: what an update can correct is corrected at once.

On a laptop AWS; each test compares with what the new files make afresh.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from controller.domain.planning.progress import Progress, for_new_wake
from controller.domain.planning.timing import FAST, TYPICAL
from controller.reconcile.outcome import Result
from factories import (
    LB,
    LISTENER,
    SCALING_TARGET,
    SERVICE,
    TG,
    article_spec,
    scaled_spec,
    scaling_target,
)
from local.aws import LaptopAws
from local.faults import Fault
from system.stack_under_test import FORBIDDEN, StackUnderTest

VPC = "vpc-0a1b2c3d4e5f60718"
CLUSTER = "nsfw_api_cluster"
TCP_PORT = [{"containerPort": 5000, "protocol": "tcp"}]


def furnished(profile):
    """The article's account, and what other files may name."""
    aws = LaptopAws(profile=profile)
    aws.furnish_article()
    other = {"name": "nsfw-api-container", "image": "public.ecr.aws/nsfw-api/nsfw-api:2"}
    aws.furnish(
        security_groups=[{"name": "others", "vpc": VPC}],
        certificates=[{"domain": "a.example.com"}, {"domain": "b.example.com"}],
        task_definitions=[
            {
                "family": "another",
                "container_definitions": [{**other, "essential": True, "portMappings": TCP_PORT}],
            }
        ],
    )
    return StackUnderTest(aws)


@pytest.fixture
def sut():
    sut = furnished("fast")
    yield sut
    assert not {call.operation for call in sut.aws.calls} & FORBIDDEN


def having(spec, address, attributes=None, **request):
    """The spec with other arguments of one resource."""
    resources = [
        replace(
            each,
            request={**each.request, **request},
            attributes=each.attributes if attributes is None else attributes,
        )
        if each.address == address
        else each
        for each in spec.resources
    ]
    return replace(spec, resources=tuple(resources))


def certificate(domain):
    arn = {"$look_up": "certificate", "domain": domain, "attribute": "arn"}
    return [{"CertificateArn": arn}]


def tls(domain, **request):
    policy = "ELBSecurityPolicy-TLS13-1-2-2021-06"
    given = {"SslPolicy": policy, "Certificates": certificate(domain), **request}
    return having(article_spec(), LISTENER, Protocol="TLS", **given)


def in_group(name):
    group = {"$look_up": "security_group", "name": name, "vpc_id": VPC, "attribute": "id"}
    spec = article_spec()
    network = spec[SERVICE].request["networkConfiguration"]["awsvpcConfiguration"]
    wanted = {"awsvpcConfiguration": {**network, "securityGroups": [group]}}
    return having(spec, SERVICE, networkConfiguration=wanted)


def of_family(family):
    task = {"$look_up": "task_definition", "family": family, "attribute": "arn"}
    return having(article_spec(), SERVICE, taskDefinition=task)


def deploying(most, least):
    given = {"maximumPercent": most, "minimumHealthyPercent": least}
    return having(article_spec(), SERVICE, deploymentConfiguration=given)


def listed(sut):
    """What AWS says of the listener and the service, but for times and ids."""
    elbv2, ecs = sut.session.client("elbv2"), sut.session.client("ecs")
    (balancer,) = elbv2.describe_load_balancers()["LoadBalancers"]
    (listener,) = elbv2.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]
    (service,) = ecs.describe_services(cluster=CLUSTER, services=["nsfw_api_service"])["services"]
    (group,) = elbv2.describe_target_groups()["TargetGroups"]
    return listener, service, group, balancer


def certificate_of(sut):
    arn = listed(sut)[0]["Certificates"][0]["CertificateArn"]
    return sut.session.client("acm").describe_certificate(CertificateArn=arn)["Certificate"][
        "DomainName"
    ]


def groups_of(sut):
    network = listed(sut)[1]["networkConfiguration"]["awsvpcConfiguration"]
    found = sut.session.client("ec2").describe_security_groups(GroupIds=network["securityGroups"])
    return [each["GroupName"] for each in found["SecurityGroups"]]


def family_of(sut):
    return listed(sut)[1]["taskDefinition"].rpartition("/")[2]


def attribute_of(sut, key):
    elbv2 = sut.session.client("elbv2")
    listener, _, group, balancer = listed(sut)
    found = [
        elbv2.describe_load_balancer_attributes(LoadBalancerArn=balancer["LoadBalancerArn"]),
        elbv2.describe_listener_attributes(ListenerArn=listener["ListenerArn"]),
        elbv2.describe_target_group_attributes(TargetGroupArn=group["TargetGroupArn"]),
    ]
    return next(a["Value"] for each in found for a in each["Attributes"] if a["Key"] == key)


CROSS_ZONE = "load_balancing.cross_zone.enabled"
IDLE = "tcp.idle_timeout.seconds"
PROXY = "proxy_protocol_v2.enabled"
DELAY = {"deregistration_delay.timeout_seconds": "10"}
IDLE_BACK = "listener's attribute, back to its default"
CORRECTED = {
    "certificate": (tls("a.example.com"), tls("b.example.com"), certificate_of, "b.example.com"),
    "ALPN": (
        tls("a.example.com", AlpnPolicy=["None"]),
        tls("a.example.com", AlpnPolicy=["HTTP2Preferred"]),
        lambda sut: listed(sut)[0]["AlpnPolicy"],
        ["HTTP2Preferred"],
    ),
    "security group by its name": (article_spec(), in_group("others"), groups_of, ["others"]),
    "task definition": (article_spec(), of_family("another"), family_of, "another:1"),
    "deployment": (
        deploying(200, 100),
        deploying(150, 50),
        lambda sut: listed(sut)[1]["deploymentConfiguration"]["maximumPercent"],
        150,
    ),
    "managed tags": (
        having(article_spec(), SERVICE, enableECSManagedTags=False),
        having(article_spec(), SERVICE, enableECSManagedTags=True),
        lambda sut: listed(sut)[1]["enableECSManagedTags"],
        True,
    ),
    "load balancer's attribute, back to its default": (
        having(article_spec(), LB, {CROSS_ZONE: "true"}),
        having(article_spec(), LB, {CROSS_ZONE: "false"}),
        lambda sut: attribute_of(sut, CROSS_ZONE),
        "false",
    ),
    IDLE_BACK: (
        having(article_spec(), LISTENER, {IDLE: "600"}),
        having(article_spec(), LISTENER, {IDLE: "350"}),
        lambda sut: attribute_of(sut, IDLE),
        "350",
    ),
    "target group's attribute, back to its default": (
        having(article_spec(), TG, {**DELAY, PROXY: "true"}),
        having(article_spec(), TG, {**DELAY, PROXY: "false"}),
        lambda sut: attribute_of(sut, PROXY),
        "false",
    ),
}


def writes(sut, start):
    return [call.operation for call in list(sut.aws.calls)[start:] if not call.is_read]


@pytest.mark.parametrize("what", CORRECTED)
def test_what_an_update_can_correct_is_corrected_at_once_and_once(sut, what):
    before, after, read, expected = CORRECTED[what]
    sut.spec = before
    woken = sut.wake()
    assert read(sut) != expected

    sut.spec = after
    start = len(sut.aws.calls)
    changed = sut.wake(progress=woken.progress)
    assert (changed.result, changed.cause) == (Result.CONVERGED, "")
    assert read(sut) == expected
    (made,) = writes(sut, start)
    assert made.startswith(("Modify", "Update"))

    sut.aws.clock.advance(600)
    start = len(sut.aws.calls)
    assert sut.wake(progress=changed.progress).result is Result.CONVERGED
    requested = sut.calls_since(start)
    assert writes(sut, start) == []
    assert not [each for each in requested if "Certificate" in each or "SecurityGroups" in each]


@pytest.mark.parametrize("what", CORRECTED)
def test_what_is_taken_back_is_corrected_as_well(sut, what):
    """The files of before were seen to hold once, and do not hold any more."""
    before, after, read, changed = CORRECTED[what]
    sut.spec = before
    woken = sut.wake()
    first = read(sut)
    sut.spec = after
    passed = sut.wake(progress=woken.progress)
    assert read(sut) == changed

    sut.aws.clock.advance(300)
    sut.spec = before
    assert sut.wake(progress=passed.progress).result is Result.CONVERGED
    assert read(sut) == first


def test_a_change_whose_answer_was_lost_is_taken_back_as_well(sut):
    """Nobody knows that it had an effect, so nobody remembers that the files before it hold."""
    before, after, read, _ = CORRECTED["managed tags"]
    sut.spec = before
    woken = sut.wake()
    sut.spec = after
    lost = Fault(operation="UpdateService", code="ServerException", status=500, when="after")
    sut.aws.faults.add(lost)
    passed = sut.wake(progress=woken.progress, still_wanted=once())
    assert passed.result is Result.INTERRUPTED
    assert read(sut) is True

    sut.spec = before
    sut.aws.clock.advance(60)
    assert sut.wake(progress=passed.progress).result is Result.CONVERGED
    assert read(sut) is False


def once():
    """For one round."""
    rounds = iter([True])
    return lambda: next(rounds, False)


@pytest.mark.parametrize("what", ["certificate", "task definition", IDLE_BACK])
def test_a_memory_that_is_lost_corrects_it_too_and_touches_nothing_that_is_right(sut, what):
    before, after, read, expected = CORRECTED[what]
    sut.spec = before
    sut.wake()
    start = len(sut.aws.calls)
    kept = sut.wake(progress=Progress())
    assert kept.result is Result.CONVERGED
    assert writes(sut, start) == []

    sut.spec = after
    assert sut.wake(progress=Progress()).result is Result.CONVERGED
    assert read(sut) == expected


@pytest.mark.parametrize("what", ["certificate", "security group by its name"])
def test_what_aws_does_not_show_yet_is_compared_once_it_does(what):
    """Files that change a few seconds after the create, while reads lag behind it."""
    before, after, read, expected = CORRECTED[what]
    sut = furnished(replace(FAST, describe_lag=15))
    sut.spec = before
    woken = sut.wake(still_wanted=lambda: "CreateService" not in sut.calls_since(0))
    assert woken.result is Result.INTERRUPTED

    sut.spec = after
    assert sut.wake(progress=woken.progress).result is Result.CONVERGED
    assert read(sut) == expected


def test_a_newer_revision_of_the_same_task_definition_is_the_next_wakes(sut):
    woken = sut.wake()
    container = {"name": "nsfw-api-container", "image": "public.ecr.aws/nsfw-api/nsfw-api:3"}
    sut.aws.furnish(
        task_definitions=[
            {
                "family": "nsfw-api-container",
                "container_definitions": [{**container, "portMappings": TCP_PORT}],
            }
        ]
    )
    sut.spec = having(article_spec(), SERVICE, healthCheckGracePeriodSeconds=90)
    sut.wake(progress=woken.progress)
    assert listed(sut)[1]["healthCheckGracePeriodSeconds"] == 90
    assert family_of(sut) == "nsfw-api-container:1"


def test_a_look_up_that_finds_nothing_is_reported_and_tried_again(sut):
    woken = sut.wake()
    sut.spec = in_group("late")
    reported = sut.wake(progress=woken.progress)
    assert reported.result is Result.CONVERGED
    assert '"late"' in reported.cause

    sut.aws.furnish(security_groups=[{"name": "late", "vpc": VPC}])
    assert sut.wake(progress=reported.progress).cause == ""
    assert groups_of(sut) == ["late"]


def test_another_range_is_set_though_scheduled_actions_move_it(sut):
    """They move it within what the files say: only other files set it anew."""
    scaling = sut.session.client("application-autoscaling")
    sut.spec = scaled_spec()
    woken = sut.wake()
    (standing,) = scaling.describe_scalable_targets(ServiceNamespace="ecs")["ScalableTargets"]
    known = {key: standing[key] for key in ("ServiceNamespace", "ResourceId", "ScalableDimension")}
    scaling.register_scalable_target(**known, MinCapacity=1, MaxCapacity=1)
    kept = sut.wake(progress=woken.progress)
    (found,) = scaling.describe_scalable_targets(ServiceNamespace="ecs")["ScalableTargets"]
    assert found["MaxCapacity"] == 1

    wider = scaling_target(request={"MaxCapacity": 6})
    resources = [wider if r.address == SCALING_TARGET else r for r in scaled_spec().resources]
    sut.spec = scaled_spec(resources=tuple(resources))
    assert sut.wake(progress=kept.progress).result is Result.CONVERGED
    (found,) = scaling.describe_scalable_targets(ServiceNamespace="ecs")["ScalableTargets"]
    assert found["MaxCapacity"] == 6


@pytest.mark.parametrize("seconds", [None, 20])
def test_a_protocol_that_needs_another_target_group_fails_no_wake(sut, seconds):
    """AWS refuses it beside the group that stands; `seconds` into the wake, or after it."""
    tcp, udp = (
        article_spec(),
        having(having(article_spec(), TG, Protocol="UDP"), LISTENER, Protocol="UDP"),
    )
    ends = None if seconds is None else sut.aws.clock.now().timestamp() + seconds
    woken = sut.wake(still_wanted=lambda: not ends or sut.aws.clock.now().timestamp() < ends)
    assert (woken.result is Result.CONVERGED) is (seconds is None)

    sut.spec = udp
    start = len(sut.aws.calls)
    reported = sut.wake(progress=woken.progress)
    assert reported.result is Result.CONVERGED
    assert "differs from the Terraform files in Protocol" in reported.cause
    assert "ModifyListener" not in sut.calls_since(start)
    sut.spec = tcp
    assert sut.wake(progress=reported.progress).cause == ""

    sut.spec = udp
    assert sut.sleep(progress=reported.progress).result is Result.CONVERGED
    assert sut.wake().cause == ""
    assert listed(sut)[0]["Protocol"] == "UDP"


def udp(spec, **listener):
    return having(having(spec, TG, Protocol="UDP"), LISTENER, Protocol="UDP", **listener)


def test_another_port_and_protocol_leave_the_old_port_open_until_the_next_wake(sut):
    """AWS refuses the new listener beside the group that stands; people come by the old one."""
    woken = sut.wake()
    sut.spec = udp(article_spec(), Port=5001)
    told = sut.wake(progress=woken.progress)
    assert told.result is Result.CONVERGED
    assert 'listener "port 5001"' in told.cause
    assert (listed(sut)[0]["Port"], listed(sut)[0]["Protocol"]) == (5000, "TCP")
    assert not {"CreateListener", "DeleteListener"} & set(sut.calls_since(told_at(sut)))

    assert sut.sleep(progress=told.progress).result is Result.CONVERGED
    assert sut.wake().cause == ""
    assert (listed(sut)[0]["Port"], listed(sut)[0]["Protocol"]) == (5001, "UDP")


def told_at(sut):
    """The number of the first call after the service was created."""
    return [call.operation for call in sut.aws.calls].index("CreateService") + 1


def test_the_port_of_before_stays_open_until_the_new_one_is(sut):
    woken = sut.wake()
    sut.spec = having(article_spec(), LISTENER, Port=5001)
    refused = Fault(operation="CreateListener", code="TooManyListeners", status=400, times=99)
    sut.aws.faults.add(refused)
    kept = sut.wake(progress=woken.progress, minutes=2)
    assert "port 5001" in kept.cause
    assert listed(sut)[0]["Port"] == 5000

    sut.aws.faults.clear()
    assert sut.wake(progress=kept.progress).result is Result.CONVERGED
    assert listed(sut)[0]["Port"] == 5001


@pytest.mark.parametrize("until", ["CreateTargetGroup", "CreateLoadBalancer"])
def test_another_protocol_in_the_first_seconds_of_a_wake_takes_another_target_group(sut, until):
    """No listener uses the group yet, so it is created again at once."""
    begun = sut.wake(still_wanted=lambda: until not in sut.calls_since(0))
    assert begun.result is Result.INTERRUPTED
    elbv2 = sut.session.client("elbv2")
    for each in elbv2.describe_load_balancers()["LoadBalancers"]:
        arn = each["LoadBalancerArn"]
        for made in elbv2.describe_listeners(LoadBalancerArn=arn)["Listeners"]:
            elbv2.delete_listener(ListenerArn=made["ListenerArn"])
    sut.spec = udp(article_spec())
    assert sut.wake(progress=begun.progress).result is Result.CONVERGED
    assert (listed(sut)[0]["Protocol"], listed(sut)[2]["Protocol"]) == ("UDP", "UDP")


@pytest.mark.parametrize("pace", [FAST, replace(TYPICAL, drains_alone=True)])
def test_a_wake_in_the_middle_of_a_sleep_takes_another_protocol(pace):
    """The service at rest gives way, too: its target group can only go after it."""
    sut = furnished(pace)
    woken = sut.wake()
    begun = sut.sleep(
        progress=woken.progress,
        still_wanted=lambda: "DeleteLoadBalancer" not in sut.calls_since(0),
    )
    assert begun.result is Result.INTERRUPTED
    sut.spec = udp(article_spec())
    assert sut.wake(progress=begun.progress).result is Result.CONVERGED
    assert (listed(sut)[0]["Protocol"], listed(sut)[2]["Protocol"]) == ("UDP", "UDP")


def test_a_balancer_of_another_name_takes_another_protocol_along(sut):
    """Nobody can come by the old listener any more, so nobody waits for the next wake."""
    woken = sut.wake()
    sut.spec = udp(article_spec())
    told = sut.wake(progress=woken.progress)
    elbv2 = sut.session.client("elbv2")
    elbv2.delete_load_balancer(LoadBalancerArn=listed(sut)[3]["LoadBalancerArn"])
    sut.aws.clock.advance(120)
    sut.spec = having(sut.spec, LB, Name="another")
    assert sut.wake(progress=told.progress).result is Result.CONVERGED
    assert (listed(sut)[0]["Protocol"], listed(sut)[2]["Protocol"]) == ("UDP", "UDP")


def test_another_range_that_comes_in_the_middle_of_a_sleep_is_set_by_the_wake(sut):
    """The service is taken up again, and its autoscaling with it."""
    sut.spec = scaled_spec()
    begun = sut.sleep(
        progress=sut.wake().progress,
        still_wanted=lambda: "DeleteLoadBalancer" not in sut.calls_since(0),
    )
    wider = scaling_target(request={"MaxCapacity": 6})
    resources = [wider if r.address == SCALING_TARGET else r for r in scaled_spec().resources]
    sut.spec = scaled_spec(resources=tuple(resources))
    assert sut.wake(progress=for_new_wake(begun.progress)).result is Result.CONVERGED
    scaling = sut.session.client("application-autoscaling")
    (found,) = scaling.describe_scalable_targets(ServiceNamespace="ecs")["ScalableTargets"]
    assert "DeleteService" not in sut.calls_since(0)
    assert found["MaxCapacity"] == 6
