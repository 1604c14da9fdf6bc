"""
The error tree. Each message is one line: what failed, which thing, found and expected, way out.

    DormouseError
      SpecError          the compiled spec cannot be used
      PermanentError     a person must act; repeating does not help
        ForeignError     the name or address is someone else's
      RetryError         repeat later; nothing is wrong with the input
"""

from __future__ import annotations


class DormouseError(Exception):
    """Anything that Dormouse says of its own accord; its text is for the user."""


class SpecError(DormouseError):
    pass


class PermanentError(DormouseError):
    """Repeating the call gives the same answer until a person changes something."""


class ForeignError(PermanentError):
    """A resource that does not carry our owner tag stands where ours should."""


class RetryError(DormouseError):
    """The call may be repeated as it is after `after_seconds`."""

    def __init__(self, message: str, *, after_seconds: float) -> None:
        super().__init__(message)
        self.after_seconds = after_seconds
