"""
AWS's wire protocols, read and written from botocore's own service models.

Query and EC2 (XML), JSON 1.1 and Smithy's RPC v2 CBOR, for the services that are played here;
moto's parsers and serializers do the first three, botocore's the last.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

from botocore.parsers import RpcV2CBORParser
from botocore.serialize import RpcV2CBORSerializer
from botocore.utils import parse_timestamp
from botocore.validate import ParamValidator
from moto.core.parse import PROTOCOL_PARSERS
from moto.core.serialize import SERIALIZERS, SerializationContext
from moto.core.utils import get_service_model
from werkzeug.datastructures import MultiDict

from controller.domain.dataclass import dataclass
from local.errors import AwsError

CREDENTIAL = re.compile(r"Credential=[^/]*/\d{8}/([^/]+)/([^/]+)/aws4_request")
CBOR_PATH = re.compile(r"/service/([^/]+)/operation/([^/]+)$")

BY_TARGET = {
    "AmazonEC2ContainerServiceV20141113": "ecs",
    "GraniteServiceVersion20100801": "cloudwatch",
    "AnyScaleFrontendService": "application-autoscaling",
    "ServiceQuotasV20190624": "service-quotas",
}
BY_VERSION = {
    "2015-12-01": "elbv2",
    "2016-11-15": "ec2",
    "2010-08-01": "cloudwatch",
    "2010-05-15": "cloudformation",
}
"""API version of a query to the service; 2012-06-01 is the classic load balancer's."""

XML, JSON, CBOR = "text/xml", "application/x-amz-json-1.1", "application/cbor"


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Request:
    """A call as it came over the wire; `service` is "" where it is not one that we play."""

    service: str
    operation: str
    protocol: str
    region: str | None
    scope: str
    body: bytes
    form: Mapping[str, list[str]]


def read(path: str, headers: Mapping[str, str], body: bytes) -> Request:
    """Find out which service gets which call, from the path, the headers, and a form's fields."""
    given = {name.lower(): value for name, value in headers.items()}
    match = CREDENTIAL.search(given.get("authorization", ""))
    region, scope = match.groups() if match else (None, "")
    path, _, query = path.partition("?")
    target, _, operation = given.get("x-amz-target", "").partition(".")
    cbor = CBOR_PATH.search(path)
    form: dict[str, list[str]] = {}
    if cbor:
        service, protocol = BY_TARGET.get(cbor[1], ""), "smithy-rpc-v2-cbor"
        operation = cbor[2]
    elif target:
        service, protocol = BY_TARGET.get(target, ""), "json"
    else:
        form = parse_qs(body.decode("utf-8", "replace") or query, keep_blank_values=True)
        operation = form.get("Action", [""])[0]
        service = BY_VERSION.get(form.get("Version", [""])[0], "") if operation else ""
        protocol = "ec2" if service == "ec2" else "query" if operation else "rest"
    return Request(service, operation, protocol, region, scope, body, form)


def params_of(request: Request) -> dict[str, Any]:
    """The parameters as a boto3 caller would have given them, checked as botocore checks them."""
    shape = _operation(request).input_shape
    if shape is None:
        return {}
    found = _parse(request, shape)
    report = ParamValidator().validate(found, shape)
    if report.has_errors():
        code = "InvalidParameterException" if request.service == "ecs" else "ValidationError"
        raise AwsError(code, report.generate_report())
    return found


def _parse(request: Request, shape: Any) -> dict[str, Any]:
    if request.protocol == "smithy-rpc-v2-cbor":
        raw = {"body": request.body, "headers": {}, "status_code": 200}
        found: dict[str, Any] = RpcV2CBORParser().parse(raw, shape)
        found.pop("ResponseMetadata", None)
        return found
    parser = PROTOCOL_PARSERS[request.protocol](
        _operation(request), timestamp_parser=parse_timestamp
    )
    values = MultiDict((key, each) for key, all_of in request.form.items() for each in all_of)
    raw_request: Any = {"values": values, "body": request.body, "headers": {}}
    parsed: dict[str, Any] = parser.parse(raw_request)
    return parsed


@lru_cache(maxsize=1024)
def _model(service: str, operation: str) -> Any:
    return get_service_model(service).operation_model(operation)


def _operation(request: Request) -> Any:
    service_model = get_service_model(request.service)
    if request.operation not in service_model.operation_names:
        raise AwsError(
            "InvalidAction", f"The action {request.operation} is not valid for this web service."
        )
    return _model(request.service, request.operation)


def write(request: Request, reply: Mapping[str, Any], request_id: str) -> Answer:
    model = _operation(request)
    if request.protocol == "smithy-rpc-v2-cbor":
        body = _cbor(reply, model.output_shape)
        return Answer(200, _headers(CBOR, request_id), body)
    serializer = SERIALIZERS[request.protocol](model, SerializationContext(request_id))
    written = serializer.serialize(reply)
    content_type = JSON if request.protocol == "json" else XML
    return Answer(200, _headers(content_type, request_id), str(written["body"]).encode())


def _cbor(value: Mapping[str, Any], shape: Any) -> bytes:
    if shape is None:
        return b"\xa0"  # an empty map
    return bytes(RpcV2CBORSerializer()._serialize_body_params(value, shape))


def _headers(content_type: str, request_id: str) -> dict[str, str]:
    headers = {"Content-Type": content_type, "x-amzn-RequestId": request_id}
    if content_type == CBOR:
        headers["smithy-protocol"] = "rpc-v2-cbor"
    return headers


def write_error(request: Request, error: AwsError, request_id: str) -> Answer:
    """An error in the words of the request's protocol; its code need not be modelled."""
    if request.protocol in ("query", "ec2"):
        body = _xml_error(request.protocol, error, request_id).encode()
        return Answer(error.status, _headers(XML, request_id), body)
    content = {"__type": error.code, "message": error.message, **error.members}
    if request.protocol in ("json", "rest"):
        headers = {**_headers(JSON, request_id), "x-amzn-ErrorType": error.code}
        return Answer(error.status, headers, json.dumps(content, default=str).encode())
    headers = _headers(CBOR, request_id)
    fault = "Receiver" if error.status >= 500 else "Sender"
    headers["x-amzn-query-error"] = f"{error.code};{fault}"
    return Answer(error.status, headers, _cbor_texts(content))


def _xml_error(protocol: str, error: AwsError, request_id: str) -> str:
    fault = "Receiver" if error.status >= 500 else "Sender"
    code, message = escape(error.code), escape(error.message)
    inner = f"<Code>{code}</Code><Message>{message}</Message>"
    if protocol == "ec2":
        return (
            f"<Response><Errors><Error>{inner}</Error></Errors>"
            f"<RequestID>{request_id}</RequestID></Response>"
        )
    return (
        f"<ErrorResponse><Error><Type>{fault}</Type>{inner}</Error>"
        f"<RequestId>{request_id}</RequestId></ErrorResponse>"
    )


def _cbor_texts(content: Mapping[str, object]) -> bytes:
    """A CBOR map of short texts (RFC 8949 §3): all that an error body holds."""
    body = bytearray([0xA0 + len(content)])
    for key, value in content.items():
        for text in (key, str(value)):
            raw = text.encode()
            body += b"\x79" + len(raw).to_bytes(2, "big") + raw
    return bytes(body)
