"""
Terraform's commands that read a state or change it, for `dormouse adopt`.

Plans take no lock, since they change nothing. What writes a state waits for its lock, and never
goes without.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from controller.domain.dataclass import dataclass, replace
from controller.terraform.run import Ended, call, ended_in_order, refusal
from controller.terraform.workspace import data_dir

_LOCK = "-lock-timeout=60s"


@dataclass(frozen=True, slots=True)
class Terraform:
    """
    One directory. `options` are -var=… and -var-file=…, absolute or relative to the directory,
    `local_state` is the file where the state is one.

    Everything raises TerraformError where Terraform refuses.
    """

    directory: Path
    options: Sequence[str]
    environment: Mapping[str, str]
    local_state: Path | None = None

    @property
    def installed(self) -> bool:
        return shutil.which("terraform", path=self.environment.get("PATH")) is not None

    @property
    def initialised(self) -> bool:
        """Whether `terraform init` has been here; what it found may be out of date."""
        return data_dir(self.directory, self.environment).is_dir()

    def elsewhere(self, directory: Path) -> Terraform:
        return replace(self, directory=directory)

    def plan(self, *more: str) -> Mapping[str, Any]:
        """What it would do, as `show -json` prints it."""
        with self._planned(more) as (_, plan):
            return plan

    def apply_if(self, harmless: Callable[[Mapping[str, Any]], bool]) -> bool:
        """Plan, and carry out that very plan if it is harmless; returns whether it was."""
        with self._planned(()) as (file, plan):
            if not harmless(plan):
                return False
            self._run("apply", "-input=false", "-no-color", _LOCK, str(file))
            return True

    @contextmanager
    def _planned(self, more: Sequence[str]) -> Iterator[tuple[Path, Mapping[str, Any]]]:
        with ended_in_order(), tempfile.TemporaryDirectory(prefix="dormouse-") as folder:
            file = Path(folder) / "plan"
            options = ["-json", "-input=false", "-lock=false", f"-out={file}", *self.options, *more]
            self._done(call(["plan", *options], self.directory, self.environment), "plan")
            shown = ["show", "-json", "-no-color", str(file)]
            output = self._done(call(shown, self.directory, self.environment), "show").output
            yield file, json.loads(output)

    def pull(self) -> bytes:
        """The state; empty where there is none. A file is read as it is."""
        if self.local_state:
            return self.local_state.read_bytes()
        return self._run("state", "pull").output

    def push(self, state: bytes) -> None:
        with tempfile.TemporaryDirectory(prefix="dormouse-") as folder:
            file = Path(folder) / "state"
            file.touch(mode=0o600)
            file.write_bytes(state)
            self._run("state", "push", _LOCK, str(file))

    def forget(self, addresses: Sequence[str]) -> None:
        """Without the backup that Terraform leaves beside a state that is a file."""
        if self.local_state is None:
            self._run("state", "rm", _LOCK, *addresses)
            return
        with tempfile.TemporaryDirectory(prefix="dormouse-") as folder:
            self._run("state", "rm", _LOCK, f"-backup={folder}/backup", *addresses)

    def take_in(self, address: str, id_: str) -> None:
        self._run("import", "-input=false", "-no-color", _LOCK, *self.options, address, id_)

    def _run(self, *arguments: str) -> Ended:
        with ended_in_order():
            ended = call(arguments, self.directory, self.environment)
        words = 2 if arguments[0] == "state" else 1
        return self._done(ended, " ".join(arguments[:words]))

    def _done(self, ended: Ended, does: str) -> Ended:
        if ended.code:
            raise refusal(self.directory, ended, does)
        return ended
