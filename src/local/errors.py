"""What a refused call carries back to the client."""

from __future__ import annotations

from collections.abc import Mapping


class AwsError(Exception):
    """
    One AWS error: `code` as the service names it, `message`, HTTP `status`.

    `members` are further fields of a modelled exception. `dropped` means that the client gets no
    answer at all, as after a broken connection.
    """

    def __init__(
        self,
        code: str,
        message: str,
        status: int = 400,
        *,
        members: Mapping[str, object] | None = None,
        dropped: bool = False,
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
        self.members = dict(members or {})
        self.dropped = dropped


def not_answered(service: str, operation: str) -> AwsError:
    """The laptop does not play this operation; better a clear refusal than a wrong answer."""
    return AwsError(
        "NotImplemented",
        f"the simulated AWS does not answer {service}:{operation}; expected an operation of "
        f"local.aws.OPERATIONS, add it there if Dormouse needs it",
        501,
    )
