"""
What no call may do in a stack's own role, whatever rights that role has.

The controller's own role carries the same Deny in template.yaml. A session has only the rights
that the role and its session policy both give. Source: STS API reference, AssumeRole, `Policy`
(2,048 characters at most).
"""

from __future__ import annotations

import json

NEVER = (
    "AcceptAddressTransfer",
    "AllocateAddress",
    "AssociateAddress",
    "AssociateNatGatewayAddress",
    "CreateNatGateway",
    "DisableAddressTransfer",
    "DisassociateAddress",
    "DisassociateNatGatewayAddress",
    "EnableAddressTransfer",
    "ModifyAddressAttribute",
    "MoveAddressToVpc",
    "ReleaseAddress",
    "ResetAddressAttribute",
    "RestoreAddressToClassic",
)
"""
Everything by which EC2 gives an Elastic IP away, to something, or back. Source: EC2's actions in
the service authorization reference that write and take an elastic-ip, and the two of EC2-Classic.
"""


def session_policy() -> str:
    """The policy of every session in a stack's role: what the role allows, but for addresses."""
    denied = [f"ec2:{action}" for action in NEVER]
    statements = [
        {"Effect": "Allow", "Action": "*", "Resource": "*"},
        {"Effect": "Deny", "Action": denied, "Resource": "*"},
    ]
    policy = {"Version": "2012-10-17", "Statement": statements}
    return json.dumps(policy, separators=(",", ":"))
