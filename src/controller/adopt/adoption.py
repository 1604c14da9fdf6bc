"""
Hand running resources over from Terraform to Dormouse, without an interruption.

| step       | what is done                                  | killed in it, the next run        |
|------------|-----------------------------------------------|-----------------------------------|
| tagging    | what runs gets our tags; then all is proved   | puts all back and starts again     |
| writing    | the files are replaced                        | the same                          |
| forgetting | `terraform state rm` of exactly those         | goes on, if that is done          |
| checking   | outputs follow; both must see nothing to do   | goes on                           |

Proved is, before anything is written: a plan of the edited files, in a copy, with `awake = true`
holds only moves and tags; and Dormouse would do nothing. Nothing in AWS is changed but tags.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from controller.adopt import files, journal
from controller.adopt.journal import HandedOver, Journal, Step
from controller.adopt.ports import Compile, RefusedError, Running, Say
from controller.adopt.prepare import Prepared
from controller.adopt.proving import Proving
from controller.adopt.states import addresses_in, serial_of
from controller.adopt.undoing import Undoing
from controller.domain.dataclass import dataclass, replace
from controller.domain.errors import DormouseError, ForeignError, PermanentError
from controller.domain.planning.owner_tags import STACK, owner_tags
from controller.domain.planning.spec import Spec
from controller.terraform.changing import Terraform


@dataclass(frozen=True, kw_only=True)
class Adoption:
    """One directory; `running` reaches the stack of a spec in AWS."""

    directory: Path
    terraform: Terraform
    running: Callable[[Spec], Running]
    compile: Compile
    say: Say

    def preflight(self, prepared: Prepared) -> None:
        """
        What exists must be as Terraform and its files say, and nobody else's.

        Raises DormouseError; nothing has been touched.
        """
        if not prepared.running:
            self._proving.compare(prepared)
            return
        self._proving.nothing_to_do(prepared)
        self._marked(prepared, self.running(prepared.after))

    def run(self, prepared: Prepared, state: bytes) -> None:
        """
        Carry it out; `state` is Terraform's as it is now.

        Whatever goes wrong, everything is put back, and DormouseError says why.
        """
        running = self.running(prepared.after)
        handed_over = self._marked(prepared, running) if prepared.running else ()
        note = journal.begin(
            self.directory, prepared.stack, prepared.changes.files, handed_over, state
        )
        try:
            self._tag(note, running)
            self._proving.prove(prepared, running)
            note = note.at(Step.WRITING)
            self.say("writing the files")
            files.write(prepared.changes.files)
            note = note.at(Step.FORGETTING)
            self._forget(note)
            self._finish(note, prepared.after)
        except (DormouseError, RefusedError) as error:
            self._take_back(note, error)

    def resume(self, note: Journal) -> bool:
        """
        After a crash: go on where Terraform has forgotten already, or else put everything back.

        Returns whether the adoption is complete.
        """
        if note.step is Step.DONE:
            return True
        if note.step in (Step.FORGETTING, Step.CHECKING) and self._is_forgotten(note):
            self.say("going on with an adoption that was interrupted")
            try:
                files.write(note.changes())
                after = self._compiled()
                self._finish(note, after)
            except (DormouseError, RefusedError) as error:
                self._take_back(note, error)
            return True
        self.say("putting back an adoption that was interrupted")
        self.undoing(note).run()
        return False

    @property
    def _proving(self) -> Proving:
        return Proving(self.directory, self.terraform, self.say)

    def undoing(self, note: Journal) -> Undoing:
        return Undoing(self.directory, note, self.terraform, self.running, self.compile, self.say)

    def _compiled(self) -> Spec:
        compiled = self.compile(self.directory)
        if compiled.spec is None:
            raise RefusedError(compiled.problems)
        return compiled.spec

    def _marked(self, prepared: Prepared, running: Running) -> tuple[HandedOver, ...]:
        """Whether each carries our tags already. Raises ForeignError for another stack's."""
        found = []
        for one in prepared.running:
            tags = running.tags(one.kind, one.arn)
            if tags is None:
                raise PermanentError(
                    f"{one.in_state} is in Terraform's state, but AWS does not know {one.arn}; run "
                    "terraform apply, then adopt again"
                )
            if tags.get(STACK, prepared.stack) != prepared.stack:
                raise ForeignError(
                    f'{one.in_state} belongs to the stack "{tags[STACK]}" by its tag {STACK}, '
                    f'expected none or "{prepared.stack}"; take the tag off, or give --stack '
                    f"{tags[STACK]}"
                )
            found.append(replace(one, was_tagged=STACK in tags))
        return tuple(found)

    def _tag(self, note: Journal, running: Running) -> None:
        if note.handed_over:
            self.say("tagging what runs")
        for one in note.handed_over:
            running.tag(one.kind, one.arn, owner_tags(note.stack, one.address))

    def _forget(self, note: Journal) -> None:
        """`terraform state rm`, if all of them are still there, and nobody else writes it."""
        if not note.handed_over:
            return
        self.say("terraform state rm")
        wanted = [one.in_state for one in note.handed_over]
        before = self.terraform.pull()
        missing = sorted(set(wanted) - addresses_in(before))
        if missing or serial_of(before) != serial_of(note.state):
            raise PermanentError(
                f"somebody else has changed Terraform's state in the meantime (serial "
                f"{serial_of(before)}, expected {serial_of(note.state)}); adopt again"
            )
        self.terraform.forget(wanted)
        after = self.terraform.pull()
        left = sorted(set(wanted) & addresses_in(after))
        if left or addresses_in(before) - addresses_in(after) != set(wanted):
            raise PermanentError(
                f"terraform state rm has not forgotten exactly the {len(wanted)}: "
                f"{', '.join(left) or 'others are gone too'}"
            )

    def _is_forgotten(self, note: Journal) -> bool:
        if not note.handed_over:
            return False
        return not {one.in_state for one in note.handed_over} & addresses_in(self.terraform.pull())

    def _finish(self, note: Journal, after: Spec) -> None:
        """Both must see nothing to do."""
        note = note.at(Step.CHECKING)
        if note.handed_over:
            self._proving.settle()
            self._proving.converged(after, self.running(after))
            note = note.at(Step.CHECKING, serial_of(self.terraform.pull()))
        note.at(Step.DONE)

    def _take_back(self, note: Journal, error: Exception) -> NoReturn:
        try:
            self.undoing(note).run()
        except DormouseError as second:
            raise PermanentError(
                f"{error}; and not all of it could be put back: {second}; give dormouse adopt "
                f"{self.directory} --undo"
            ) from error
        raise PermanentError(f"{error}; everything is as it was") from error
