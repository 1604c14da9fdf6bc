"""
One module as it is called once: its variables, locals, outputs, resources and further modules.

Everything is evaluated at most once. What failed has no value, and using it raises Poisoned.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from controller.domain.dataclass import dataclass, field
from controller.hcl.access import get_attribute, get_element
from controller.hcl.attribute_paths import similar
from controller.hcl.convert import make_object, make_tuple, string
from controller.hcl.declarations import ResourceKey
from controller.hcl.errors import HclError
from controller.hcl.functions import OF_PROVIDER, CallContext
from controller.hcl.module import CallPath, Module
from controller.hcl.numbers import Number, format_number
from controller.hcl.origins import PROVIDER_FUNCTION, missing_file
from controller.hcl.references import Subject, subject_of
from controller.hcl.repetition import Expansion, Key
from controller.hcl.scope import CallingScope, UpstreamError
from controller.hcl.syntax import AttributeStep, KeyStep, Reference, Step
from controller.hcl.types import DYNAMIC
from controller.hcl.values import Origin, Pattern, Unknown, Value
from controller.hcl.world import ResourceInstance


@dataclass(frozen=True, slots=True)
class EvaluatedInstance:
    """`broken` are the attributes that have no value because of a reported error."""

    instance: ResourceInstance
    value: Value
    broken: frozenset[str] = frozenset()

    def whole(self) -> Value:
        if self.broken:
            raise UpstreamError
        return self.value


@dataclass(frozen=True, slots=True)
class EvaluatedResource:
    """`pattern` is what each instance looks like, where only AWS knows how many there are."""

    expansion: Expansion
    instances: Mapping[Key, EvaluatedInstance] = field(default_factory=dict)
    pattern: Pattern | None = None

    def resolve(self, steps: tuple[Step, ...]) -> tuple[Value, int]:
        """The value at the end of the steps, or some way along them, and their number."""
        if self.expansion.unknown:
            by = f"the {self.expansion.kind} at {self.expansion.place}"
            unknown = Unknown(self.expansion.unknown.origins, pattern=self.pattern, by=by)
            return Value(DYNAMIC, unknown), 0
        used = 0
        if self.expansion.kind:
            if not steps or not isinstance(steps[0], KeyStep):
                return self._all(), 0
            chosen = self._chosen(steps[0])
            used = 1
        else:
            chosen = self.instances[None]
        following = steps[used] if len(steps) > used else None
        if isinstance(following, AttributeStep) and following.name not in chosen.broken:
            # The rest of the resource may be broken: this part of it is not.
            try:
                return get_attribute(chosen.value, following.name), used + 1
            except HclError as error:
                raise error.at(following.place) from None
        return chosen.whole(), used

    def _all(self) -> Value:
        values = {key: instance.whole() for key, instance in self.instances.items()}
        if self.expansion.kind == "count":
            return make_tuple(values.values())
        return make_object({str(key): value for key, value in values.items()})

    def _chosen(self, step: KeyStep) -> EvaluatedInstance:
        for key, instance in self.instances.items():
            if _is_key(step.key, key):
                return instance
        # The error of an index that is not there is that of any other list or object.
        try:
            get_element(self._all(), step.key)
        except HclError as error:
            raise error.at(step.place) from None
        raise UpstreamError


def _is_key(given: Value, key: Key) -> bool:
    data = given.data
    return (format_number(data) if isinstance(data, Number) else data) == str(key)


@dataclass(frozen=True, slots=True)
class EvaluatedCall:
    """A module call: its instances by key, or None for a module that cannot be read here."""

    name: str
    address: str
    expansion: Expansion
    instances: Mapping[Key, ModuleInstance] | None

    def resolve(self, steps: tuple[Step, ...]) -> tuple[Value, int]:
        if self.instances is None:
            return self._remote(), 0
        if self.expansion.unknown:
            return Value(DYNAMIC, Unknown(self.expansion.unknown.origins)), 0
        used = 0
        if self.expansion.kind:
            if not steps or not isinstance(steps[0], KeyStep):
                return self._all(), 0
            found = [i for key, i in self.instances.items() if _is_key(steps[0].key, key)]
            if not found:
                return self._all(), 0
            chosen, used = found[0], 1
        else:
            chosen = self.instances[None]
        following = steps[used] if len(steps) > used else None
        if isinstance(following, AttributeStep):
            declared = chosen.module.declarations
            if following.name in declared.outputs:
                return chosen.output(following.name), used + 1
            if ("output", following.name) in declared.broken:
                raise UpstreamError
            raise self._no_output(following, declared.outputs)
        return chosen.all_outputs(), used

    def _no_output(self, step: AttributeStep, outputs: Iterable[str]) -> HclError:
        """
        Said here, not left to the object of all outputs.

        That object can be made only after all of the module, which a reference to one output does
        not wait for.
        """
        has = f"it has {', '.join(outputs)}" if outputs else "it has none"
        return HclError(
            "attribute",
            f'{self.address} has no output "{step.name}"{similar(step.name, outputs)}; {has}',
            place=step.place,
        )

    def _all(self) -> Value:
        values = {key: i.all_outputs() for key, i in (self.instances or {}).items()}
        if self.expansion.kind == "count":
            return make_tuple(values.values())
        return make_object({str(key): value for key, value in values.items()})

    def _remote(self) -> Value:
        origin = Origin(self.address, ())
        return Value(DYNAMIC, Unknown((origin,), (origin,)))


@dataclass(slots=True, eq=False)
class ModuleInstance:
    """
    `address` is "" for the root. A value of None is one that failed.

    `each` holds what `each` or `count` are in the arguments of the call that made it.
    """

    module: Module
    path: CallPath
    address: str
    context: CallContext
    workspace: str
    parent: ModuleInstance | None = None
    expansion_kind: str = ""
    each: tuple[Value, ...] = ()
    # This module's provider names, and what they are in the root.
    providers: dict[str, str] = field(default_factory=dict)
    variables: dict[str, Value | None] = field(default_factory=dict)
    locals: dict[str, Value | None] = field(default_factory=dict)
    outputs: dict[str, Value | None] = field(default_factory=dict)
    resources: dict[ResourceKey, EvaluatedResource | None] = field(default_factory=dict)
    calls: dict[str, EvaluatedCall | None] = field(default_factory=dict)

    def scope(
        self, kind: str = "", each: tuple[Value, ...] = (), itself: Value | None = None
    ) -> ModuleScope:
        return ModuleScope(self, kind, each, itself)

    def inside(self, address: str) -> str:
        """The full address of something in this module."""
        return f"{self.address}.{address}" if self.address else address

    def output(self, name: str) -> Value:
        return _present(self.outputs.get(name))

    def all_outputs(self) -> Value:
        return make_object({name: self.output(name) for name in self.module.declarations.outputs})


def _none_of(subject: Subject, steps: tuple[Step, ...], error: HclError) -> HclError:
    """Where the count is 0: what to write for something that is there at times."""
    name = ".".join(subject.name[subject.name[0] == "managed" :])
    name = f"module.{name}" if subject.kind == "module" else name
    rest = "".join(f".{step.name}" for step in steps[1:2] if isinstance(step, AttributeStep))
    return HclError(
        "index",
        f"there is no {name} here, since its count is 0; write one({name}[*]{rest}), which is null "
        "then, or give this the same count",
        place=error.place,
    )


def _present(value: Value | None) -> Value:
    if value is None:
        raise UpstreamError
    return value


class ModuleScope(CallingScope):
    """What names mean in one instance of a module, and in one instance of a resource in it."""

    def __init__(
        self,
        instance: ModuleInstance,
        kind: str = "",
        each: tuple[Value, ...] = (),
        itself: Value | None = None,
    ) -> None:
        super().__init__(instance.context)
        self._instance = instance
        self._kind = kind
        self._each = each
        self._itself = itself

    def call(self, name: str, arguments: list[Value]) -> Value:
        if name.startswith(PROVIDER_FUNCTION) and name not in OF_PROVIDER:
            origin = Origin(name, ())
            return Value(DYNAMIC, Unknown((origin,)))
        return super().call(name, arguments)

    def without_file(self, error: HclError) -> Value:
        """Unknown: who needs it will say so, and else it is Terraform's affair."""
        self.context.missing_files.append(error)
        return Value(DYNAMIC, Unknown((missing_file(error),)))

    def resolve(self, reference: Reference) -> tuple[Value, int]:
        subject = subject_of(reference)
        if subject.kind in ("resource", "module"):
            return self._repeated(subject, reference.steps[subject.used :])
        return self._single(subject), subject.used

    def _repeated(self, subject: Subject, steps: tuple[Step, ...]) -> tuple[Value, int]:
        found: EvaluatedResource | EvaluatedCall | None
        if subject.kind == "module":
            found = self._instance.calls.get(subject.name[0])
        else:
            mode, type_, name = subject.name
            found = self._instance.resources.get((mode, type_, name))
        if found is None:
            raise UpstreamError
        try:
            value, used = found.resolve(steps)
        except HclError as error:
            if error.kind == "index" and found.expansion.kind == "count" and not found.instances:
                raise _none_of(subject, steps, error) from None
            raise
        return value, subject.used + used

    def _single(self, subject: Subject) -> Value:
        instance = self._instance
        match subject.kind:
            case "var":
                return _present(instance.variables.get(subject.name[0]))
            case "local":
                return _present(instance.locals.get(subject.name[0]))
            case "path":
                return string(self._path(subject.name[0]))
            case "terraform":
                return string(instance.workspace)
            case "self":
                return _present(self._itself)
        return self._repetition(subject)

    def _path(self, name: str) -> str:
        if name == "module":
            return self._instance.module.shown_as
        return "." if name == "root" else str(self.context.root)

    def _repetition(self, subject: Subject) -> Value:
        """`each.key`, `each.value` or `count.index`; the static check has seen that it is one."""
        wanted = "for_each" if subject.kind == "each" else "count"
        if self._kind != wanted or not self._each:
            raise UpstreamError
        return self._each[1 if subject.name == ("value",) else 0]
