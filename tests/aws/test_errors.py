"""AWS's refusals in the domain's words (AWS behaviour §12.1)."""

import pytest
from botocore.exceptions import (
    ClientError,
    EndpointConnectionError,
    LoginRefreshRequired,
    NoCredentialsError,
    NoRegionError,
    ProfileNotFound,
    ReadTimeoutError,
    UnauthorizedSSOTokenError,
)

from controller.aws.errors import translate
from controller.domain.errors import (
    DeniedError,
    EndPassError,
    ForeignError,
    PermanentError,
    RetryError,
    SoonError,
    WaitError,
)


def refusal(code: str, message: str = "", status: int = 400) -> ClientError:
    reply = {
        "Error": {"Code": code, "Message": message},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    return ClientError(reply, "Any")


@pytest.mark.parametrize(
    ("code", "message", "expected"),
    [
        ("Throttling", "Rate exceeded", RetryError),
        ("ThrottlingException", "Rate exceeded", RetryError),
        ("RequestLimitExceeded", "Request limit exceeded.", RetryError),
        ("ServerException", "", RetryError),
        ("HealthUnavailable", "", RetryError),
        ("ResourceInUse", "The allocation IDs are not available for use", WaitError),
        (
            "ResourceInUse",
            "Target group 'x' is currently in use by a listener or a rule",
            WaitError,
        ),
        (
            "ResourceInUse",
            "Load balancer 'x' cannot be deleted because it is currently associated with "
            "another service",
            PermanentError,
        ),
        ("TargetGroupAssociationLimit", "", WaitError),
        (
            "InvalidParameterException",
            "The target group with targetGroupArn x does not have an associated load balancer.",
            WaitError,
        ),
        (
            "InvalidParameterException",
            "Unable to Start a service that is still Draining.",
            WaitError,
        ),
        ("InvalidParameterException", "Creation of service was not idempotent.", ForeignError),
        (
            "InvalidParameterException",
            "Unable to assume the service linked role. Please verify that the ECS service linked "
            "role exists.",
            SoonError,
        ),
        ("InvalidParameterException", "TaskDefinition is inactive", PermanentError),
        ("ServiceNotActiveException", "Service was not ACTIVE.", WaitError),
        ("ClusterNotFoundException", "Cluster not found.", PermanentError),
        (
            "DuplicateLoadBalancerName",
            "A load balancer with the same name 'x' exists, but with different settings",
            ForeignError,
        ),
        ("OperationNotPermitted", "deletion protection is enabled", PermanentError),
        ("AccessDenied", "not authorized", DeniedError),
        ("UnauthorizedOperation", "", DeniedError),
        ("AllocationIdNotFound", "", PermanentError),
        ("InvalidSubnet", "Not enough IP space available", PermanentError),
        ("TooManyLoadBalancers", "", PermanentError),
        ("PlatformUnknownException", "The specified platform does not exist.", PermanentError),
        ("ExpiredTokenException", "", EndPassError),
    ],
)
def test_a_refusal_becomes_what_it_means_for_the_pass(code, message, expected):
    meant = translate(refusal(code, message), 'create load balancer "ecs-nlb"')

    assert type(meant) is expected
    assert "\n" not in str(meant)


def test_any_answer_of_a_broken_server_is_retried():
    assert type(translate(refusal("Weird", status=503), "x")) is RetryError


@pytest.mark.parametrize(
    "error",
    [
        EndpointConnectionError(endpoint_url="http://127.0.0.1:1"),
        ReadTimeoutError(endpoint_url="http://127.0.0.1:1"),
    ],
)
def test_a_broken_connection_is_retried(error):
    """The call may have had its effect (F54); the next look tells."""
    assert type(translate(error, "x")) is RetryError


def test_missing_credentials_need_a_person():
    meant = translate(NoCredentialsError(), "read")
    assert type(meant) is PermanentError
    assert "AWS_PROFILE" in str(meant)


def test_a_missing_region_reads_as_one_sentence():
    assert str(translate(NoRegionError(), "read")) == (
        "cannot read: You must specify a region; set AWS_REGION (export AWS_REGION=us-east-1), or "
        "AWS_PROFILE to one that has a region"
    )


def test_a_profile_that_is_not_there_is_looked_up_by_the_next_command():
    said = str(translate(ProfileNotFound(profile="nope"), "read"))
    assert "set AWS_PROFILE to one of those that aws configure list-profiles names" in said


def test_without_a_network_it_names_the_log():
    meant = translate(EndpointConnectionError(endpoint_url="https://x"), "read")
    assert type(meant) is RetryError
    assert str(meant).endswith("check the network (VPN, HTTPS_PROXY, AWS_ENDPOINT_URL)")


@pytest.mark.parametrize("error", [UnauthorizedSSOTokenError(), LoginRefreshRequired()])
def test_a_login_that_is_over_is_an_expired_token(error):
    """It ends the command, takes nothing down, and names the command to give."""
    meant = translate(error, "read")
    assert type(meant) is EndPassError
    assert "aws sso login" in str(meant)


def test_what_was_refused_and_the_remedy_are_in_one_line():
    meant = translate(
        refusal("ClusterNotFoundException", "Cluster not found."), 'create service "a"'
    )
    assert str(meant) == (
        'cannot create service "a": ClusterNotFoundException: Cluster not found.; '
        "run terraform apply, or correct the cluster's name"
    )


def test_a_mistake_of_ours_is_not_dressed_up_as_a_refusal():
    with pytest.raises(KeyError):
        translate(KeyError("x"), "read")


NO_THROTTLE = {"LimitExceededException"}
"""By which ECS means a quota."""


def test_what_the_sdk_takes_for_throttling_is_throttling():
    """An update of botocore that knows more shows here."""
    from botocore.retries.standard import ThrottledRetryableChecker, TransientRetryableChecker

    from controller.aws.errors import THROTTLED

    assert set(ThrottledRetryableChecker._THROTTLED_ERROR_CODES) - NO_THROTTLE == THROTTLED
    known = {*THROTTLED, *TransientRetryableChecker._TRANSIENT_ERROR_CODES}
    for code in known:
        assert type(translate(refusal(code), "create x")) is RetryError
    assert isinstance(translate(refusal("LimitExceededException"), "create x"), PermanentError)


def test_a_status_says_that_it_is_throttled_where_the_code_does_not():
    assert type(translate(refusal("Unknown", status=429), "create x")) is RetryError


ENCODED = (
    "You are not authorized to perform this operation. Encoded authorization failure message: "
)


def test_a_denial_that_only_aws_can_decode_names_the_call_and_keeps_its_remedy():
    """Up to a thousand characters of it cut off what came after them."""
    denied = translate(refusal("UnauthorizedOperation", ENCODED + "a9Zk_-" * 400), "read it")
    assert type(denied) is DeniedError
    assert str(denied) == (
        "cannot read it: UnauthorizedOperation: You are not authorized to perform this operation; "
        "the role lacks this right (Any)"
    )


@pytest.mark.parametrize("where", ["a service control policy", "an identity-based policy"])
def test_an_explicit_deny_is_not_reported_as_a_right_to_grant(where):
    text = (
        f"X is not authorized to perform: elasticloadbalancing:Y with an explicit deny in {where}"
    )
    said = str(translate(refusal("AccessDenied", text), "create it"))
    assert "the role lacks this right" not in said
    assert said.endswith("which no grant outweighs: change that policy")
    lacking = "X is not authorized to perform: ecs:Y because no identity-based policy allows it"
    assert str(translate(refusal("AccessDenied", lacking), "do it")).endswith("lacks this right")
