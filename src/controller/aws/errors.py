"""
AWS's refusals in the domain's words: wait, repeat, or ask a person (AWS behaviour §12.1).

Codes are matched exactly. Texts are matched only within the families where one code means
several things (`InvalidParameterException`, `ResourceInUse`), by the substrings of §2.2 and §3.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    CredentialRetrievalError,
    EndpointConnectionError,
    LoginError,
    NoCredentialsError,
    NoRegionError,
    ParamValidationError,
    PartialCredentialsError,
    ProfileNotFound,
    ProxyConnectionError,
    SSOError,
    TokenRetrievalError,
)

from controller.domain.errors import (
    DeniedError,
    DormouseError,
    EndPassError,
    ForeignError,
    PermanentError,
    RetryError,
    SoonError,
    WaitError,
)

GONE = frozenset(
    {
        "ServiceNotFoundException",
        "LoadBalancerNotFound",
        "ListenerNotFound",
        "TargetGroupNotFound",
        "ObjectNotFoundException",  # Application Auto Scaling: target, policy, scheduled action
    }
)
NO_INTERFACE = "InvalidNetworkInterfaceID.NotFound"
"""A load balancer's interface can go between two reads, one of which has just named it."""

THROTTLED = frozenset(
    {
        "BandwidthLimitExceeded",
        "EC2ThrottledException",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionInProgressException",
    }
)
"""
What botocore's standard retries take for throttling (`botocore.retries.standard`). Without its
LimitExceededException, by which ECS means a quota, which does not pass by itself.
"""

