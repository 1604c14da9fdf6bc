"""
An evaluated directory becomes a spec, or a list of what is wrong with it. Pure.

What differs between awake and asleep is dormouse's (`worlds.py`). Each such resource is read by
the table of its kind into the exact request that creates it, checked against AWS's own model and
against the traps, and put in order.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Set
from datetime import datetime

from controller.domain.dataclass import dataclass, replace
from controller.domain.money.bill import asleep_hour
from controller.domain.planning.packing import LARGEST_ITEM, stored_size
from controller.domain.planning.spec import Json, Kind, ResourceSpec, Spec
from controller.domain.problem import Level, Place, Problem
from controller.domain.stack_name import EXPECTED, STACK_NAME
from controller.domain.text import LONGEST_CAUSE, clean
from controller.domain.timestamps import format_timestamp
from controller.hcl.evaluation import FILE, MISSING_FILE
from controller.hcl.provider_version import AwsProvider
from controller.hcl.world import ResourceInstance, World
from controller.mapping import naming
from controller.mapping.autoscaling import scaling_of, within_range
from controller.mapping.conforming import conforming
from controller.mapping.default_tags import Tags, fill_default_tags
from controller.mapping.draft import Draft, StackDraft, finish
from controller.mapping.endpoint import find_endpoint
from controller.mapping.fill import Filling, fill
from controller.mapping.folding import fold_unknown
from controller.mapping.idle_cost import Idle, find_idle
from controller.mapping.ignored import ignored_fields
from controller.mapping.kinds import BY_KIND, KINDS
from controller.mapping.look_ups import LookUps
from controller.mapping.missing_modules import with_missing_modules
from controller.mapping.order import find_needs, in_order
from controller.mapping.policy import VARIABLE, Places, read_policy, small_budget
from controller.mapping.provider import elsewhere, find_home
from controller.mapping.references import References
from controller.mapping.refusals.check import check_refusals
from controller.mapping.summary import Summary, summarize
from controller.mapping.task import task_size
from controller.mapping.traps import check_traps
from controller.mapping.validate import validate
from controller.mapping.worlds import Division, Sleeper, divide

AWAKE = "awake"
_KEY = re.compile(r'\[(?:\d+|"(?:[^"\\]|\\.)*")\]')


@dataclass(frozen=True, slots=True)
class Compiled:
    """
    `spec` is None when any problem is an error; problems are sorted by place.

    `sleepers` are the addresses that differ awake, `region` is the stack's where it is known,
    `awake` the directory as it was evaluated awake. `summary` says what the spec means.
    """

    spec: Spec | None
    problems: tuple[Problem, ...]
    sleepers: frozenset[str] = frozenset()
    region: str | None = None
    awake: World | None = None
    summary: Summary | None = None

    @property
    def findings(self) -> tuple[Problem, ...]:
        """The problems, and among them what the summary has to say of costs and seconds."""
        meaning = self.summary if self.spec else None
        return _sorted([*self.problems, *(meaning.findings if meaning else ())])


def compile_worlds(
    stack: str,
    awake: World,
    asleep: World | None,
    *,
    region: str | None,
    policy_place: Place | None,
    compiled_at: datetime,
    source: str,
    found: Iterable[Problem] = (),
    remembered: Mapping[str, str] | None = None,
) -> Compiled:
    """
    Compile an evaluated directory; pure.

    `asleep` is None where the variable `awake` is not declared, `region` the SDK's own, which
    counts where the provider block names none, `found` what is wrong already, `remembered` the
    ids and ARNs that a state has given, with the addresses of their things.
    """
    division = divide(awake, asleep)
    sleepers = frozenset(sleeper.instance.address for sleeper in division.sleepers)
    homes = find_home(awake, division.sleepers, region)
    home = homes.home
    foreign = elsewhere(awake, division.kept.values(), home, region)
    draft = _draft_all(stack, awake, division, foreign, homes.outside)
    draft = replace(draft, remembered=remembered or {})
    check_traps(draft)
    check_refusals(draft, find_home(awake, division.sleepers, None).home.region)
    places = Places(policy_place, awake.variable_parts.get(VARIABLE, {}))
    policy, policy_problems = read_policy(awake.variables, places, compiled_at)
    needs = find_needs(draft)
    order, cycle = in_order(draft, needs)
    found, evaluating = tuple(found), _of_both(awake, asleep)
    told = with_missing_modules(
        [
            *_check_name(stack),
            *found,
            *evaluating,
            *division.problems,
            *(() if _any_error((*found, *evaluating)) else _nothing_sleeps(division, asleep)),
            *(problem for one in draft.drafts.values() for problem in one.filling.problems),
            *draft.guesses,
            *homes.problems,
            *policy_problems,
            *([cycle] if cycle else []),
        ],
        awake,
        division,
        AWAKE,
    )
    problems = fold_unknown(_sorted(told))
    problems = problems if _any_error(problems) else (*problems, *_unaccounted(draft, division))
    if _any_error(problems):
        return Compiled(None, problems, sleepers, home.region, awake)
    idle = _find_idle(draft, division, home.region)
    spec = Spec(
        stack=stack,
        region=home.region,
        role_arn=home.role_arn,
        resources=tuple(_finish(draft, address, needs[address]) for address in order),
        policy=policy,
        endpoint=find_endpoint(draft, order, policy),
        source={
            "dir": clean(source, LONGEST_CAUSE),
            "compiled_at": format_timestamp(compiled_at),
            "keeps": [each.to_json() for each in idle],
        },
    )
    too_large = _too_large(spec)
    if too_large:
        return Compiled(None, (*problems, too_large), sleepers, home.region)
    meaning = summarize(spec, draft, idle)
    problems = (*problems, *small_budget(policy, asleep_hour(spec), places))
    return Compiled(spec, problems, sleepers, home.region, awake, meaning)


def _too_large(spec: Spec) -> Problem | None:
    """What the controller's table does not take would fail when it is published."""
    size = stored_size(spec)
    if size <= LARGEST_ITEM:
        return None
    return Problem(
        level=Level.ERROR,
        rule="spec-too-large",
        message=f"the stack's spec has {len(spec.resources)} resources and {-(-size // 1000)} KB "
        f"compressed, and the controller's table takes {LARGEST_ITEM // 1000} KB; give some of its "
        "resources a root directory of their own, which is a stack of its own",
    )


