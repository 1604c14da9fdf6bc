"""
Days whose messages are really published: to SNS, and from there to a queue that can be read.

The notifier is the controller's own, as `bootstrap` makes it by the environment of template.yaml.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from controller.bootstrap import Controller, bootstrap
from controller.links import Keys, make_secret
from controller.reconcile.side_by_side import one_by_one
from system.days import Days

KEYS = "/dormouse/dormouse/keys"
URL = "https://abc.lambda-url.us-east-1.on.aws/"


@dataclass
class Log:
    """Level, message and facts of each line."""

    lines: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)

    def info(self, message: str, **facts: Any) -> None:
        self.lines.append(("info", message, facts))

    def warning(self, message: str, **facts: Any) -> None:
        self.lines.append(("warning", message, facts))

    @property
    def said(self) -> list[str]:
        return [message for _, message, _ in self.lines]


@dataclass(frozen=True)
class Mail:
    at: str
    subject: str
    body: str
    attributes: dict[str, str]

    @property
    def kind(self) -> str:
        return self.attributes["kind"]


class PostOffice:
    """A topic with one subscribed queue, the keys of the links, and a controller that tells."""

    def __init__(self, day: Days, **environment: str) -> None:
        self.day = day
        self.log = Log()
        session = day.aws.session()
        self.sns, self._sqs = session.client("sns"), session.client("sqs")
        self.topic = self.sns.create_topic(Name="dormouse")["TopicArn"]
        self._queue = self._sqs.create_queue(QueueName="mail")["QueueUrl"]
        arn = "arn:aws:sqs:us-east-1:123456789012:mail"
        self.sns.subscribe(TopicArn=self.topic, Protocol="sqs", Endpoint=arn)
        self.keys = Keys(secrets=(make_secret(day.now, secrets.token_hex),))
        session.client("ssm").put_parameter(
            Name=KEYS, Value=json.dumps(self.keys.to_json()), Type="SecureString"
        )
        day.aws.answer_with(
            "lambda", "GetFunctionUrlConfig", lambda params: {"FunctionUrl": URL, **params}
        )
        self.environment = {
            "DORMOUSE_TABLE": "dormouse",
            "DORMOUSE_CONTROLLER": "controller",
            "DORMOUSE_TOPIC_ARN": self.topic,
            "DORMOUSE_KEYS_PARAMETER": KEYS,
            "DORMOUSE_API": "dormouse-api",
            **environment,
        }
        day.controller = self.controller()

    def controller(self, **parts: Any) -> Controller:
        """A fresh one; `parts` stand in for those of its notifier."""
        made = bootstrap(
            self.environment,
            session=self.day.aws.session(),
            clock=self.day.aws.clock,
            side_by_side=one_by_one,
            rehearses=False,
            log=self.log,
        )
        return replace(made, notify=replace(made.notify, **parts))  # type: ignore[type-var]

    def mails(self) -> list[Mail]:
        """What has come since the last time, in the order in which it was sent."""
        found: list[Mail] = []
        while True:
            reply = self._sqs.receive_message(QueueUrl=self._queue, MaxNumberOfMessages=10)
            if not reply.get("Messages"):
                return sorted(found, key=lambda mail: mail.at)
            for message in reply["Messages"]:
                found.append(self._mail(json.loads(message["Body"])))
                self._sqs.delete_message(
                    QueueUrl=self._queue, ReceiptHandle=message["ReceiptHandle"]
                )

    def _mail(self, notification: dict[str, Any]) -> Mail:
        sent_at = datetime.fromisoformat(notification["Timestamp"])
        return Mail(
            at=self.day.local(sent_at),
            subject=notification["Subject"],
            body=notification["Message"],
            attributes={n: a["Value"] for n, a in notification["MessageAttributes"].items()},
        )
