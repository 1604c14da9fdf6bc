"""
What CloudFormation makes of `template.yaml`: translated, conditions decided, references filled.

    deployed = deploy({"NotifyEmail": "team@example.com"})
    deployed["Api"]["Properties"]["FunctionName"]          # "dormouse-api"

Resources that a condition leaves out are not there. Names that AWS would choose are made up.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from copy import deepcopy
from functools import lru_cache
from pathlib import Path
from typing import Any

import boto3
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from samtranslator.yaml_helper import yaml_parse

ROOT = Path(__file__).resolve().parents[2]
REGION, ACCOUNT, STACK = "us-east-1", "123456789012", "dormouse"

_PSEUDO = {
    "AWS::AccountId": ACCOUNT,
    "AWS::Partition": "aws",
    "AWS::Region": REGION,
    "AWS::StackName": STACK,
}
_NOTHING = object()
"""AWS::NoValue: a property or a member of a list that is left out."""


def read() -> dict[str, Any]:
    """The template as it stands in the file, in SAM's own reading."""
    return yaml_parse((ROOT / "template.yaml").read_text())


def translate(template: Mapping[str, Any]) -> dict[str, Any]:
    """Let SAM's transform turn a SAM template into a CloudFormation template."""
    template = deepcopy(dict(template))
    # The transform takes uploaded code only; what `sam deploy` would have filled in.
    template["Globals"]["Function"]["CodeUri"] = "s3://artifacts/code.zip"
    session = boto3.Session(region_name=REGION)
    translated: dict[str, Any] = Translator({}, Parser(), boto_session=session).translate(
        template, {}
    )
    return translated


@lru_cache(maxsize=1)
def _translated() -> dict[str, Any]:
    return translate(read())


def deploy(parameters: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The resources that a deployment with these parameters has, by logical name."""
    return resolve(_translated(), parameters or {})["Resources"]


def outputs() -> dict[str, Any]:
    return resolve(_translated(), {})["Outputs"]


def resolve(template: Mapping[str, Any], parameters: Mapping[str, str]) -> dict[str, Any]:
    """Fill in a translated template; raises KeyError for a name or function that is not known."""
    return _Resolver(template, parameters).result()


class _Resolver:
    def __init__(self, template: Mapping[str, Any], parameters: Mapping[str, str]) -> None:
        self._template = template
        self._values: dict[str, Any] = dict(_PSEUDO)
        for name, declared in template["Parameters"].items():
            value = str(parameters.get(name, declared.get("Default")))
            is_list = declared["Type"] == "CommaDelimitedList"
            self._values[name] = value.split(",") if is_list else value

    def result(self) -> dict[str, Any]:
        resources = {
            name: resource
            for name, resource in self._template["Resources"].items()
            if "Condition" not in resource or self._decide(resource["Condition"])
        }
        return {
            "Resources": {name: self._fill(resource) for name, resource in resources.items()},
            "Outputs": self._fill(self._template["Outputs"]),
        }

    def _decide(self, condition: str) -> bool:
        return bool(self._fill(self._template["Conditions"][condition]))

    def _fill(self, value: Any) -> Any:
        if isinstance(value, list):
            return [v for v in map(self._fill, value) if v is not _NOTHING]
        if not isinstance(value, Mapping):
            return value
        if len(value) == 1:
            (name, argument) = next(iter(value.items()))
            if name == "Ref" or name.startswith("Fn::"):
                return self._call(name, argument)
        filled = {key: self._fill(v) for key, v in value.items()}
        return {key: v for key, v in filled.items() if v is not _NOTHING}

    def _call(self, function: str, argument: Any) -> Any:
        match function:
            case "Ref":
                return self._ref(argument)
            case "Fn::GetAtt":
                logical, _, attribute = (
                    argument if isinstance(argument, str) else ".".join(argument)
                ).partition(".")
                return self._attribute(logical, attribute)
            case "Fn::Sub":
                return re.sub(r"\$\{([^!}]+)\}", lambda m: self._substitute(m[1]), argument)
            case "Fn::If":
                return self._fill(argument[1 if self._decide(argument[0]) else 2])
            case "Fn::Equals":
                first, second = self._fill(argument)
                return str(first) == str(second)
            case "Fn::Not":
                return not self._fill(argument)[0]
            case "Fn::Join":
                return argument[0].join(self._fill(argument[1]))
        raise KeyError(f"{function} is not known here")

    def _substitute(self, name: str) -> str:
        logical, dot, attribute = name.partition(".")
        return str(self._attribute(logical, attribute) if dot else self._ref(name))

    def _ref(self, name: str) -> Any:
        if name == "AWS::NoValue":
            return _NOTHING
        if name in self._values:
            return self._values[name]
        resource = self._template["Resources"][name]
        if resource["Type"] == "AWS::SNS::Topic":
            return _arn("sns", f"{STACK}-{name}")
        return self._name(name)

    def _name(self, logical: str) -> str:
        properties = self._template["Resources"][logical].get("Properties", {})
        for key in ("FunctionName", "LogGroupName"):
            if key in properties:
                return str(self._fill(properties[key]))
        return f"{STACK}-{logical}"

    def _attribute(self, logical: str, attribute: str) -> str:
        name = self._name(logical)
        match self._template["Resources"][logical]["Type"], attribute:
            case "AWS::DynamoDB::Table", "Arn":
                return _arn("dynamodb", f"table/{name}")
            case "AWS::Lambda::Function", "Arn":
                return _arn("lambda", f"function:{name}")
            case "AWS::Lambda::Url", "FunctionUrl":
                return f"https://{name.lower()}.lambda-url.{REGION}.on.aws/"
            case "AWS::Logs::LogGroup", "Arn":
                return _arn("logs", f"log-group:{name}:*")
            case "AWS::IAM::Role", "Arn":
                return f"arn:aws:iam::{ACCOUNT}:role/{name}"
        raise KeyError(f"{logical}.{attribute} is not known here")


def _arn(service: str, resource: str) -> str:
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}"
