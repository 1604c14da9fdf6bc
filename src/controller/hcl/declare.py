"""From top-level blocks to declarations (HCL semantics §13, §15, §17, §20)."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterable, Mapping

from controller.domain.problem import Place, Problem
from controller.hcl.block_parts import (
    check_name,
    conditions_of,
    constant,
    flag,
    list_of,
    name_of,
    repetition_of,
    without,
)
from controller.hcl.block_rules import RULES, check_block
from controller.hcl.declarations import (
    Backend,
    Declarations,
    Local,
    ModuleCall,
    Output,
    Provider,
    RequiredProvider,
    Resource,
    ResourceKey,
    Variable,
)
from controller.hcl.declare_resource import read_resource
from controller.hcl.declare_variable import read_variable
from controller.hcl.errors import HclError
from controller.hcl.required_providers import read_required_providers
from controller.hcl.required_version import check_required_version
from controller.hcl.syntax import Argument, BlockSyntax, Reference
from controller.hcl.types import DYNAMIC, STRING

# An absolute path, a scheme, a known host, or [HOST/]NAMESPACE/NAME/PROVIDER in a registry.
_REMOTE_SOURCE = re.compile(
    r"/|[\w-]+::|[\w+-]+://|git@|(?:github\.com|bitbucket\.org)/"
    r"|(?:[\w.-]+\.[\w.-]+(?::\d+)?/)?[\w-]+/[\w-]+/[\w-]+(?://.*)?$"
)
_RESERVED = frozenset(
    {"source", "version", "providers", "count", "for_each", "lifecycle", "depends_on", "locals"}
)
_MODULE_META = frozenset({"source", "version", "providers", "count", "for_each", "depends_on"})
_BUILT_IN = {"managed": "terraform_data", "data": "terraform_remote_state"}


def declare(blocks: Iterable[BlockSyntax]) -> tuple[Declarations, list[Problem]]:
    """Take the blocks of one module apart; what is wrong with one does not hide the others."""
    declarer = _Declarer()
    for block in blocks:
        declarer.take(block)
    return declarer.result(), declarer.problems


class _Declarer:
    """The declarations of one module. Its size: one method for each type of block."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self._variables: dict[str, Variable] = {}
        self._locals: dict[str, Local] = {}
        self._outputs: dict[str, Output] = {}
        self._resources: dict[ResourceKey, Resource] = {}
        self._modules: dict[str, ModuleCall] = {}
        self._providers: dict[str, Provider] = {}
        self._checks: list[BlockSyntax] = []
        self._backend: Backend | None = None
        self._required: list[RequiredProvider] = []
        self._broken: set[tuple[str, ...]] = set()
        self._readers: dict[str, Callable[[BlockSyntax], None]] = {
            "variable": self._variable,
            "locals": self._local_values,
            "output": self._output,
            "module": self._module,
            "resource": self._resource,
            "data": self._resource,
            "provider": self._provider,
            "check": self._check,
            "moved": _check_addresses,
            "removed": _check_addresses,
            "terraform": self._terraform,
            "ephemeral": self._resource,
        }

    def result(self) -> Declarations:
        return Declarations(
            variables=self._variables,
            locals=self._locals,
            outputs=self._outputs,
            resources=self._resources,
            modules=self._modules,
            providers=self._providers,
            checks=tuple(self._checks),
            backend=self._backend,
            required_providers=tuple(self._required),
            broken=frozenset(self._broken),
        )

    def take(self, block: BlockSyntax) -> None:
        rule = RULES.get(block.type)
        if rule is None:
            self._report(
                HclError(
                    "unsupported-block",
                    f'"{block.type}" is no block that Terraform knows',
                    place=block.place,
                )
            )
            return
        errors = list(check_block(block, rule))
        reader = self._readers.get(block.type)
        if not errors and reader is not None:
            try:
                reader(block)
            except HclError as refused:
                errors.append(refused)
        if errors:
            self._broken.add((block.type, *block.labels))
        for error in errors:
            self._report(error)

    def _report(self, error: HclError) -> None:
        self.problems.append(error.as_problem())

    def _once(self, known: Iterable[object], key: object, what: str, place: Place) -> None:
        if key in known:
            raise HclError("duplicate", f"{what} is declared already", place=place)

    def _variable(self, block: BlockSyntax) -> None:
        name = name_of(block, 0)
        self._once(self._variables, name, f'variable "{name}"', block.place)
        if name in _RESERVED:
            raise HclError("reserved", f'"{name}" cannot name a variable', place=block.place)
        # Declared first and filled later: using a broken one is not a second error.
        self._variables[name] = Variable(name=name, place=block.place)
        self._variables[name] = read_variable(name, block)

    def _local_values(self, block: BlockSyntax) -> None:
        for argument in block.body.arguments.values():
            try:
                check_name(argument.name, argument.place)
                what = f'local "{argument.name}"'
                self._once(self._locals, argument.name, what, argument.place)
            except HclError as error:
                self._report(error)
                continue
            self._locals[argument.name] = Local(
                name=argument.name, place=argument.place, expression=argument.expression
            )

    def _output(self, block: BlockSyntax) -> None:
        name = name_of(block, 0)
        self._once(self._outputs, name, f'output "{name}"', block.place)
        arguments = block.body.arguments
        constant(arguments.get("description"), STRING)
        self._outputs[name] = Output(
            name=name,
            place=block.place,
            expression=arguments["value"].expression,
            sensitive=flag(arguments.get("sensitive")),
            ephemeral=flag(arguments.get("ephemeral")),
            preconditions=conditions_of(block.body, "precondition"),
            depends_on=list_of(arguments.get("depends_on")),
        )

    def _module(self, block: BlockSyntax) -> None:
        name = name_of(block, 0)
        self._once(self._modules, name, f'module "{name}"', block.place)
        arguments = block.body.arguments
        source, unread = _source(arguments["source"])
        if unread is None:
            _check_source(source, arguments)
        version = constant(arguments.get("version"), STRING)
        providers = arguments.get("providers")
        self._modules[name] = ModuleCall(
            name=name,
            place=block.place,
            source=source,
            source_place=arguments["source"].place,
            body=without(block.body, _MODULE_META, frozenset()),
            repetition=repetition_of(block.body),
            depends_on=list_of(arguments.get("depends_on")),
            providers=providers.expression if providers else None,
            version="" if version is None or version.is_null else str(version.data),
            unread=unread,
        )

    def _resource(self, block: BlockSyntax) -> None:
        mode = "managed" if block.type == "resource" else block.type
        type_, name = name_of(block, 0), name_of(block, 1)
        key = (mode, type_, name)
        built_in = _BUILT_IN.get(mode)
        if type_.startswith("terraform_") and type_ != built_in:
            raise HclError(
                "unsupported-block",
                f'Terraform has no {block.type} "{type_}"'
                + (f', only "{built_in}"' if built_in else ""),
                place=block.place,
            )
        self._once(self._resources, key, f'{block.type} "{type_}" "{name}"', block.place)
        self._resources[key] = read_resource(mode, type_, name, block)

    def _provider(self, block: BlockSyntax) -> None:
        name = name_of(block, 0)
        alias = constant(block.body.arguments.get("alias"), STRING)
        version = constant(block.body.arguments.get("version"), STRING)
        if version is not None and not version.is_null:
            self._required.append(RequiredProvider(name, f"hashicorp/{name}", str(version.data)))
        provider = Provider(
            name=name,
            alias=alias.data if alias else None,
            place=block.place,
            body=without(block.body, frozenset({"alias", "version"}), frozenset()),
        )
        self._once(self._providers, provider.address, f'provider "{provider.address}"', block.place)
        self._providers[provider.address] = provider

    def _check(self, block: BlockSyntax) -> None:
        if not block.body.of_type("assert"):
            raise HclError("syntax", "a check needs at least one assert block", place=block.place)
        self._checks.append(block)

    def _terraform(self, block: BlockSyntax) -> None:
        for inner in block.body.blocks:
            if inner.type in ("backend", "cloud"):
                self._backend = _backend(inner)
        required = block.body.arguments.get("required_version")
        version = constant(required, STRING)
        for providers in block.body.of_type("required_providers"):
            self._required.extend(read_required_providers(providers.body))
        if required and version and not version.is_null:
            unfit = check_required_version(version.data, required.place)
            self.problems += [unfit] if unfit else []