def _draft_all(
    stack: str,
    awake: World,
    division: Division,
    elsewhere: Mapping[str, str],
    outside: Set[str],
) -> StackDraft:
    """All sleepers but those `outside` the stack's region and role, for which there is an error."""
    tags: Tags = {}
    own = {s.instance.address: BY_KIND[s.kind].attributes for s in division.sleepers}
    own |= {g.address: BY_KIND[kind].attributes for g in division.gone for kind in g.kinds}
    not_there = division.awake_only | own.keys()
    look_ups = LookUps(division.kept, not_there, tags, division.refused, elsewhere)
    references = References(own, look_ups)
    about_tags = fill_default_tags(tags, awake, references)
    drafts = {
        s.instance.address: _draft(stack, s, references, tags, awake.provider)
        for s in division.sleepers
        if s.instance.address not in outside
    }
    missing = frozenset(kind for gone in division.gone for kind in gone.kinds)
    missing |= {s.kind for s in division.sleepers if s.instance.address in outside}
    doubts = (*look_ups.guesses(), *(about_tags if drafts else ()))
    return StackDraft(stack, drafts, division.kept, missing, doubts)


def _draft(
    stack: str,
    sleeper: Sleeper,
    references: References,
    default_tags: Mapping[str, Mapping[str, Json]],
    provider: AwsProvider,
) -> Draft:
    instance, kind = sleeper.instance, BY_KIND[sleeper.kind]
    filling = Filling(instance.address, instance.place, references)
    if kind.name_prefix:
        naming.name(instance.body, filling, stack, kind.name_prefix)
    body = conforming(instance, filling, provider) if sleeper.service else instance.body
    fill(kind.table, body, filling)
    if sleeper.service:
        filling.request["ResourceId"] = {"$ref": f"{sleeper.service}.resource_id"}
    if kind.write_tags:
        tags = naming.tags(instance.body, filling, default_tags.get(instance.provider, {}))
        if tags:
            kind.write_tags(filling, tags)
    kind.adjust(instance, filling, provider)
    kind.check(body, filling)
    if filling.sound:
        validate(kind.operation, filling)
    return Draft(sleeper, filling)


def _find_idle(draft: StackDraft, division: Division, region: str | None) -> tuple[Idle, ...]:
    """What still costs money; if nothing sleeps there is nothing to compare it with."""
    if not division.sleepers:
        return ()
    mappings = [
        mapping
        for balancer in draft.of_kind(Kind.LOAD_BALANCER)
        for mapping in balancer.request.get("SubnetMappings", [])
    ]
    addresses = [draft.kept_thing(mapping.get("AllocationId")) for mapping in mappings]
    own = {address.address for address in addresses if address}
    return find_idle(division.kept, division.others, region, own)


