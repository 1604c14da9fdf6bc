"""The wake URL's function: for now it answers that it lives."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler import LambdaFunctionUrlResolver, Response

logger = Logger()
app = LambdaFunctionUrlResolver()


@app.get("/healthz")
def healthz() -> Response[str]:
    return Response(status_code=200, content_type="text/plain", body="ok")


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer one request of the Function URL."""
    return app.resolve(event, context)
