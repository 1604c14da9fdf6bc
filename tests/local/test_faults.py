"""AWS behaviour §5.1 and §9.1: rules that make calls fail."""

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError
from simulated_stack import EIP, SUBNET, refused

from local.faults import FOREVER, Fault, throttled


def test_a_fault_before_has_no_effect_and_strikes_once(stack):
    stack.aws.faults.add(Fault(operation="CreateLoadBalancer", code="ServiceUnavailable"))
    with refused("ServiceUnavailable"):
        stack.create_balancer()
    assert "AssociationId" not in stack.address()
    assert stack.create_balancer()


def test_a_fault_after_loses_only_the_answer(stack):
    """F54: to repeat the call gives the same object."""
    stack.aws.faults.add(Fault(operation="CreateLoadBalancer", when="after"))
    with refused("InternalFailure"):
        stack.create_balancer()
    held = stack.address()["AssociationId"]
    stack.create_balancer()
    assert stack.address()["AssociationId"] == held


def test_the_nth_call_is_hit(stack):
    stack.aws.faults.add(Fault(operation="DescribeAddresses", code="X", nth=3))
    codes = []
    for _ in range(4):
        try:
            stack.address()
            codes.append("")
        except ClientError as error:
            codes.append(error.response["Error"]["Code"])
    assert codes == ["", "", "X", ""]


def test_times_and_for_ever(stack):
    stack.aws.faults.add(Fault(operation="DescribeAddresses", code="X", times=2))
    for _ in range(2):
        with refused("X"):
            stack.address()
    assert stack.address()
    endless = stack.aws.faults.add(Fault(operation="Describe*", code="Y", times=FOREVER))
    for _ in range(5):
        with refused("Y"):
            stack.address()
    stack.aws.faults.remove(endless)
    assert stack.address()


def test_a_predicate_chooses_by_parameters(stack):
    stack.aws.faults.add(
        Fault(
            operation="CreateLoadBalancer",
            code="ResourceInUse",
            message="The allocation IDs are not available for use",
            status=400,
            predicate=lambda params: "AllocationId" in params["SubnetMappings"][0],
            times=2,
        )
    )
    stack.create_balancer(Name="plain", SubnetMappings=[{"SubnetId": SUBNET}])
    for _ in range(2):
        with refused("ResourceInUse", "The allocation IDs are not available for use"):
            stack.create_balancer()
    assert stack.create_balancer()


def test_chances_are_drawn_from_the_seed(stack_of):
    def pattern(seed):
        stack = stack_of("typical", seed=seed)
        stack.aws.faults.add(Fault(operation="DescribeAddresses", code="X", probability=0.5))
        found = []
        for _ in range(40):
            try:
                found.append(bool(stack.address()))
            except ClientError:
                found.append(False)
        return found

    assert pattern("a") == pattern("a")
    assert pattern("a") != pattern("b")
    assert 5 < sum(pattern("a")) < 35


@pytest.mark.parametrize(
    ("service", "code", "status"),
    [
        ("elbv2", "Throttling", 400),
        ("ecs", "ThrottlingException", 400),
        ("ec2", "RequestLimitExceeded", 503),
    ],
)
def test_each_service_says_too_fast_in_its_own_way(stack, service, code, status):
    """F51-F53."""
    stack.aws.faults.add(throttled(service, "*"))
    calls = {
        "elbv2": stack.create_balancer,
        "ecs": stack.create_service,
        "ec2": stack.address,
    }
    with pytest.raises(ClientError) as caught:
        calls[service]()
    assert caught.value.response["Error"]["Code"] == code
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == status
    assert calls[service]()


def test_a_dropped_connection_is_no_answer_at_all(stack):
    stack.aws.faults.add(Fault(operation="DescribeAddresses", dropped=True))
    with pytest.raises(ReadTimeoutError):
        stack.address()
    assert stack.address()


def test_a_fault_may_be_for_one_service_only(stack):
    stack.aws.faults.add(Fault(operation="DescribeTags", service="ec2", code="X"))
    arn = stack.create_group()
    stack.pass_time(2)
    assert stack.elbv2.describe_tags(ResourceArns=[arn])
    with refused("X"):
        stack.ec2.describe_tags()


def test_calls_to_services_that_moto_answers_fail_too(stack):
    table = stack.aws.session().client("dynamodb")
    request = {
        "TableName": "t",
        "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
        "BillingMode": "PAY_PER_REQUEST",
    }
    stack.aws.faults.add(throttled("dynamodb", "CreateTable"))
    with refused("ProvisionedThroughputExceededException"):
        table.create_table(**request)
    assert table.list_tables()["TableNames"] == []
    stack.aws.faults.add(Fault(operation="CreateTable", when="after", code="InternalServerError"))
    with refused("InternalServerError"):
        table.create_table(**request)
    assert table.list_tables()["TableNames"] == ["t"]


def test_modelled_exceptions_keep_their_class(stack):
    stack.aws.faults.add(
        Fault(operation="DescribeLoadBalancers", code="LoadBalancerNotFound", status=400)
    )
    with pytest.raises(stack.elbv2.exceptions.LoadBalancerNotFoundException):
        stack.elbv2.describe_load_balancers()


def test_refused_calls_are_recorded_with_their_code(stack):
    stack.aws.faults.add(throttled("elbv2", "CreateLoadBalancer"))
    with refused("Throttling"):
        stack.create_balancer()
    with refused("InvalidAllocationID.NotFound"):
        stack.ec2.describe_addresses(AllocationIds=["eipalloc-0missing"])
    stack.create_balancer()
    codes = [(call.operation, call.error_code) for call in stack.aws.calls[-3:]]
    assert codes == [
        ("CreateLoadBalancer", "Throttling"),
        ("DescribeAddresses", "InvalidAllocationID.NotFound"),
        ("CreateLoadBalancer", None),
    ]
    assert stack.aws.calls[-1].params["SubnetMappings"][0]["AllocationId"] == EIP
