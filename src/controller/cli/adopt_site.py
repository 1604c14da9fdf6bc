"""The directory of `dormouse adopt`: how it is compiled, and where Terraform's state of it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import click

from controller.cli.inputs import NO_STATE, STATE, InputError, read_inputs, sets
from controller.cli.session import on_laptop
from controller.cli.state import absolute, state_finder
from controller.hcl.directory import Configuration, read
from controller.mapping.assemble import AWAKE
from controller.mapping.compile import Compiled, compile_stack
from controller.terraform.changing import Terraform
from controller.terraform.local_state import local_state, settled_backend
from controller.terraform.recognise import read_state
from controller.terraform.run import TerraformError
from controller.terraform.state import State, StateError

_LAPTOP = {"AWS_ACCESS_KEY_ID": "laptop", "AWS_SECRET_ACCESS_KEY": "laptop"}


class Site:
    """One directory with the command's Terraform options."""

    def __init__(self, ctx: click.Context, directory: Path, stack: str | None) -> None:
        self._ctx = ctx
        self._directory = directory
        self._stack = stack
        self._inputs = read_inputs(ctx, directory=directory)
        if sets(self._inputs, AWAKE):
            raise InputError(
                f"-var {AWAKE} or TF_VAR_{AWAKE} is set; adopt looks at both worlds, so leave "
                "it out"
            )

    def read(self) -> Configuration:
        return read(self._directory, self._inputs.environment.get("TF_DATA_DIR"))

    def compile(self, directory: Path) -> Compiled:
        """The directory itself, or a copy of it that lies elsewhere."""
        return compile_stack(
            directory,
            self._inputs,
            datetime.now(UTC),
            stack=self._stack,
            find_state=state_finder(self._ctx, directory, self._inputs),
        )

    def terraform(self, configuration: Configuration) -> Terraform:
        return Terraform(
            self._directory,
            [f"-{kind}={absolute(kind, text)}" for kind, text in self._inputs.options],
            self._environment(),
            self._local_state(configuration),
        )

    def state(self, configuration: Configuration) -> bytes:
        """
        The state as it is now; empty where there is none, or none that can be reached.

        Raises InputError for one that is elsewhere while nothing says how to reach it.
        """
        if self._ctx.meta.get(NO_STATE):
            return b""
        terraform = self.terraform(configuration)
        if terraform.local_state:
            return terraform.local_state.read_bytes()
        backend = settled_backend(
            self._directory, configuration.root.declarations.backend, self._inputs.environment
        )
        if backend is None or backend.type == "local":
            return b""
        if terraform.installed and (terraform.initialised or not self._given()):
            return self._pull(terraform, backend.type)
        if self._given():
            return b""
        raise InputError(
            f"{self._directory}: its state is elsewhere (backend {backend.type}), and terraform is "
            "not on the PATH; install it, or give --state FILE (what `terraform state pull` "
            "prints), or --no-state where nothing has been applied yet"
        )

    def made(self, configuration: Configuration, state: bytes) -> State | None:
        """What Terraform has made, by its own state or else by the file of --state."""
        if state.strip():
            local = self._local_state(configuration)
            return _read(state, local) if local else read_state(state, "Terraform's state")
        if not self._given():
            return None
        given, _ = state_finder(self._ctx, self._directory, self._inputs)(configuration)
        return None if given is None or given.plan else given

    def _pull(self, terraform: Terraform, backend: str) -> bytes:
        try:
            return terraform.pull()
        except TerraformError as error:
            raise TerraformError(
                f"{error}; its state is elsewhere (backend {backend}); give --no-state if nothing "
                "has been applied yet",
                input_wrong=error.input_wrong,
            ) from None

    def _local_state(self, configuration: Configuration) -> Path | None:
        backend = configuration.root.declarations.backend
        workspace, environment = self._inputs.workspace, self._inputs.environment
        return local_state(self._directory, backend, workspace, environment)

    def _given(self) -> bool:
        return self._ctx.meta.get(STATE) is not None

    def _environment(self) -> Mapping[str, str]:
        """The simulated AWS takes any key, but Terraform's provider wants one."""
        environment = self._inputs.environment
        return {**_LAPTOP, **environment} if on_laptop() else environment


def _read(state: bytes, file: Path) -> State:
    """Raises InputError, which names the file, for one that cannot be read."""
    try:
        return replace(read_state(state, str(file)), shown_as=file.name)
    except StateError as error:
        raise InputError(str(error)) from None
