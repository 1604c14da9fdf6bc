"""CreateListener and ModifyListenerAttributes, for network load balancers."""

from __future__ import annotations

from controller.mapping.refusals.row import (
    API,
    CONFIGURATION,
    PREFLIGHT,
    PROVIDER,
    VALIDATION,
    Found,
    Refusal,
)
from controller.mapping.refusals.views import ListenerView, apart

_PLAIN = ("TCP", "UDP", "TCP_UDP", "QUIC", "TCP_QUIC")
_QUIC = ("QUIC", "TCP_QUIC")


def _not_tls(listener: ListenerView, field: str) -> Found:
    wrong = listener.protocol in _PLAIN and listener.has(field)
    return {"protocol": listener.protocol} if wrong else None


def _no_policy(listener: ListenerView) -> Found:
    """Nobody can make any; the names of AWS's own begin alike."""
    policy = listener.get("SslPolicy")
    wrong = isinstance(policy, str) and not policy.startswith("ELBSecurityPolicy-")
    return {"policy": policy} if wrong and listener.protocol == "TLS" else None


def _stickiness(listener: ListenerView) -> Found:
    for index, action in enumerate(listener.get("DefaultActions", [])):
        if "TargetGroupStickinessConfig" in action.get("ForwardConfig", {}):
            return {"at": f"DefaultActions[{index}].ForwardConfig.TargetGroupStickinessConfig"}
    return None


def _other_region(listener: ListenerView) -> Found:
    for certificate in listener.get("Certificates", []):
        arn = certificate.get("CertificateArn")
        if not isinstance(arn, str) or not arn.startswith("arn:"):
            continue
        service, region = arn.split(":")[2:4] if arn.count(":") > 4 else ("", "")
        if service == "acm" and region and region != listener.region:
            return {"arn": arn, "region": region, "own": listener.region}
    return None


def _ipv6_behind_ipv4(listener: ListenerView) -> Found:
    ipv4 = listener.balancer.get("IpAddressType", "ipv4") == "ipv4"
    return ipv4 and any(group.get("IpAddressType") == "ipv6" for group in listener.groups)


def _udp_on_dualstack(listener: ListenerView) -> Found:
    balancer = listener.balancer
    wrong = (
        listener.protocol in ("UDP", "TCP_UDP")
        and balancer.get("IpAddressType") == "dualstack"
        and balancer.get("EnablePrefixForIpv6SourceNat", "off") == "off"
    )
    return {"protocol": listener.protocol} if wrong else None


def _quic(listener: ListenerView) -> Found:
    balancer = listener.balancer
    wrong = balancer.has("SecurityGroups") or balancer.get("IpAddressType") == "dualstack"
    return {"protocol": listener.protocol} if wrong and listener.protocol in _QUIC else None


def _alb_group(listener: ListenerView) -> Found:
    wrong = listener.protocol in ("TLS", "UDP", "TCP_UDP") and any(
        group.get("TargetType") == "alb" for group in listener.groups
    )
    return {"protocol": listener.protocol} if wrong else None


