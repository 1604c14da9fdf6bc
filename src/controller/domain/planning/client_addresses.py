"""Whose addresses a task sees behind a network load balancer: its clients', or the balancer's."""

from __future__ import annotations

ANYWHERE = ("0.0.0.0/0", "::/0")
"""Every address there is, as the rules of security groups write it."""


def sees_clients(target_type: str, protocol: str, preserve_client_ip: str | None) -> bool:
    """
    Whether clients come to the targets of a group under their own addresses (AWS behaviour §1.2).

    For UDP and TCP_UDP always; else as `preserve_client_ip.enabled` says, whose default is true
    for targets by instance and false for those by address.
    """
    if protocol in ("UDP", "TCP_UDP"):
        return True
    if preserve_client_ip is None:
        return target_type != "ip"
    return preserve_client_ip == "true"
