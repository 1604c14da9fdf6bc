"""Can a directory be adopted, and what would it take? Reads only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from controller.adopt.awake_only import find_awake_only
from controller.adopt.changes import Changes, find_changes
from controller.adopt.journal import HandedOver
from controller.adopt.ports import Compile, RefusedError
from controller.adopt.proof import renamed, spec_differences
from controller.adopt.refuser import RULE
from controller.adopt.shadow import shadow_of
from controller.domain.dataclass import dataclass, replace
from controller.domain.planning.spec import Kind, ResourceSpec, Spec
from controller.domain.problem import Level, Problem
from controller.hcl.directory import Configuration
from controller.mapping.assemble import AWAKE, Compiled
from controller.mapping.kinds import KINDS
from controller.terraform.state import State, Thing

_AWAKE_ONLY = "awake-only"
"""The rule of `check` for what exists, or is otherwise, only awake (`mapping/worlds.py`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """
    `before` and `after` are the specs of the directory as it is and as it would be, `running` what
    Terraform has made of it and is to forget.
    """

    changes: Changes
    before: Spec
    after: Spec
    running: tuple[HandedOver, ...]

    @property
    def stack(self) -> str:
        return self.after.stack


def prepare(
    directory: Path,
    configuration: Configuration,
    compile_: Compile,
    state: State | None,
    *,
    name: str | None = None,
) -> Prepared:
    """
    Work the change out and compile it in a copy; `state` is what Terraform has made so far.

    Raises RefusedError with every reason why the directory has no two-worlds form.
    """
    compiled = compile_(directory)
    before = _spec(compiled)
    things = state.things if state else {}
    _refuse(_strangers(compiled, things), "")
    if configuration.declares(AWAKE):
        _refuse(_unused(configuration, before), "")
        changes, after = Changes(()), before
    else:
        changes, followers = _changes(configuration, compiled, things, name)
        with shadow_of(directory, changes.files) as shadow:
            edited = compile_(shadow)
        after = _spec(edited)
        _refuse(spec_differences(before, after), "the edited files would make something else")
        _refuse_gone(edited, followers)
    running = tuple(_running(before, after, things))
    _refuse(_misnamed(after, running, things), "")
    _refuse(_partly(after, running), "")
    return Prepared(changes=changes, before=before, after=after, running=running)


def _changes(
    configuration: Configuration,
    compiled: Compiled,
    things: Mapping[str, Thing],
    name: str | None,
) -> tuple[Changes, frozenset[str]]:
    """And the addresses of what is to follow a sleeper, beside those that sleep."""
    if compiled.awake is None:
        raise RefusedError(compiled.problems)
    found = find_awake_only(compiled.awake, compiled.sleepers, things.keys())
    changes = find_changes(
        configuration, compiled.awake, (*found.sleepers, *found.others), name=name
    )
    # Where both speak of the same thing, the second knows what AWS makes of it.
    refusals = {one.address or one.message: one for one in (*changes.refusals, *found.refusals)}
    if refusals:
        raise RefusedError(tuple(refusals.values()))
    return changes, frozenset(one.address for one in found.others)


def _refuse_gone(edited: Compiled, followers: frozenset[str]) -> None:
    """What would be missing while asleep that should stay: a module's switch may take too much."""
    gone = tuple(
        replace(problem, level=Level.ERROR, rule=RULE)
        for problem in edited.problems
        if problem.rule == _AWAKE_ONLY and problem.address.removesuffix("[0]") not in followers
    )
    if gone:
        raise RefusedError(gone)


def _spec(compiled: Compiled) -> Spec:
    if compiled.spec is None:
        errors = (one for one in compiled.problems if one.level is Level.ERROR)
        raise RefusedError(tuple(errors))
    return compiled.spec


def _running(before: Spec, after: Spec, things: Mapping[str, Thing]) -> Iterator[HandedOver]:
    """What is deleted at sleep, as far as Terraform has made it."""
    names = renamed(before, after)
    for resource in after.resources:
        plain = resource.address.removesuffix("[0]")
        thing = things.get(names[resource.address]) or things.get(plain)
        if resource.asleep is None and thing is not None and thing.mode == "managed":
            yield HandedOver(
                in_state=thing.address,
                address=resource.address,
                kind=str(resource.kind),
                arn=str(thing.values.get("arn") or thing.values.get("id") or ""),
                import_id=_import_id(resource, thing.values),
            )


def _import_id(resource: ResourceSpec, values: Mapping[str, Any]) -> str:
    """
    Of what scales a service; the other kinds are imported by what their ARN says.

    The provider imports no scheduled action (5.100): terraform apply puts it once more.
    """
    scaled = "/".join(
        str(values.get(key, ""))
        for key in ("service_namespace", "resource_id", "scalable_dimension")
    )
    match resource.kind:
        case Kind.AUTOSCALING_TARGET:
            return scaled
        case Kind.AUTOSCALING_POLICY:
            return f"{scaled}/{resource.name}"
        case _:
            return ""


def _unused(configuration: Configuration, spec: Spec) -> Iterator[str]:
    """A variable `awake` that is not ours, or that nothing asks."""
    variable = configuration.root.declarations.variables[AWAKE]
    if variable.default is None or variable.default.data is not False:
        yield (
            f"{variable.place}: there is a variable {AWAKE} already, and its default is not false; "
            "rename it where it means something else, or give it type = bool and default = false"
        )
    elif not spec.resources:
        yield (
            f"{variable.place}: the variable {AWAKE} is there, but nothing uses it; take it out, "
            "and adopt puts it back with everything that needs it"
        )


def _strangers(compiled: Compiled, things: Mapping[str, Thing]) -> Iterator[str]:
    """What Terraform has made under another address would be destroyed by the next apply."""
    named = compiled.awake.resources if compiled.awake else {}
    plain = {address.removesuffix("[0]") for address in named}
    for address, thing in things.items():
        if thing.mode == "managed" and thing.type in KINDS and address not in {*named, *plain}:
            yield (
                f"{address} is in Terraform's state, but the files name nothing of that address; "
                "run terraform apply, so that both agree"
            )


def _misnamed(
    after: Spec, running: Iterable[HandedOver], things: Mapping[str, Thing]
) -> Iterator[str]:
    """Names that Terraform has made up are found again by nobody else."""
    for one in running:
        made = things[one.in_state].values.get("name")
        request = after[one.address].request
        wanted = request.get("Name", request.get("serviceName"))
        if made and wanted and made != wanted:
            yield (
                f'{one.in_state} is called "{made}" and would be looked for as "{wanted}"; write '
                f'name = "{made}" in place of what made that name up'
            )


def _partly(after: Spec, running: tuple[HandedOver, ...]) -> Iterator[str]:
    there = {one.address for one in running}
    missing = [r.address for r in after.resources if r.asleep is None and r.address not in there]
    if running and missing:
        yield (
            f"Terraform has made {running[0].in_state}, but not {missing[0]}; run terraform apply "
            "so that all of it exists, or terraform destroy so that none does"
        )


def _refuse(reasons: Iterable[str], before: str) -> None:
    found = tuple(reasons)
    if found:
        texts = [f"{before}: {reason}" if before else reason for reason in found]
        raise RefusedError(
            tuple(Problem(level=Level.ERROR, rule=RULE, message=text) for text in texts)
        )
