"""One request to an awake service, as a visitor would make it: for a rehearsal for real."""

from __future__ import annotations

import ssl
from http.client import HTTPConnection, HTTPException, HTTPSConnection, RemoteDisconnected
from ipaddress import ip_address
from urllib.parse import urlsplit

from controller.domain.reporting.real_rehearsal import Answer, RealVerdict
from controller.domain.text import clean

PATIENCE = 10.0
"""Seconds for each answer of the network: healthy targets answer at once."""

HUNG_UP = (
    "it closed the connection without an answer; see its log, and whether it answers open_path of "
    "the policy"
)
"""This says nothing of its protocol: one that breaks does the same (http.client)."""


def ask_once(url: str, path: str) -> Answer:
    """
    GET `path` at the address of `url`. No redirect is followed, and none of the body is read.

    An answer below 400 is one; a redirect to a login page is normal. Raises nothing.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return Answer(RealVerdict.NOT_ASKED, f"{clean(url, 200)} has no HTTP address")
    target = f"{parts.scheme}://{parts.netloc}{path}"
    connection = _connect(parts.scheme, parts.hostname, parts.port)
    try:
        connection.request("GET", path, headers={"User-Agent": "dormouse"})
        status = connection.getresponse().status
    except RemoteDisconnected:
        return Answer(RealVerdict.NOT_ANSWERED, f"{target}: {HUNG_UP}")
    except HTTPException:
        return Answer(RealVerdict.NOT_ASKED, f"{target}: it speaks no HTTP")
    except (OSError, ValueError) as error:
        found = clean(str(error) or type(error).__name__, 200)
        return Answer(
            RealVerdict.NOT_ANSWERED,
            f"{target}: {found}; see whether its security group admits addresses outside your own",
        )
    finally:
        connection.close()
    verdict = RealVerdict.ANSWERED if status < 400 else RealVerdict.NOT_ANSWERED
    return Answer(verdict, f"{target}: HTTP {status}")


def _connect(scheme: str, host: str, port: int | None) -> HTTPConnection:
    if scheme == "http":
        return HTTPConnection(host, port, timeout=PATIENCE)
    context = ssl.create_default_context()
    if _is_address(host):  # no certificate is for a bare address; nothing secret is sent
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return HTTPSConnection(host, port, timeout=PATIENCE, context=context)


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