DENIED = frozenset(
    {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthFailure"}
)
EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired"})
SERVER_SIDE = frozenset(
    {
        "ServerException",
        "InternalFailure",
        "InternalError",
        "InternalServiceException",
        "ConcurrentUpdateException",
        "RequestTimeout",
        "RequestTimeoutException",
        "ServiceUnavailable",
        "HealthUnavailable",
    }
)
_ENCODED = "Encoded authorization failure message"
"""Before the part of a denial that its reader needs another right to decode (AWS behaviour §6)."""

TOO_MANY = 429
"""The status of a throttled request whose code says something else, or nothing."""

DUPLICATE = frozenset(
    {"DuplicateLoadBalancerName", "DuplicateTargetGroupName", "DuplicateListener"}
)

_HINTS = {
    "AllocationIdNotFound": "the Elastic IP is gone or in another region; allocate one and name it "
    "in the Terraform files",
    "InvalidAllocationID.NotFound": "the Elastic IP is gone or in another region; allocate one and "
    "name it in the Terraform files",
    "ClusterNotFoundException": "run terraform apply, or correct the cluster's name",
    "PlatformUnknownException": 'set platform_version to "1.4.0" or "LATEST"',
    "PlatformTaskDefinitionIncompatibilityException": "the platform version lacks what the task "
    "definition asks for",
    "TooManyLoadBalancers": "raise the quota of network load balancers, or delete unused ones",
    "TooManyTargetGroups": "raise the quota of target groups, or delete unused ones",
    "TooManyListeners": "raise the quota of listeners of a network load balancer, or make fewer",
    "TooManyTargets": "raise the quota of targets of a network load balancer, or start fewer tasks",
    "OperationNotPermitted": "",
}

# (code, substring, what it means); the first that fits. Seconds are those of §2.2, §3.3, F21, F25.
_BY_TEXT: tuple[tuple[str, str, Callable[[str], DormouseError]], ...] = (
    (
        "ResourceInUse",
        "allocation IDs are not available",
        lambda _: WaitError("Elastic IP is not free yet", after_seconds=5),
    ),
    ("ResourceInUse", "in use by a listener", lambda text: WaitError(text, after_seconds=3)),
    ("TargetGroupAssociationLimit", "", lambda text: WaitError(text, after_seconds=5)),
    (
        "InvalidParameterException",
        "does not have an associated load balancer",
        lambda text: WaitError(text, after_seconds=3),
    ),
    (
        "InvalidParameterException",
        "still Draining",
        lambda _: WaitError("the old service is draining", after_seconds=5),
    ),
    (
        "InvalidParameterException",
        "service linked role",
        lambda text: SoonError(text, after_seconds=5),
    ),
    (
        # Deleted by others since the last read: read again, and plan again.
        "InvalidParameterException",
        "does not exist",
        lambda text: _missing(text),
    ),
    (
        "ValidationException",
        "ECS service doesn't exist",
        lambda text: WaitError(text, after_seconds=3),
    ),
    # What the provider repeats for a while, too (internal/service/appautoscaling).
    (
        "ValidationException",
        "Unable to assume IAM role",
        lambda text: SoonError(text, after_seconds=5),
    ),
    ("FailedResourceAccessException", "", lambda text: SoonError(text, after_seconds=5)),
    ("ServiceNotActiveException", "", lambda text: WaitError(text, after_seconds=5)),
)


def _missing(text: str) -> DormouseError:
    """A target group may be gone since the last read; a container or subnet never existed."""
    if "target group" in text.partition("InvalidParameterException:")[2]:
        return RetryError(text, after_seconds=5)
    return PermanentError(text.replace(" yet: ", ": ", 1))


_UNSET = (
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    CredentialRetrievalError,
    ProfileNotFound,
)
_LOG_IN = "log in again (aws sso login, aws login)"
_LOGGED_OUT = (SSOError, LoginError, TokenRetrievalError)
"""A session of `aws sso login` or `aws login` that is over, as they call an expired token."""


def code_of(error: Exception) -> str:
    """AWS's error code, or "" if the error is not an answer of AWS."""
    if isinstance(error, ClientError):
        return str(error.response.get("Error", {}).get("Code", ""))
    return ""


@contextmanager
def gone_is_fine() -> Iterator[None]:
    """Leave the block if AWS does not know the resource (any more); raise any other error."""
    try:
        yield
    except Exception as error:
        if code_of(error) not in GONE:
            raise


def is_foreseen(code: str, text: str, status: int) -> bool:
    """Whether a refusal has a meaning here; a denial and an unknown code only end the pass."""
    known = GONE | {NO_INTERFACE} | THROTTLED | EXPIRED | DUPLICATE | SERVER_SIDE | _HINTS.keys()
    is_known_text = any(code == wanted and part in text for wanted, part, _ in _BY_TEXT)
    return is_known_text or code in known or status >= 500 or status == TOO_MANY


def translate(error: Exception, what: str) -> DormouseError:
    """
    Say what a failed call means for the pass. `what` names it: 'create load balancer "ecs-nlb"'.

    Returns the exception to raise; anything that is not from AWS or its SDK is raised as it is.
    """
    if isinstance(error, DormouseError):
        return error
    if isinstance(error, ClientError):
        return _translate_answer(error, what)
    if isinstance(error, _UNSET):
        said = " ".join(str(error).split()).rstrip(".")
        return PermanentError(f"cannot {what}: {said}; {_next_command(error)}")
    if isinstance(error, _LOGGED_OUT):
        return EndPassError(f"cannot {what}: {str(error).rstrip('.')}; {_LOG_IN}", after_seconds=5)
    if isinstance(error, ParamValidationError):
        return PermanentError(f"cannot {what}: {' '.join(str(error).split())}")
    if isinstance(error, EndpointConnectionError | ConnectTimeoutError | ProxyConnectionError):
        return RetryError(
            f"cannot {what} right now: {str(error).rstrip('.')}; check the network (VPN, "
            "HTTPS_PROXY, AWS_ENDPOINT_URL)",
            after_seconds=5,
        )
    if isinstance(error, BotoCoreError):
        # Time-outs and broken connections: the call may have had its effect (F54).
        return RetryError(f"cannot {what} right now: {error}", after_seconds=5)
    raise error


def _next_command(error: Exception) -> str:
    """What to run before the same command is run again."""
    if isinstance(error, NoRegionError):
        return (
            "set AWS_REGION (export AWS_REGION=us-east-1), or AWS_PROFILE to one that has a region"
        )
    if isinstance(error, ProfileNotFound):
        return "set AWS_PROFILE to one of those that aws configure list-profiles names"
    return "log in (aws configure, aws sso login), or set AWS_PROFILE and AWS_REGION"


def _translate_answer(error: ClientError, what: str) -> DormouseError:
    code, text = code_of(error), _readable(error)
    said = f"{code}: {text}" if text else code
    for wanted, substring, meaning in _BY_TEXT:
        if code == wanted and substring in text:
            return meaning(f"cannot {what} yet: {said}")
    if code in GONE:
        # A delete never gets here. What a create or update needs was deleted since the last read.
        return RetryError(f"cannot {what} right now: {said}", after_seconds=3)
    if code in THROTTLED or _status(error) == TOO_MANY:
        return RetryError(f"cannot {what} right now: {said}", after_seconds=10)
    if code in EXPIRED:
        return EndPassError(f"cannot {what}: {said}; {_LOG_IN}", after_seconds=5)
    if code in DENIED:
        return DeniedError(f"cannot {what}: {said}; {_how_allowed(error, text)}")
    if code in DUPLICATE or "not idempotent" in text:
        return ForeignError(f"cannot {what}: {said}")
    if code in SERVER_SIDE or _status(error) >= 500:
        return RetryError(f"cannot {what} right now: {said}", after_seconds=5)
    hint = _HINTS.get(code, "")
    return PermanentError(f"cannot {what}: {said}" + (f"; {hint}" if hint else ""))


def _readable(error: ClientError) -> str:
    """
    AWS's text, without what only `aws sts decode-authorization-message` can read.

    That is up to some thousand characters, which would cut off what follows it.
    """
    text = str(error.response.get("Error", {}).get("Message", ""))
    readable, encoded, _ = text.partition(_ENCODED)
    return readable.rstrip(" .") if encoded else text


def _how_allowed(error: ClientError, text: str) -> str:
    """A grant does not outweigh an explicit deny (IAM guide, "Policy evaluation logic")."""
    if "explicit deny" in text:
        return "a policy denies it explicitly, which no grant outweighs: change that policy"
    named = "" if "to perform" in text.replace("to perform this", "") else _operation(error)
    return f"the role lacks this right{named}"


def _operation(error: ClientError) -> str:
    return f" ({error.operation_name})" if error.operation_name else ""


def _status(error: ClientError) -> int:
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
