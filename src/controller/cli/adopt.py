"""`dormouse adopt`: a Terraform directory, running or not, becomes one that sleeps."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import click

from controller.adopt import files, journal
from controller.adopt.adoption import Adoption
from controller.adopt.by_hand import commands
from controller.adopt.journal import Journal, Step
from controller.adopt.patch import patch_of
from controller.adopt.ports import RefusedError
from controller.adopt.prepare import Prepared, prepare
from controller.aws.running import RunningStack
from controller.cli.adopt_site import Site
from controller.cli.adopt_views import show, show_json, show_restored, show_undone
from controller.cli.inputs import (
    InputError,
    TerraformCommand,
    terraform_judge,
    terraform_options,
)
from controller.cli.problems import print_json, print_problems, summary
from controller.cli.screen import Lines
from controller.cli.session import clients_for, open_clock
from controller.clock import SystemClock
from controller.domain.errors import PermanentError
from controller.mapping.assemble import AWAKE
from controller.reconcile.side_by_side import Threads
from controller.terraform.run import TerraformError

PATCH = "dormouse-adopt.patch"


@click.command("adopt", cls=TerraformCommand)
@terraform_options
@terraform_judge
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--undo", is_flag=True, help="Restore the directory and the state from before.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.option("--stack", metavar="NAME", help="The stack's name, if not the folder's.")
@click.pass_context
def command(
    ctx: click.Context, directory: Path, yes: bool, undo: bool, as_json: bool, stack: str | None
) -> None:
    """
    Prepare a Terraform directory to sleep; a running service is not interrupted.

    It adds the variables awake and dormouse, and a count to each resource that sleeps; it shows
    the patch, and asks once. Resources that run are tagged and removed from Terraform's state,
    after a plan has proved that nothing changes. If the plan would change anything, everything
    is restored. --undo restores it later.

    Exit code 0 when done; 1 when it could not be finished and all is as before (also without
    terraform, when you have to run the commands); 2 when the directory cannot be adopted.
    """
    try:
        with _session(ctx, directory, stack) as session:
            if undo:
                session.undo(as_json=as_json)
            else:
                session.adopt(yes=yes, as_json=as_json)
    except KeyboardInterrupt:
        if journal.load(directory) is not None:
            click.echo(
                f"Stopped half-way: dormouse adopt {directory} continues, and --undo reverts it.",
                err=True,
            )
        raise
    except TerraformError as error:
        if error.input_wrong:
            raise InputError(str(error)) from None
        raise


@contextmanager
def _session(ctx: click.Context, directory: Path, stack: str | None) -> Iterator[_Session]:
    threads = Threads()
    try:
        yield _Session(ctx, directory, stack, threads)
    finally:
        threads.close()


class _Session:
    """One run of the command on one directory."""

    def __init__(
        self, ctx: click.Context, directory: Path, stack: str | None, threads: Threads
    ) -> None:
        self._ctx = ctx
        self._directory = directory
        self._stack = stack
        self._site = Site(ctx, directory, stack)
        self._threads = threads
        self._started = SystemClock()  # people wait for Terraform in their own time
        self._lines = Lines(self._started.now())
        self._configuration = self._site.read()
        self._terraform = self._site.terraform(self._configuration)

    def _adoption(self) -> Adoption:
        return Adoption(
            directory=self._directory,
            terraform=self._terraform,
            running=lambda spec: RunningStack(clients_for(spec), open_clock(), self._threads),
            compile=self._site.compile,
            say=lambda text: self._lines.say("adopt", text, self._started.now()),
        )

    def adopt(self, *, yes: bool, as_json: bool) -> None:
        note = journal.load(self._directory)
        adoption = self._adoption()
        if note is not None and self._resumed(adoption, note):
            show_restored(self._directory, note, as_json=as_json)
            return
        state = self._site.state(self._configuration)
        try:
            prepared = prepare(
                self._directory,
                self._configuration,
                self._site.compile,
                self._site.made(self._configuration, state),
                name=self._stack,
            )
        except RefusedError as error:
            self._refuse(error, as_json=as_json)
        if not prepared.changes.files and not prepared.running:
            show(self._directory, prepared, "unchanged", as_json=as_json)
        elif not self._terraform.installed or (prepared.running and not state):
            self._by_hand(prepared, as_json=as_json)
            self._ctx.exit(1)
        else:
            self._carry_out(adoption, prepared, state, yes=yes, as_json=as_json)

    def undo(self, *, as_json: bool) -> None:
        note = journal.load(self._directory)
        if note is None:
            raise InputError(
                f"{self._directory} has not been adopted from here: there is no {journal.FOLDER} "
                "in it; take the files back by git"
            )
        if note.handed_over and not self._terraform.installed:
            raise PermanentError(
                "--undo needs terraform on the PATH, to give it back what runs; install it, then "
                "give the command again"
            )
        undone = self._adoption().undoing(note).run()
        show_undone(note.stack, undone, as_json=as_json)

    def _carry_out(
        self, adoption: Adoption, prepared: Prepared, state: bytes, *, yes: bool, as_json: bool
    ) -> None:
        adoption.preflight(prepared)
        if not as_json:
            click.echo(patch_of(prepared.changes.files), nl=False)
        self._ask(prepared, yes=yes)
        adoption.run(prepared, state)
        show(self._directory, prepared, "adopted", as_json=as_json)

    def _ask(self, prepared: Prepared, *, yes: bool) -> None:
        if yes:
            return
        write = "Write this" if prepared.changes.files else "Change nothing in the files"
        forget = f", and let Terraform forget {len(prepared.running)} resources that run on"
        question = f"{write}{forget if prepared.running else ''}?"
        try:
            if click.confirm(question, err=True):
                return
        except click.Abort:
            click.echo(err=True)  # the question has no line end of its own
            if sys.stdin.isatty():
                raise  # Ctrl-C
            raise InputError(
                "there is no terminal to answer; read the patch, then add --yes"
            ) from None
        raise PermanentError("nothing has been changed")

    def _by_hand(self, prepared: Prepared, *, as_json: bool) -> None:
        """Without terraform, or without its state, somebody else has to do it."""
        place = self._directory / PATCH
        patch = patch_of(prepared.changes.files)
        if patch:
            files.replace(place, patch.encode())
        lines = list(commands(self._directory, prepared, PATCH if patch else None))
        if as_json:
            given = [line for line in lines if not line.startswith("#")]
            show_json(prepared, "by-hand", changed=[], forgotten=[], commands=given)
            return
        installed = self._terraform.installed
        why = "its state is not here" if installed else "terraform is not on the PATH"
        click.echo(f"Nothing has been changed, as {why}. Run:")
        for line in lines:
            click.echo(f"  {line}")
        click.echo("Next: dormouse deploy .")

    def _refuse(self, error: RefusedError, *, as_json: bool) -> NoReturn:
        if as_json:
            print_json(error.problems, result="refused")
        else:
            print_problems(error.problems, err=True)
            click.echo(f"{self._directory}: {summary(error.problems)}; nothing touched", err=True)
        self._ctx.exit(2)

    def _resumed(self, adoption: Adoption, note: Journal) -> bool:
        """Whether an earlier run's adoption is complete, or is now."""
        if note.step is Step.DONE and not self._configuration.declares(AWAKE):
            note.remove()  # the files have been taken back by other means
            return False
        if adoption.resume(note):
            return True
        self._configuration = self._site.read()
        return False
