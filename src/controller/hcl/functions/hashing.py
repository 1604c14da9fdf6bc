"""Checksums of texts and files, and identifiers made from them."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Final

from controller.hcl.convert import string
from controller.hcl.errors import HclError
from controller.hcl.functions.definition import (
    ArgumentError,
    CallContext,
    Function,
    Parameter,
    function,
)
from controller.hcl.functions.files import read_bytes
from controller.hcl.origins import value_of_each_run
from controller.hcl.types import NUMBER, STRING
from controller.hcl.values import Value

_NAMESPACES: Final = ("dns", "url", "oid", "x500")


def _digest(name: str, data: bytes) -> bytes:
    import hashlib  # loads OpenSSL; few stacks hash anything

    return hashlib.new(name, data).digest()


def _of_text(name: str, algorithm: str, show: Callable[[bytes], str]) -> Function:
    @function(Parameter("str", STRING), returns=STRING, name=name)
    def body(text: Value) -> Value:
        return string(show(_digest(algorithm, text.data.encode())))

    return body


def _of_file(name: str, algorithm: str, show: Callable[[bytes], str]) -> Function:
    @function(Parameter("path", STRING), returns=STRING, name=name, context=True)
    def body(context: CallContext, path: Value) -> Value:
        return string(show(_digest(algorithm, read_bytes(context, path))))

    return body


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


@function(Parameter("namespace", STRING), Parameter("name", STRING), returns=STRING)
def uuidv5(namespace: Value, name: Value) -> Value:
    import uuid  # used by this function alone

    try:
        if namespace.data in _NAMESPACES:
            space = getattr(uuid, f"NAMESPACE_{namespace.data.upper()}")
        else:
            space = uuid.UUID(namespace.data)
    except ValueError:
        raise ArgumentError(0, f"must be a UUID or one of {', '.join(_NAMESPACES)}") from None
    return string(str(uuid.uuid5(space, name.data)))


@function(returns=STRING, name="uuid")
def uuid_() -> Value:
    """Different at every run, so known only after apply."""
    return value_of_each_run("uuid()")


@function(Parameter("str", STRING), variadic=Parameter("cost", NUMBER), returns=STRING)
def bcrypt(_text: Value, *_cost: Value) -> Value:
    """Salted, hence different at every run."""
    return value_of_each_run("bcrypt()")


@function(Parameter("ciphertext", STRING), Parameter("privatekey", STRING), returns=STRING)
def rsadecrypt(_ciphertext: Value, _key: Value) -> Value:
    raise HclError(
        "argument", "decryption is left to Terraform; give the plain value as a variable"
    )


FUNCTIONS = (
    *(_of_text(name, name, bytes.hex) for name in ("md5", "sha1", "sha256", "sha512")),
    *(_of_file(f"file{name}", name, bytes.hex) for name in ("md5", "sha1", "sha256", "sha512")),
    *(_of_text(f"base64{name}", name, _base64) for name in ("sha256", "sha512")),
    *(_of_file(f"filebase64{name}", name, _base64) for name in ("sha256", "sha512")),
    uuidv5,
    uuid_,
    bcrypt,
    rsadecrypt,
)
