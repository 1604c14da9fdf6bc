"""The proofs of an adoption: what Terraform and Dormouse would do, before and after it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from controller.adopt.ports import Running, Say
from controller.adopt.prepare import Prepared
from controller.adopt.proof import changed_outputs, created, not_nothing, not_only_moves
from controller.adopt.shadow import shadow_of
from controller.domain.dataclass import dataclass
from controller.domain.errors import PermanentError
from controller.domain.planning.spec import Spec
from controller.mapping.assemble import AWAKE
from controller.terraform.changing import Terraform
from controller.terraform.run import TerraformError

_AWAKE = f"-var={AWAKE}=true"


@dataclass(frozen=True)
class Proving:
    """Each raises PermanentError with the first reason against it."""

    directory: Path
    terraform: Terraform
    say: Say

    def nothing_to_do(self, prepared: Prepared) -> None:
        """What exists must be as Terraform and its files say; else no later sign is clear."""
        self.say("terraform plan of the files as they are")
        plan = self.terraform.plan(*self._as_it_runs(prepared))
        reasons = [*not_nothing(plan), *changed_outputs(plan)]
        if reasons:
            raise PermanentError(
                f"Terraform has something to do before adopt can begin: {_first(reasons)}; run "
                "terraform apply, then adopt again"
            )

    def _as_it_runs(self, prepared: Prepared) -> tuple[str, ...]:
        """A directory that is in the two-worlds form already has its sleepers only awake."""
        return () if prepared.changes.files else (_AWAKE,)

    def compare(self, prepared: Prepared) -> None:
        """
        Where nothing runs yet: the edited files must make what the old ones make.

        Only where Terraform can plan here and now; our own evaluation has said it already.
        """
        if not prepared.changes.files or not self.terraform.initialised:
            return
        self.say("terraform plan of both, as nothing runs yet")
        try:
            before = created(self.terraform.plan())
            with shadow_of(self.directory, prepared.changes.files) as shadow:
                after = created(self.terraform.elsewhere(shadow).plan(_AWAKE))
        except TerraformError as error:
            self.say(f"not proved by Terraform: {error}")
            return
        if before != after:
            raise PermanentError(
                "with awake = true the edited files would make something else: "
                f"{', '.join(sorted(before ^ after))}"
            )

    def prove(self, prepared: Prepared, running: Running) -> None:
        """Raises PermanentError for anything but moves, tags and nothing to do."""
        if not prepared.running:
            return
        self.say(f"terraform plan of the edited files, with {AWAKE} = true")
        with shadow_of(self.directory, prepared.changes.files) as shadow:
            plan = self.terraform.elsewhere(shadow).plan(_AWAKE)
        reasons = list(not_only_moves(plan))
        if reasons:
            raise PermanentError(
                f"the plan of the edited files holds more than moves and tags: {_first(reasons)}"
            )
        self.converged(prepared.after, running)

    def converged(self, after: Spec, running: Running) -> None:
        self.say("dormouse plan")
        left = running.left_to_do(after)
        if left:
            raise PermanentError(
                f"Dormouse would change what runs: {_first(left)}; let the files say what runs (or "
                "wait until it runs completely), then adopt again"
            )

    def settle(self) -> None:
        """Outputs whose value sleeps too are written into the state; nothing else may differ."""
        self.say("terraform plan")
        plan = self.terraform.plan()
        reasons = list(not_nothing(plan))
        if reasons:
            raise PermanentError(f"Terraform would still change something: {_first(reasons)}")
        if any(changed_outputs(plan)):
            self.say("terraform apply of outputs alone")
            self._apply_outputs()

    def _apply_outputs(self) -> None:
        self.terraform.apply_if(lambda plan: not any(not_nothing(plan)))
        plan = self.terraform.plan()
        reasons = [*not_nothing(plan), *changed_outputs(plan)]
        if reasons:
            raise PermanentError(f"Terraform would still change something: {_first(reasons)}")


def _first(reasons: Iterable[str]) -> str:
    """The first, and how many more."""
    found = list(reasons)
    more = len(found) - 1
    return f"{found[0]} (and {more} more)" if more else found[0]