LISTENERS: tuple[Refusal, ...] = (
    Refusal(
        rule="certificate-without-tls",
        when=lambda listener: _not_tls(listener, "Certificates"),
        at="Certificates",
        code=VALIDATION,
        text="A certificate cannot be specified for {protocol} listeners",
        advice='certificate_arn: found one on a listener of protocol "{protocol}"; set '
        'protocol = "TLS", or remove it',
        source=PREFLIGHT,
    ),
    Refusal(
        rule="ssl-policy-without-tls",
        when=lambda listener: _not_tls(listener, "SslPolicy"),
        at="SslPolicy",
        code=VALIDATION,
        text="An SSL policy cannot be specifed for {protocol} listeners",
        advice='ssl_policy: found one on a listener of protocol "{protocol}"; set protocol = "TLS", '
        "or remove it",
        source=f"{PREFLIGHT}; {PROVIDER} #7367",
    ),
    Refusal(
        rule="ssl-policy",
        when=_no_policy,
        at="SslPolicy",
        code="SSLPolicyNotFound",
        text="SSL policy '{policy}' not found",
        advice='ssl_policy: found "{policy}", expected one of AWS\'s, such as '
        '"ELBSecurityPolicy-TLS13-1-2-2021-06"',
        source=PREFLIGHT,
    ),
    Refusal(
        rule="alpn-without-tls",
        when=lambda listener: _not_tls(listener, "AlpnPolicy"),
        at="AlpnPolicy",
        code=VALIDATION,
        text="",
        advice='alpn_policy: found one on a listener of protocol "{protocol}"; set '
        'protocol = "TLS", or remove it',
        source=API,
    ),
    Refusal(
        rule="mutual-authentication-without-tls",
        when=lambda listener: _not_tls(listener, "MutualAuthentication"),
        at="MutualAuthentication",
        code=VALIDATION,
        text="Mutual Authentication cannot be set for non secure listeners",
        advice='mutual_authentication: found it on a listener of protocol "{protocol}"; set '
        'protocol = "TLS", or remove it',
        source=PREFLIGHT,
    ),
    Refusal(
        rule="forward-stickiness",
        when=_stickiness,
        at="",
        code=CONFIGURATION,
        text="Target group stickiness duration cannot be configured on load balancers of type "
        "'network'",
        advice="default_action.forward.stickiness is for application load balancers; set stickiness "
        "in the target group instead",
        source=PREFLIGHT,
    ),
    Refusal(
        rule="certificate-region",
        when=_other_region,
        at="Certificates",
        code=VALIDATION,
        text="Certificate ARN '{arn}' is not valid",
        advice="certificate_arn: found one of {region}, expected one of {own}; a load balancer takes "
        "certificates of its own region",
        source=PREFLIGHT,
    ),
    Refusal(
        rule="other-vpc",
        when=lambda listener: (
            not apart(listener.balancer_vpcs)
            and apart((*listener.balancer_vpcs, *listener.group_vpcs))
        ),
        at="DefaultActions",
        code=CONFIGURATION,
        text="The following target groups are in a different VPC than load balancer",
        advice="the target group's vpc_id is another VPC than that of the load balancer's subnets",
        source=PREFLIGHT,
    ),
    Refusal(
        rule="ipv6-group",
        when=_ipv6_behind_ipv4,
        at="DefaultActions",
        code=CONFIGURATION,
        text="You cannot associate an IPv6 target group with a load balancer that has an 'ipv4' IP "
        "address type",
        advice='the target group has ip_address_type "ipv6", the load balancer "ipv4"; set '
        'ip_address_type = "dualstack" there',
        source=PREFLIGHT,
    ),
    Refusal(
        rule="udp-on-dualstack",
        when=_udp_on_dualstack,
        at="Protocol",
        code=CONFIGURATION,
        text="The specified listener protocol '{protocol}' is not supported on load balancers using "
        "the 'dualstack' IP address type",
        advice='protocol: found "{protocol}" on a load balancer with ip_address_type "dualstack"; '
        'that takes enable_prefix_for_ipv6_source_nat = "on" (provider 6), or "ipv4"',
        source=PREFLIGHT,
    ),
    Refusal(
        rule="quic",
        when=_quic,
        at="Protocol",
        code=CONFIGURATION,
        text="",
        advice='protocol: "{protocol}" takes a load balancer of ip_address_type "ipv4" without '
        "security groups",
        source=f"{PROVIDER} 6, documentation of aws_lb_listener",
    ),
    Refusal(
        rule="alb-group",
        when=_alb_group,
        at="Protocol",
        code="IncompatibleProtocols",
        text="",
        advice='protocol: found "{protocol}", expected "TCP" before a target group of '
        'target_type "alb"',
        source=f"{PREFLIGHT}; {API}",
    ),
)
