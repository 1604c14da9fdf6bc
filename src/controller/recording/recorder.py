"""
Records the calls and answers of a boto3 session, masked, one JSON object per line.

    with Recorder(path, clock) as recorder:
        recorder.attach(session)          # before its clients are made
        ...

It sees each call as the caller does: after the SDK's own retries. Nothing is written before it is
masked. A call that cannot be masked is written without parameters and answer, and the call itself
goes on: a recording never fails what it records.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Any, Protocol, TextIO

import botocore

from controller.recording.entry import Entry, RecordingError, head
from controller.recording.masks import Masks
from controller.recording.values import Values
from controller.recording.vocabulary import words_of

BEGUN = "dormouse_recording"


class Clock(Protocol):
    def now(self) -> datetime: ...


class Session(Protocol):
    """A boto3 session."""

    @property
    def events(self) -> Any: ...


class Recorder:
    """
    Records into a file at `path`; use it as a context, which raises RecordingError if it cannot.

    What was there before is kept until the context is entered; calls that were heard until then
    are in the recording, too. The file is readable by its owner alone, and complete up to the last
    call at any moment. `broken` says why lines are missing; "" if none is.
    """

    def __init__(self, path: Path, clock: Clock, masks: Masks | None = None) -> None:
        self._path = path
        self._clock = clock
        self._start = clock.now()
        self._values = Values(masks or Masks(), self._start)
        self._lock = Lock()
        self._file: TextIO | None = None
        self._early: list[str] = [head(botocore.__version__)]
        self.broken = ""

    def __enter__(self) -> Recorder:
        try:
            self._begin_file()
        except OSError as error:
            said = f"--record {self._path}: cannot be written: {error.strerror}"
            raise RecordingError(said) from error
        return self

    def _begin_file(self) -> None:
        number = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        if stat.S_ISREG(os.fstat(number).st_mode):
            os.fchmod(number, 0o600)  # one that was there before may be open to all
        file = os.fdopen(number, "w", encoding="utf-8", buffering=1)
        try:
            with self._lock:
                file.writelines(f"{line}\n" for line in self._early)
                file.flush()
                self._file = file
        except OSError:
            with suppress(OSError):
                file.close()
            raise

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._lock, self._noting():
            if self._file:
                self._file.close()

    def attach(self, session: Session) -> None:
        """Record every client that `session` makes from now on."""
        session.events.register("provide-client-params", self._begin)
        session.events.register("after-call", self._answered)
        session.events.register("after-call-error", self._lost)

    def _begin(
        self, params: Mapping[str, Any], model: Any, context: dict[str, Any], **_: Any
    ) -> None:
        context[BEGUN] = (self._clock.now(), params, model)

    def _answered(
        self, http_response: Any, parsed: Mapping[str, Any], context: dict[str, Any], **_: Any
    ) -> None:
        status = http_response.status_code
        error = parsed.get("Error", {}) if status >= 300 else {}
        attempts = parsed.get("ResponseMetadata", {}).get("RetryAttempts", 0) + 1
        self._write(context, status, attempts, error, parsed)

    def _lost(self, exception: Exception, context: dict[str, Any], **_: Any) -> None:
        """No answer came: the connection broke, or the SDK gave up waiting."""
        error = {"Code": type(exception).__name__, "Message": ""}
        self._write(context, 0, 1, error, {})

    def _write(
        self,
        context: dict[str, Any],
        status: int,
        attempts: int,
        error: Mapping[str, str],
        parsed: Mapping[str, Any],
    ) -> None:
        begun = context.pop(BEGUN, None)
        if begun is None:  # made before it was attached
            return
        at, params, model = begun
        basic = {
            "at": (at - self._start).total_seconds(),
            "took": (self._clock.now() - at).total_seconds(),
            "region": str(context.get("client_region") or ""),
            "service": model.service_model.service_name,
            "operation": model.name,
            "status": status,
            "attempts": attempts,
        }
        with self._lock, self._noting():
            line = self._entry(basic, model, params, error, parsed).line()
            if self._file is None:
                self._early.append(line)
            elif not self._file.closed:
                self._file.write(f"{line}\n")

    @contextmanager
    def _noting(self) -> Iterator[None]:
        """A disk that is full ends the recording and not the call."""
        try:
            yield
        except OSError as error:
            self.broken = self.broken or error.strerror or type(error).__name__

    def _entry(
        self,
        basic: Mapping[str, Any],
        model: Any,
        params: Mapping[str, Any],
        error: Mapping[str, str],
        parsed: Mapping[str, Any],
    ) -> Entry:
        code = {"code": str(error.get("Code", "Unknown"))} if error else {}
        try:
            words = words_of(model.service_model)
            parameters = self._values.masked(params, model.input_shape, words)
            if error:
                message = self._values.sentence(str(error.get("Message", "")), words)
                return Entry(**basic, parameters=parameters, error={**code, "message": message})
            shown = parsed if model.output_shape else {}  # the model allows no reading of it
            answer = self._values.masked(shown, model.output_shape, words)
            return Entry(**basic, parameters=parameters, answer=answer)
        except (
            Exception
        ) as failure:  # whatever it is, it must reach neither the caller nor the file
            unmasked = {"$unmasked": type(failure).__name__}
            return Entry(**basic, parameters=unmasked, error=code, answer=unmasked)
