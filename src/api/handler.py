"""
The wake URL's function.

Only the router is built at import. The answer to a request without a well-formed key needs neither
AWS nor its SDK.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler import LambdaFunctionUrlResolver, Response

from api.answers import HTML, Answer, json_answer
from api.board import BOARD_METHODS, Board
from api.keyring import KeyRing, KeysUnreadableError
from api.methods import METHODS
from api.problems import (
    BROKEN,
    NOT_FOUND,
    UNAVAILABLE,
    UNSURE,
    Problem,
    RefusedError,
    not_allowed,
)
from api.request import Request, read_request
from api.routes import Routes
from api.stacks import Stacks, UnsureError
from api.wiring import clients_of, is_of_aws, required
from controller.aws.link_keys import fetch_from_ssm
from controller.clock import SystemClock
from controller.domain.ports import Clock
from controller.garbage import collect_rarely
from controller.links import STACK_NAME
from controller.notify.log_lines import as_log_line

logger = Logger(json_serializer=as_log_line)

Handle = Callable[[dict[str, Any], Any], dict[str, Any]]


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer one request of the Function URL."""
    return _handle()(event, context)


def make_handler(
    environment: Mapping[str, str], *, session: Any = None, clock: Clock | None = None
) -> Handle:
    """
    Build the function's handler; tests and the simulated AWS give a session and a clock of their
    own.

    Raises PermanentError when the environment lacks what template.yaml gives.
    """
    clock = clock or SystemClock()
    clients = clients_of(session)
    keys = required(environment, "DORMOUSE_KEYS_PARAMETER")
    stacks = Stacks(
        clients,
        required(environment, "DORMOUSE_TABLE"),
        required(environment, "DORMOUSE_CONTROLLER"),
        clock.now,
        logger,
    )
    ring = KeyRing(fetch_from_ssm(lambda: clients("ssm"), keys), stacks.withdrawn, clock.now)
    board = Board(ring, stacks, clock, _show_board, logger)
    app = _make_app(Routes(ring, stacks, clock, _show), board)
    return lambda event, context: _answer(app, event, context)


@lru_cache(maxsize=1)
def _handle() -> Handle:
    collect_rarely()
    return make_handler(os.environ)


def _answer(app: LambdaFunctionUrlResolver, event: dict[str, Any], context: Any) -> dict[str, Any]:
    began = time.perf_counter()
    logger.set_correlation_id(context.aws_request_id)
    http = event.get("requestContext", {}).get("http", {})
    reply = app.resolve(event, context)
    if http.get("method") == "HEAD":
        reply["body"] = ""
    logger.info(
        "request",
        method=ascii(str(http.get("method")))[1:-1][:10],
        path=ascii(str(event.get("rawPath")))[1:-1][:80],  # never the query: it holds the key
        status=reply["statusCode"],
        milliseconds=round((time.perf_counter() - began) * 1000, 1),
    )
    return reply


def _make_app(routes: Routes, board: Board) -> LambdaFunctionUrlResolver:
    app = LambdaFunctionUrlResolver()
    for those, table in ((routes, METHODS), (board, BOARD_METHODS)):
        for name, (path, methods) in table.items():
            app.route(path, method=list(methods))(_guarded(app, getattr(those, name)))
    app.not_found(lambda _: _respond(app, _no_such_route))
    return app


def _guarded(app: LambdaFunctionUrlResolver, route: Callable[..., Answer]) -> Callable[..., Any]:
    def call(**parts: str) -> Response[str]:
        return _respond(app, lambda request: route(request, **parts))

    return call


def _respond(app: LambdaFunctionUrlResolver, route: Callable[[Request], Answer]) -> Response[str]:
    """Every error becomes an answer; the details go to the log."""
    request = None
    try:
        request = read_request(app.current_event.raw_event)
        answer = route(request)
    except RefusedError as error:
        if error.__cause__:
            logger.exception("request failed")
        answer = _say(error.problem, request)
    except UnsureError:
        logger.exception("request failed")
        answer = _say(UNSURE, request)
    except Exception as error:
        logger.exception("request failed")
        passes = isinstance(error, KeysUnreadableError) or is_of_aws(error)
        answer = _say(UNAVAILABLE if passes else BROKEN, request)
    return Response(
        status_code=answer.status,
        content_type=answer.content_type,
        # A reply that is not UTF-8 ends the process under Lambda's runtime, which encodes the
        # reply.
        body=answer.body.encode("utf-8", "replace").decode(),
        headers={
            name: value.encode("ascii", "replace").decode()
            for name, value in answer.all_headers().items()
        },
    )


def _no_such_route(request: Request) -> Answer:
    for path, methods in (*METHODS.values(), *BOARD_METHODS.values()):
        known = re.fullmatch(path.replace("<stack>", STACK_NAME.pattern), request.path)
        if known and request.method not in methods:
            raise RefusedError(not_allowed(", ".join(methods)))
    raise RefusedError(NOT_FOUND)


def _say(problem: Problem, request: Request | None) -> Answer:
    if request is None or request.wants_json:
        return json_answer(
            problem.to_json(), problem.status, problem.headers, "application/problem+json"
        )
    from api.problem_page import problem_page

    page, policy = problem_page(problem, request)
    headers = {
        **problem.headers,
        "Content-Security-Policy": policy,
        "Content-Language": request.language,
    }
    return Answer(problem.status, HTML, page, headers)


def _show(view: Any, link: Any, request: Request) -> Answer:
    from api.views import stack_page

    page, policy = stack_page(view, link, request)
    headers = {"Content-Security-Policy": policy, "Content-Language": request.language}
    return Answer(200, HTML, page, headers)


def _show_board(shown: Any, link: Any, request: Request) -> Answer:
    from api.board_page import board_page

    page, policy = board_page(shown, link, request)
    headers = {"Content-Security-Policy": policy, "Content-Language": request.language}
    return Answer(200, HTML, page, headers)
