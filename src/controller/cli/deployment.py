"""
The controller that was deployed, as the command line finds it.

Its parts have names that follow from the deployment's (template.yaml); only the table and the
wake URL are asked of CloudFormation. The environment that the functions get (DORMOUSE_TABLE,
DORMOUSE_CONTROLLER, DORMOUSE_KEYS_PARAMETER) is taken here too, and then nothing is asked.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.core import ParameterSource

from controller.cli.session import open_clock, open_session
from controller.domain.dataclass import dataclass, field
from controller.domain.errors import PermanentError
from controller.domain.ports import Clock
from controller.settings import DEPLOYMENT

if TYPE_CHECKING:
    from controller.aws.clients import Clients
    from controller.store.table import Table

_REMEDY = (
    "deploy it (dormouse deploy), name another (--deployment), or set AWS_PROFILE and AWS_REGION "
    "to where it is"
)

Command = TypeVar("Command", bound=Callable[..., Any])


@dataclass(frozen=True)
class Deployment:
    """
    One deployed controller. Nothing is opened or asked before it is needed, and then once.

    `chosen`: somebody named it for this command, which counts more than the environment.

    Its size: one property for each part of a deployment, opened when a command first needs it.
    """

    name: str = DEPLOYMENT
    chosen: bool = False
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ)

    @cached_property
    def clients(self) -> Clients:
        """Those of the account and region that the SDK's settings name."""
        from controller.aws.clients import Clients

        return Clients(open_session(), region=None)

    @cached_property
    def clock(self) -> Clock:
        return open_clock()

    @cached_property
    def table_name(self) -> str:
        return self._said("DORMOUSE_TABLE") or self._output("Table")

    @cached_property
    def wake_url(self) -> str:
        """Where wake links begin."""
        return self._output("WakeUrl")

    @cached_property
    def door_url(self) -> str:
        """Where doors begin."""
        return self._output("DoorUrl")

    @property
    def controller(self) -> str:
        """The function that runs the passes."""
        return self._said("DORMOUSE_CONTROLLER") or f"{self.name}-controller"

    @property
    def keys_parameter(self) -> str:
        """The SSM parameter with the keys of the links."""
        return self._said("DORMOUSE_KEYS_PARAMETER") or f"/dormouse/{self.name}/keys"

    @cached_property
    def table(self) -> Table:
        from controller.store.table import Table

        return Table(self.clients.dynamodb, self.table_name)

    def account(self) -> str:
        """The number of the account that the controller is in; asking needs no right."""
        with self.reaching("find out which account this is"):
            arn = str(self.clients.sts.get_caller_identity()["Arn"])
        return arn.split(":")[4]

    @contextmanager
    def reaching(self, what: str) -> Iterator[None]:
        """Say in one line why AWS could not be asked; `what`: 'read the records of "api"'."""
        from botocore.exceptions import BotoCoreError, ClientError

        from controller.aws.errors import code_of, translate

        try:
            yield
        except (BotoCoreError, ClientError) as error:
            if code_of(error) == "ResourceNotFoundException" and _is_of_table(error):
                raise self._no_table(what) from None
            raise translate(error, what) from None

    def start_pass(self, stack: str) -> str:
        """Have the controller look at a stack now; why not, if it cannot be reached, or ""."""
        from botocore.exceptions import BotoCoreError, ClientError

        from controller.aws.start_pass import start_pass

        try:
            start_pass(self.clients.get("lambda"), self.controller, stack)
        except (BotoCoreError, ClientError) as error:
            return " ".join(str(error).split())
        return ""

    def _said(self, name: str) -> str | None:
        return None if self.chosen else self.environment.get(name) or None

    def _output(self, name: str) -> str:
        found = self._outputs.get(name)
        if not found:
            raise PermanentError(
                f'the CloudFormation stack "{self.name}" has no output "{name}", so it is no '
                f"controller of this release; deploy it again, or name another (--deployment)"
            )
        return found

    @cached_property
    def _outputs(self) -> Mapping[str, str]:
        what = f'find the deployment "{self.name}"'
        with self.reaching(what):
            from botocore.exceptions import ClientError

            client = self.clients.cloudformation
            try:
                stacks = client.describe_stacks(StackName=self.name)["Stacks"]
            except ClientError as error:
                if "does not exist" not in str(error):
                    raise
                region = client.meta.region_name
                raise PermanentError(
                    f'there is no deployment "{self.name}" in this account and {region}; {_REMEDY}'
                ) from None
        outputs = stacks[0].get("Outputs", ())
        return {each["OutputKey"]: each["OutputValue"] for each in outputs}

    def _no_table(self, what: str) -> PermanentError:
        region = self.clients.dynamodb.meta.region_name
        origin = "DORMOUSE_TABLE" if self._said("DORMOUSE_TABLE") else f'deployment "{self.name}"'
        return PermanentError(
            f'cannot {what}: there is no table "{self.table_name}" ({origin}) in this account and '
            f"{region}; {_REMEDY}"
        )


def deployment_option(command: Command) -> Command:
    """Declare --deployment; the command gets what it names as `deployment`."""
    return click.option(
        "--deployment",
        envvar="DORMOUSE_DEPLOYMENT",
        default=DEPLOYMENT,
        show_default=True,
        metavar="NAME",
        callback=_open,
        help="The CloudFormation stack that the controller was deployed as.",
    )(command)


def _open(ctx: click.Context, parameter: click.Parameter, name: str) -> Deployment:
    chosen = ctx.get_parameter_source("deployment") is ParameterSource.COMMANDLINE
    return Deployment(name, chosen=chosen)


def _is_of_table(error: Exception) -> bool:
    return getattr(error, "operation_name", "") in {
        "DeleteItem",
        "GetItem",
        "PutItem",
        "Query",
        "TransactWriteItems",
        "UpdateItem",
    }