def _finish(stack: StackDraft, address: str, needs: tuple[str, ...]) -> ResourceSpec:
    draft = stack.drafts[address]
    size, scaling = {}, {}
    if draft.kind is Kind.SERVICE:
        size, scaling = task_size(stack, draft), scaling_of(stack, draft)
        draft.request.update(within_range(stack, draft))
    ignored = ignored_fields(BY_KIND[draft.kind].table, draft.instance.ignore_changes)
    return finish(draft, needs, ignored, size=size, scaling=scaling)


def _of_both(awake: World, asleep: World | None) -> tuple[Problem, ...]:
    """What evaluating has found; the same mistake is one, also where its words differ asleep."""
    told = {_mistake(problem) for problem in awake.problems}
    new = [p for p in asleep.problems if _mistake(p) not in told] if asleep else ()
    return (*awake.problems, *new)


def _mistake(problem: Problem) -> tuple[object, ...]:
    """Where and of what kind; without a place only its words distinguish it."""
    words = "" if problem.place else problem.message
    return problem.rule, problem.place, words, _KEY.sub("", problem.address)


def _unaccounted(stack: StackDraft, division: Division) -> Iterable[Problem]:
    """
    No sleeper is left out of a spec in silence, whatever the reason.

    Each that is not whole has an error of its own or somewhere in what it needs. This is the last
    net below those who report it: it finds nothing as long as they do.
    """
    lacking = [(gone.address, gone.place) for gone in division.gone]
    lacking += [
        (draft.address, draft.instance.place)
        for draft in stack.drafts.values()
        if not draft.filling.sound
    ]
    for address, place in lacking:
        yield Problem(
            level=Level.ERROR,
            rule="not-evaluated",
            message="could not be evaluated, and no error says why; the spec would lack it",
            place=place,
            address=address,
        )


def _any_error(problems: Iterable[Problem]) -> bool:
    return any(problem.level is Level.ERROR for problem in problems)


def _check_name(name: str) -> Iterable[Problem]:
    if not STACK_NAME.fullmatch(name):
        yield Problem(
            level=Level.ERROR,
            rule="stack-name",
            message=f"the folder's name is the stack's, and \"{name}\" cannot be one: expected "
            f'{EXPECTED}; give --stack NAME, or write it into the files: variable "{VARIABLE}" '
            '{ default = { name = "NAME" } }',
        )


def _nothing_sleeps(division: Division, asleep: World | None) -> Iterable[Problem]:
    balancers = [
        division.kept[address]
        for address in division.others
        if address in division.kept and KINDS[division.kept[address].type] is Kind.LOAD_BALANCER
    ]
    if not division.sleepers and balancers:
        yield _other_balancers_only(division, min(balancers, key=lambda found: found.place))
    elif not division.sleepers:
        reason = (
            f"nothing depends on var.{AWAKE}; write count = var.{AWAKE} ? 1 : 0 where it should"
            if asleep
            else "it has no load balancer, target group, listener or service"
        )
        yield Problem(
            level=Level.WARNING,
            rule="nothing-sleeps",
            message=f"nothing of this directory is put to sleep: {reason}",
        )


def _other_balancers_only(division: Division, balancer: ResourceInstance) -> Problem:
    type_ = division.others[balancer.address]
    return Problem(
        level=Level.ERROR,
        rule="nothing-sleeps",
        message=f"nothing of this directory can sleep: dormouse wakes network load balancers and "
        f'ECS services, and this load balancer is of type "{type_}", whose address changes '
        'each time it is made; set load_balancer_type = "network" with an Elastic IP in its '
        "subnet_mapping, or give the directory that has the ECS service",
        place=balancer.place,
        address=balancer.address,
    )


def _sorted(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Each problem once, by file and line; those without a place first."""
    once = list(dict.fromkeys(problems))
    wrong = {p.place for p in once if p.level is Level.ERROR}
    once = [p for p in once if p.rule != MISSING_FILE or p.place not in wrong]
    lacking = {(p.place, p.message): p for p in reversed(once) if p.rule == FILE}
    once = [p for p in once if p.rule != FILE or lacking[p.place, p.message] is p]
    return tuple(sorted(once, key=lambda p: (p.place.file, p.place.line) if p.place else ("", 0)))
