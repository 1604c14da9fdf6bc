"""Attributes that are secrets by their nature, whatever the file says: old states say nothing."""

from __future__ import annotations

from typing import Any

_SECRETS = {
    "random_password": ("result", "bcrypt_hash"),
    "tls_private_key": ("private_key_openssh", "private_key_pem", "private_key_pem_pkcs8"),
    "aws_secretsmanager_secret_version": ("secret_string", "secret_binary"),
    "aws_ssm_parameter": ("value",),
    "aws_iam_access_key": ("secret", "ses_smtp_password_v4"),
    "aws_db_instance": ("password",),
    "aws_rds_cluster": ("master_password",),
    "aws_ecr_authorization_token": ("authorization_token", "password"),
}
"""From the providers' schemas, where these are `Sensitive`."""


def by_nature(type_: str) -> dict[Any, Any]:
    """A new mask with the secrets of the type."""
    return dict.fromkeys(_SECRETS.get(type_, ()), True)
