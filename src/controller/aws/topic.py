"""The SNS topic that people and programs are subscribed to."""

from __future__ import annotations

from botocore.exceptions import ParamValidationError

from controller.aws.clients import Clients
from controller.aws.errors import code_of, translate
from controller.domain.errors import MessageRefusedError
from controller.domain.notification.messages import Message

_REFUSED = frozenset({"InvalidParameter", "ParameterValueInvalid", "InvalidParameterValue"})
"""Source: SNS API reference, Publish, "Errors"."""


class Topic:
    def __init__(self, clients: Clients, arn: str) -> None:
        self._clients = clients
        self._arn = arn

    def publish(self, message: Message) -> None:
        """
        Hand a message to everybody who is subscribed. Raises DormouseError, and where it is this
        message that SNS does not take, MessageRefusedError.

        Its attributes are for filter policies; `id` is the same if it is ever sent again.
        """
        event = message.event
        attributes = {
            "stack": event.stack,
            "kind": str(event.kind),
            "level": str(message.level),
            "id": event.id,
        }
        if event.facts.get("owner"):
            attributes["owner"] = str(event.facts["owner"])
        try:
            self._clients.get("sns").publish(
                TopicArn=self._arn,
                Subject=message.subject,
                Message=message.body,
                MessageAttributes={
                    name: {"DataType": "String", "StringValue": value}
                    for name, value in attributes.items()
                },
            )
        except ParamValidationError as error:
            raise MessageRefusedError(f"SNS does not take this message: {error}") from error
        except Exception as error:
            if code_of(error) in _REFUSED:
                raise MessageRefusedError(f"SNS does not take this message: {error}") from error
            raise translate(error, "publish to the topic") from error
