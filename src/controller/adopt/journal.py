"""
What an adoption has changed, kept beside the files, so that it can be finished or reverted.

`.dormouse-adopt/` holds the files as they were and as they became, the state as it was, and
`journal.json` with the step that is under way. Each step is noted before it is taken, so that
whoever comes after a crash knows what may have happened. Only its owner can read it (a state holds
secrets), and git never sees it.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any

from controller.adopt.changes import Change
from controller.domain.dataclass import asdict, dataclass, replace
from controller.domain.errors import PermanentError

FOLDER = ".dormouse-adopt"
_JOURNAL, _STATE = "journal.json", "terraform.tfstate"


class Step(StrEnum):
    TAGGING = "tagging"
    WRITING = "writing"
    FORGETTING = "forgetting"
    CHECKING = "checking"
    DONE = "done"
    UNDOING = "undoing"


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedOver:
    """
    One resource that runs: its address in Terraform's state, and in the edited files.

    `was_tagged` says that it carried this stack's tags before. `import_id` is what Terraform
    imports it by if that is not in its ARN.
    """

    in_state: str
    address: str
    kind: str
    arn: str
    was_tagged: bool = False
    import_id: str = ""


@dataclass(frozen=True, slots=True)
class Journal:
    """`serial` is that of Terraform's state after all that adopt has written to it; 0 before."""

    folder: Path
    stack: str
    step: Step
    files: tuple[Mapping[str, Any], ...]
    handed_over: tuple[HandedOver, ...]
    serial: int = 0

    def changes(self) -> Iterator[Change]:
        """The files of the adoption; paths are kept relative to the directory."""
        for number, file in enumerate(self.files):
            before = None if file["new"] else (self.folder / f"{number}.before").read_bytes()
            after = (self.folder / f"{number}.after").read_bytes()
            path = Path(os.path.normpath(self.folder.parent / file["path"]))
            yield Change(path, file["path"], before, after)

    @property
    def state(self) -> bytes:
        """Terraform's state before anything was forgotten; empty where there was none."""
        path = self.folder / _STATE
        return path.read_bytes() if path.exists() else b""

    def at(self, step: Step, serial: int | None = None) -> Journal:
        """Note the step that begins now."""
        journal = replace(self, step=step, serial=self.serial if serial is None else serial)
        _write(journal)
        return journal

    def remove(self) -> None:
        """The journal itself first: what is left without it is nobody's."""
        (self.folder / _JOURNAL).unlink(missing_ok=True)
        shutil.rmtree(self.folder, ignore_errors=True)


def begin(
    directory: Path,
    stack: str,
    changes: Sequence[Change],
    handed_over: Sequence[HandedOver],
    state: bytes,
) -> Journal:
    """Keep everything that it takes to go back; only then is there a journal."""
    folder = directory / FOLDER
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    _keep(folder / ".gitignore", b"*\n")
    if state:
        _keep(folder / _STATE, state)
    for number, change in enumerate(changes):
        if change.before is not None:
            _keep(folder / f"{number}.before", change.before)
        _keep(folder / f"{number}.after", change.after)
    files = tuple(
        {"path": os.path.relpath(change.path, directory), "new": change.before is None}
        for change in changes
    )
    journal = Journal(folder, stack, Step.TAGGING, files, tuple(handed_over))
    _write(journal)
    return journal


def load(directory: Path) -> Journal | None:
    """The journal of an earlier adoption; None where there is none. Raises PermanentError."""
    folder = directory / FOLDER
    try:
        data = json.loads((folder / _JOURNAL).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise PermanentError(
            f"{folder / _JOURNAL} cannot be read ({error}); the files as they were lie beside it "
            "(N.before): put them back by hand, then delete the folder"
        ) from None
    return Journal(
        folder,
        data["stack"],
        Step(data["step"]),
        tuple(data["files"]),
        tuple(HandedOver(**one) for one in data["handed_over"]),
        int(data["serial"]),
    )


def _write(journal: Journal) -> None:
    data = {
        "stack": journal.stack,
        "step": str(journal.step),
        "files": list(journal.files),
        "serial": journal.serial,
        "handed_over": [asdict(one) for one in journal.handed_over],
    }
    _keep(journal.folder / _JOURNAL, json.dumps(data, indent=2).encode())


def _keep(path: Path, content: bytes) -> None:
    """All of it or nothing, also when the machine goes down."""
    scratch = path.with_name(f"{path.name}.new")
    scratch.touch(mode=0o600)
    with scratch.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    scratch.replace(path)
