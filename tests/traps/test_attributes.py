"""Attributes: which are sent, in which words, and what a region lacks."""

import pytest

from controller.reconcile.outcome import Result
from traps.stack_directory import LB, TG, L, compiled, spec_of, stack_dir, sut_for

IDLE = "tcp.idle_timeout.seconds"
TLS = {"certificate_arn": '"arn:aws:acm:eu-central-1:123456789012:certificate/0a"'}


def speaking(protocol, **listener):
    groups = {"TLS": "TCP"}
    return {
        "listener": {"protocol": f'"{protocol}"', **(TLS if protocol == "TLS" else {}), **listener},
        "group": {"protocol": f'"{groups.get(protocol, protocol)}"'},
    }


def one_awake(directory):
    sut = sut_for(spec_of(directory))
    outcome = sut.wake()
    assert outcome.result is Result.CONVERGED, outcome.cause
    return sut


def attributes_of(sut, kind):
    elbv2 = sut.session.client("elbv2")
    (balancer,) = elbv2.describe_load_balancers()["LoadBalancers"]
    arn = balancer["LoadBalancerArn"]
    if kind == "listener":
        (listener,) = elbv2.describe_listeners(LoadBalancerArn=arn)["Listeners"]
        found = elbv2.describe_listener_attributes(ListenerArn=listener["ListenerArn"])
    else:
        found = elbv2.describe_load_balancer_attributes(LoadBalancerArn=arn)
    return {each["Key"]: each["Value"] for each in found["Attributes"]}


@pytest.mark.parametrize(
    ("protocol", "words"), [("UDP", "120"), ("TLS", "350"), ("TCP_UDP", "350")]
)
def test_an_idle_timeout_is_dropped_where_the_provider_drops_it(tmp_path, protocol, words):
    directory = stack_dir(tmp_path, **speaking(protocol, tcp_idle_timeout_seconds="900"))
    (problem,) = compiled(directory).problems
    assert (problem.rule, str(problem.level), problem.address) == ("dropped", "warning", L)
    assert words in problem.message
    assert IDLE not in spec_of(directory)[L].attributes
    one_awake(directory)


def test_an_idle_timeout_of_a_tcp_listener_is_set(tmp_path):
    directory = stack_dir(tmp_path, **speaking("TCP", tcp_idle_timeout_seconds="900"))
    assert compiled(directory).problems == ()
    assert attributes_of(one_awake(directory), "listener") == {IDLE: "900"}


@pytest.mark.parametrize("protocol", ["UDP", "TLS"])
def test_the_simulated_aws_refuses_it_as_aws_does(tmp_path, protocol):
    sut = one_awake(stack_dir(tmp_path, **speaking(protocol)))
    elbv2 = sut.session.client("elbv2")
    (balancer,) = elbv2.describe_load_balancers()["LoadBalancers"]
    (listener,) = elbv2.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]
    with pytest.raises(elbv2.exceptions.ClientError, match="is not recognized"):
        elbv2.modify_listener_attributes(
            ListenerArn=listener["ListenerArn"], Attributes=[{"Key": IDLE, "Value": "900"}]
        )


@pytest.mark.parametrize("word", ["1", "t", "T", "TRUE", "true", "True"])
def test_every_word_for_true(tmp_path, word):
    spec = spec_of(stack_dir(tmp_path, group={"preserve_client_ip": f'"{word}"'}))
    assert spec[TG].attributes["preserve_client_ip.enabled"] == "true"


@pytest.mark.parametrize("word", ["0", "f", "F", "FALSE", "false", "False"])
def test_every_word_for_false(tmp_path, word):
    spec = spec_of(stack_dir(tmp_path, group={"preserve_client_ip": f'"{word}"'}))
    assert spec[TG].attributes["preserve_client_ip.enabled"] == "false"


def test_a_word_that_is_read_differently_is_reported_once_and_wakes(tmp_path):
    directory = stack_dir(tmp_path, group={"preserve_client_ip": "1"})
    (problem,) = compiled(directory).problems
    assert (problem.rule, str(problem.level)) == ("spelling", "warning")
    assert "write true" in problem.message
    one_awake(directory)


@pytest.mark.parametrize("value", ["true", '"true"', "null", '""'])
def test_what_is_written_plainly_is_not_reported(tmp_path, value):
    assert compiled(stack_dir(tmp_path, group={"preserve_client_ip": value})).problems == ()


@pytest.mark.parametrize(
    ("value", "read"), [('"+15"', "15"), ('"015"', "15"), ("15.0", "15"), ('"-0"', "0"), ("0", "0")]
)
def test_every_spelling_of_a_delay(tmp_path, value, read):
    spec = spec_of(stack_dir(tmp_path, group={"deregistration_delay": value}))
    assert spec[TG].attributes["deregistration_delay.timeout_seconds"] == read


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"preserve_client_ip": '"yes"'}, "expected true or false"),
        ({"deregistration_delay": '"15s"'}, "expected whole seconds"),
        ({"deregistration_delay": '"1_5"'}, "expected whole seconds"),
        ({"deregistration_delay": '"3601"'}, "0 to 3600"),
        ({"deregistration_delay": "-1"}, "0 to 3600"),
    ],
)
def test_words_that_nobody_reads_are_refused_once(tmp_path, changes, words):
    result = compiled(stack_dir(tmp_path, group=changes))
    assert [p.rule for p in result.problems] == ["value"], [str(p) for p in result.problems]
    assert words in result.problems[0].message


@pytest.mark.parametrize(
    "keys",
    [
        {"zonal_shift.config.enabled"},
        {"zonal_shift.config.enabled", "dns_record.client_routing_policy"},
    ],
)
def test_an_attribute_that_the_region_lacks_is_left_out(tmp_path, keys):
    """As the provider does in GovCloud and China."""
    directory = stack_dir(tmp_path, balancer={"enable_cross_zone_load_balancing": "true"})
    sut = sut_for(spec_of(directory))
    sut.aws.conditions.unknown_attributes |= keys
    outcome = sut.wake()
    assert outcome.result is Result.CONVERGED, outcome.cause
    assert attributes_of(sut, "balancer")["load_balancing.cross_zone.enabled"] == "true"

    start = len(sut.aws.calls)
    for progress in (outcome.progress, None):
        assert sut.wake(progress=progress).result is Result.CONVERGED
    assert not [c for c in sut.calls_since(start) if c.startswith("Modify")]


def test_another_refusal_of_an_attribute_still_fails_the_wake(tmp_path):
    sut = sut_for(
        spec_of(stack_dir(tmp_path, balancer={"enable_cross_zone_load_balancing": "true"}))
    )
    resource = sut.spec[LB]
    resource.attributes["load_balancing.cross_zone.enabled"] = "perhaps"
    outcome = sut.wake(minutes=2)
    assert outcome.result is Result.FAILED
    assert "must be 'true' or 'false'" in outcome.cause


def test_a_group_for_an_application_load_balancer_has_no_attributes(tmp_path):
    """The provider sets them for instances and addresses alone."""
    changes = {"target_type": '"alb"', "deregistration_delay": "30"}
    alone = {"load_balancer": None, "health_check_grace_period_seconds": None}
    directory = stack_dir(tmp_path, group=changes, service=alone)
    assert [(p.rule, p.address) for p in compiled(directory).problems] == [("dropped", TG)]
    assert spec_of(directory)[TG].attributes == {}
