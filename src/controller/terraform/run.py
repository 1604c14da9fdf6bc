"""
Ask Terraform itself: `terraform plan` of a directory, read only.

Nothing of the user's is written: the plan goes to a folder of its own that is gone afterwards, also
after Ctrl-C, and no lock is taken, since nothing is changed. The directory must be initialised.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

from controller.domain.dataclass import dataclass, replace
from controller.domain.errors import DormouseError
from controller.terraform.recognise import read_state
from controller.terraform.state import State, StateError

_UNINITIALISED = (
    "Backend initialization required",
    "Backend configuration changed",
    "Backend type changed",
    "Could not load plugin",
    "HCP Terraform or Terraform Enterprise initialization required",
    "Inconsistent dependency lock file",
    "Initialization required",
    "Missing required provider",
    "Module not installed",
    "Module source has changed",
    "Module version requirements have changed",
    "Required plugins are not installed",
)
"""Summaries of what `terraform init` ends (seen with Terraform 1.11.4)."""

_NOT_THE_INPUT = (
    "access denied",
    "accessdenied",
    "connection refused",
    "credential",
    "expiredtoken",
    "failed to get shared config profile",
    "invalidclienttokenid",
    "no such host",
    "not authorized",
    "request send failed",
    "retrieving aws account details",
    "timeout",
    "unauthorizedoperation",
)
"""Words of refusals that no other file would end: rights, credentials, the network."""

_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_FRAME = str.maketrans("│╷╵", "   ")

_PATIENCE = 10.0
"""Seconds that Terraform gets to end after the signal."""


class TerraformError(DormouseError):
    """Terraform did not answer; `input_wrong` says whether the directory is to blame."""

    def __init__(self, message: str, *, input_wrong: bool) -> None:
        super().__init__(message)
        self.input_wrong = input_wrong


@dataclass(frozen=True, slots=True)
class Ended:
    code: int
    output: bytes
    errors: bytes


def plan(directory: Path, options: Sequence[str], environment: Mapping[str, str]) -> State:
    """
    What Terraform would make of the directory now.

    `options` are more arguments of `terraform plan` (-var=…), in order; files in them are absolute
    or relative to the directory. Raises TerraformError.
    """
    if shutil.which("terraform", path=environment.get("PATH")) is None:
        raise TerraformError(
            "--terraform needs terraform on the PATH; install it, or leave the option out",
            input_wrong=False,
        )
    with ended_in_order(), tempfile.TemporaryDirectory(prefix="dormouse-") as folder:
        file = Path(folder) / "plan"
        # -json only for its errors: the plan itself is in the file.
        planned = ["-json", "-input=false", "-lock=false", "-refresh=true", f"-out={file}"]
        ended = call(["plan", *planned, *options], directory, environment)
        if ended.code or not file.exists():
            raise refusal(directory, ended)
        shown = call(["show", "-json", "-no-color", str(file)], directory, environment)
        if shown.code:
            raise refusal(directory, shown)
    try:
        state = read_state(shown.output, "terraform's plan")
    except StateError as error:
        raise TerraformError(str(error), input_wrong=False) from None
    return replace(state, judges=True)


def call(arguments: Sequence[str], directory: Path, environment: Mapping[str, str]) -> Ended:
    """Run terraform in the directory to its end, or end it with us."""
    process = subprocess.Popen(
        ["terraform", *arguments],
        cwd=directory,
        env={**environment, "TF_IN_AUTOMATION": "1", "TF_INPUT": "0", "CHECKPOINT_DISABLE": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        # A group of its own: Ctrl-C comes to us, and we send Terraform one signal.
        start_new_session=True,
    )
    try:
        output, errors = process.communicate()
    except BaseException:
        _end(process)
        raise
    return Ended(process.returncode, output, errors)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Terraform first, which then ends its providers; the rest after a while by force."""
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(signal.SIGINT)
    try:
        process.communicate(timeout=_PATIENCE)
    except subprocess.TimeoutExpired:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


@contextlib.contextmanager
def ended_in_order() -> Iterator[None]:
    """A signal to end becomes an exception, so that nothing is left behind."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def leave(number: int, frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    signals = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = {number: signal.signal(number, leave) for number in signals}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def refusal(directory: Path, ended: Ended, does: str = "plan") -> TerraformError:
    """What Terraform said, in one line; `does` is what it was to do."""
    summary, said = _first_error(ended)
    if summary.startswith(_UNINITIALISED):
        return TerraformError(
            f"{directory} is not initialised for terraform; run `terraform init` in it "
            f"(terraform: {said})",
            input_wrong=True,
        )
    outside = any(words in said.lower() for words in _NOT_THE_INPUT)
    return TerraformError(f"terraform does not {does} {directory}: {said}", input_wrong=not outside)


def _first_error(ended: Ended) -> tuple[str, str]:
    """The summary of the first error, and all of it in one line with its place."""
    for line in ended.output.decode(errors="replace").splitlines():
        diagnostic = _diagnostic(line)
        if diagnostic is not None:
            summary = str(diagnostic.get("summary", ""))
            place = diagnostic.get("range") or {}
            start = place.get("start") or {}
            at = f"{place['filename']}:{start.get('line')}: " if place.get("filename") else ""
            return summary, _one_line(f"{at}{summary}. {diagnostic.get('detail') or ''}")
    text = _plain_error((ended.errors or ended.output).decode(errors="replace"))
    return text, text or f"it ended with code {ended.code} and said nothing"


def _plain_error(text: str) -> str:
    """The first error of a command that has no -json, without its frame, colours and warnings."""
    text = _COLOURS.sub("", text).translate(_FRAME)
    _, found, error = text.partition("Error: ")
    return _one_line(error.partition("Error: ")[0] if found else text)


def _diagnostic(line: str) -> Mapping[str, Any] | None:
    try:
        data = json.loads(line)
    except ValueError:
        return None
    if not isinstance(data, dict) or data.get("@level") != "error":
        return None
    found = data.get("diagnostic")
    return found if isinstance(found, dict) else {"summary": data.get("@message", "")}


def _one_line(text: str) -> str:
    plain = " ".join(text.translate(_FRAME).split()).rstrip(". ")
    return plain if len(plain) <= 400 else f"{plain[:397]}…"
