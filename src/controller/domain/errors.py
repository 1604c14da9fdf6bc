"""
The error tree. Each message is one line: what failed, which thing, found and expected, remedy.

    DormouseError
      SpecError          the compiled spec cannot be used
        NotPublishedError  no stack of that name is published
      TextError          a duration, period or date cannot be read
      PolicyError        a setting of the stack's policy cannot be used
      InvalidLeaseError  a lease or a hold would have no time zone or no length
      LockLostError      another pass has taken over
      PermanentError     a person must act; repeating does not help
        ForeignError     the name or address belongs to somebody else
        DeniedError      our rights are not sufficient
      RetryError         repeat later; nothing is wrong with the input
        WaitError        a transition needs its time
        SoonError        resolves within a minute or not at all
        EndPassError     the next pass has to do it
"""

from __future__ import annotations


class DormouseError(Exception):
    """The base of all errors that Dormouse raises on purpose; the text is for the user."""


class SpecError(DormouseError):
    pass


class NotPublishedError(SpecError):
    """No spec of that name is in the table."""


class TextError(DormouseError):
    pass


class PolicyError(DormouseError):
    """`key` names the setting ("office_hours[1]", "idle_below.bytes"), `value` what was found."""

    def __init__(self, message: str, *, key: str, value: object) -> None:
        super().__init__(message)
        self.key = key
        self.value = value


class InvalidLeaseError(DormouseError):
    pass


class LockLostError(DormouseError):
    """
    The pass was suspended too long: another one holds the lock, so nothing may be written.

    `fence` is the number of the pass that took over, if it is known.
    """

    def __init__(self, message: str, fence: int | None = None) -> None:
        super().__init__(message)
        self.fence = fence


class PermanentError(DormouseError):
    """Repeating the call gives the same answer until a person changes something."""


class ForeignError(PermanentError):
    """A resource without our owner tag has the place of ours."""


class MessageRefusedError(PermanentError):
    """The channel refused this message, and would refuse it again."""


class RetryError(DormouseError):
    """The call may be repeated as it is after `after_seconds`."""

    def __init__(self, message: str, *, after_seconds: float) -> None:
        super().__init__(message)
        self.after_seconds = after_seconds


class WaitError(RetryError):
    """A transition needs its time (an Elastic IP that is not free yet, a service draining)."""


class SoonError(RetryError):
    """Resolves within a minute, or only by a person."""


class EndPassError(RetryError):
    """Nothing more can be done in this pass (credentials ran out); the next starts afresh."""


class DeniedError(PermanentError):
    """AWS denied the right; just after our own create that may be lag (AWS §6.2)."""