def _backend(block: BlockSyntax) -> Backend:
    """Where the state is; values that are not constants (OpenTofu allows them) are left out."""
    arguments = {}
    for name, argument in block.body.arguments.items():
        with contextlib.suppress(HclError):
            value = constant(argument, DYNAMIC)
            if value is not None and isinstance(value.data, str):
                arguments[name] = value.data
    return Backend(block.labels[0] if block.type == "backend" else "cloud", arguments)


def _check_addresses(block: BlockSyntax) -> None:
    for name in ("from", "to"):
        argument = block.body.arguments.get(name)
        if argument and not isinstance(argument.expression, Reference):
            raise HclError("reference", f"{name} takes an address", place=argument.place)


def _source(argument: Argument) -> tuple[str, HclError | None]:
    """
    The text, or why there is none.

    A source may refer to variables (Terraform 1.15, OpenTofu 1.8). It is laid under its call's name
    all the same, so that the error only counts where it is not.
    """
    try:
        source = constant(argument, STRING)
    except HclError as error:
        return "", error
    if source is None or source.is_null:
        raise HclError("module-source", "the source is null", place=argument.place)
    return str(source.data), None


def _check_source(source: str, arguments: Mapping[str, Argument]) -> None:
    local = source.startswith(("./", "../"))
    place = arguments["source"].place
    if local and "version" in arguments:
        raise HclError("module-source", "a module in a local folder has no version", place=place)
    if not local and not _REMOTE_SOURCE.match(source):
        raise HclError(
            "module-source",
            f'"{source}" is no source of a module; a local folder begins with ./ or ../',
            place=place,
        )
