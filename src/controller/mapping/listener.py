"""
`aws_lb_listener` -> create_listener and modify_listener_attributes.

As the provider 5.100 sends it (internal/service/elbv2/listener.go): each action carries its
order, and only configured attributes are set after the create.
"""

from __future__ import annotations

from controller.domain.planning.spec import Json, Kind
from controller.hcl.world import Block
from controller.mapping.fill import Filling, given, known
from controller.mapping.kind import KindMapping
from controller.mapping.naming import write_upper_tags
from controller.mapping.table import (
    Dropped,
    Handled,
    Nested,
    ReadOnly,
    Refused,
    Sent,
    SetAfter,
    Table,
)
from controller.mapping.target_group import PROTOCOLS

IDLE_TIMEOUT = "tcp.idle_timeout.seconds"
# What AWS does where the provider sends nothing (NLB user guide, "Idle timeout").
_WITHOUT_TIMEOUT = {
    "TLS": "a TLS connection is always closed after 350 seconds without traffic",
    "UDP": "a UDP flow always ends after 120 seconds without traffic",
    "TCP_UDP": "TCP connections are closed after 350 seconds without traffic",
}
_APPLICATION = "AWS takes it for listeners of application load balancers only; leave it out"


def _certificates(arn: Json) -> Json:
    return [{"CertificateArn": arn}]


def _list(value: Json) -> Json:
    return [value]


def _refused(*names: str) -> Table:
    return {name: Refused(_APPLICATION) for name in names}


_TARGET_GROUP: Table = {
    "arn": Sent("TargetGroupArn", unset=()),
    "weight": Sent("Weight", default=1),
}

_STICKINESS: Table = {
    "duration": Sent("DurationSeconds"),
    "enabled": Sent("Enabled", default=False),
}

_FORWARD: Table = {
    "stickiness": Nested(_STICKINESS, to="TargetGroupStickinessConfig"),
    "target_group": Nested(_TARGET_GROUP, to="TargetGroups", many=True, unordered=True),
}

_LOGIN = (
    "authentication_request_extra_params",
    "on_unauthenticated_request",
    "scope",
    "session_cookie_name",
    "session_timeout",
)

_DEFAULT_ACTION: Table = {
    "authenticate_cognito": Nested(
        _refused(*_LOGIN, "user_pool_arn", "user_pool_client_id", "user_pool_domain")
    ),
    "authenticate_oidc": Nested(
        _refused(
            *_LOGIN,
            "authorization_endpoint",
            "client_id",
            "client_secret",
            "issuer",
            "token_endpoint",
            "user_info_endpoint",
        )
    ),
    "fixed_response": Nested(_refused("content_type", "message_body", "status_code")),
    "forward": Nested(_FORWARD, to="ForwardConfig"),
    "jwt_validation": Nested(
        {
            **_refused("issuer", "jwks_endpoint"),
            "additional_claim": Nested(_refused("format", "name", "values")),
        }
    ),
    "order": Sent("Order", unset=("", 0)),
    "redirect": Nested(_refused("host", "path", "port", "protocol", "query", "status_code")),
    "target_group_arn": Sent("TargetGroupArn"),
    "type": Sent("Type"),
}

# For TLS listeners of network load balancers since 2026-11-19 (AWS "What's new").
_MUTUAL: Table = {
    "advertise_trust_store_ca_names": Sent("AdvertiseTrustStoreCaNames"),
    "ignore_client_certificate_expiry": Sent("IgnoreClientCertificateExpiry", default=False),
    "mode": Sent("Mode"),
    "trust_store_arn": Sent("TrustStoreArn"),
}

_ROUTING = (
    "http_request_x_amzn_mtls_clientcert_header_name",
    "http_request_x_amzn_mtls_clientcert_issuer_header_name",
    "http_request_x_amzn_mtls_clientcert_leaf_header_name",
    "http_request_x_amzn_mtls_clientcert_serial_number_header_name",
    "http_request_x_amzn_mtls_clientcert_subject_header_name",
    "http_request_x_amzn_mtls_clientcert_validity_header_name",
    "http_request_x_amzn_tls_cipher_suite_header_name",
    "http_request_x_amzn_tls_version_header_name",
    "http_response_access_control_allow_credentials_header_value",
    "http_response_access_control_allow_headers_header_value",
    "http_response_access_control_allow_methods_header_value",
    "http_response_access_control_allow_origin_header_value",
    "http_response_access_control_expose_headers_header_value",
    "http_response_access_control_max_age_header_value",
    "http_response_content_security_policy_header_value",
    "http_response_server_enabled",
    "http_response_strict_transport_security_header_value",
    "http_response_x_content_type_options_header_value",
    "http_response_x_frame_options_header_value",
)

TABLE: Table = {
    "alpn_policy": Sent("AlpnPolicy", wrap=_list),
    "arn": ReadOnly(),
    "certificate_arn": Sent("Certificates", wrap=_certificates),
    "default_action": Nested(_DEFAULT_ACTION, to="DefaultActions", many=True),
    "id": ReadOnly(),
    "load_balancer_arn": Sent("LoadBalancerArn", unset=()),
    "mutual_authentication": Nested(_MUTUAL, to="MutualAuthentication"),
    "port": Sent("Port", unset=("", 0)),
    "protocol": Sent("Protocol"),
    "region": Handled("provider.find_home"),
    **_refused(*(f"routing_{name}" for name in _ROUTING)),
    "ssl_policy": Sent("SslPolicy"),
    "tags": Handled("naming.tags"),
    "tags_all": Dropped("it follows from tags and the provider's default_tags"),
    "tcp_idle_timeout_seconds": SetAfter(IDLE_TIMEOUT, unset=("", 0)),
    "timeouts": Dropped("dormouse does not wait as Terraform does; see wake_timeout"),
}


def check(body: Block, filling: Filling) -> None:
    """What the provider or AWS would refuse, and what one table row cannot say."""
    for name in ("port", "protocol"):
        if given(body, name) is None:
            filling.error(
                "missing-argument",
                f"{name} is missing; a listener of a network load balancer needs it",
            )
    protocol = known(body, "protocol")
    if protocol in ("HTTP", "HTTPS", "GENEVE"):
        filling.error(
            "protocol",
            f'protocol: found "{protocol}", expected one of {", ".join(PROTOCOLS)}; a network '
            "load balancer listens to nothing else",
            filling.place_of("Protocol"),
        )
    if protocol == "TLS" and given(body, "certificate_arn") is None:
        filling.error("missing-argument", "certificate_arn is missing; a TLS listener needs it")
    _drop_what_the_mode_leaves(filling)
    _drop_idle_timeout(filling)
    for index, block in enumerate(body.of_type("default_action")):
        _check_action(block, index, filling)


def _drop_what_the_mode_leaves(filling: Filling) -> None:
    """Only "verify" has more to say than its name (listener.go)."""
    mutual = filling.request.get("MutualAuthentication")
    if isinstance(mutual, dict) and mutual.get("Mode") != "verify":
        filling.request["MutualAuthentication"] = {"Mode": mutual.get("Mode")}


def _drop_idle_timeout(filling: Filling) -> None:
    """The provider sends it for TCP and GENEVE alone (listener.go)."""
    without = _WITHOUT_TIMEOUT.get(str(filling.request.get("Protocol")))
    if without is None or IDLE_TIMEOUT not in filling.attributes:
        return
    del filling.attributes[IDLE_TIMEOUT]
    filling.warn(
        "dropped",
        f"tcp_idle_timeout_seconds has no effect: {without}; Terraform drops it too, so remove it",
        filling.place_of(IDLE_TIMEOUT),
    )


def _check_action(block: Block, index: int, filling: Filling) -> None:
    actions = filling.request.get("DefaultActions")
    if isinstance(actions, list) and index < len(actions):
        actions[index].setdefault("Order", index + 1)
    type_ = known(block, "type")
    if type_ is not None and type_ != "forward":
        # What belongs to such an action is refused with it.
        about = f"default_action.{str(type_).replace('-', '_')}."
        filling.problems[:] = [p for p in filling.problems if not p.message.startswith(about)]
        filling.error(
            "action",
            f'default_action.type: found "{type_}", expected "forward"; a network load balancer '
            "does nothing else",
            filling.place_of(f"DefaultActions[{index}].Type"),
        )
        return
    target, forward = given(block, "target_group_arn"), block.of_type("forward")
    if (target is None) != bool(forward):
        filling.error(
            "action",
            f"default_action: found {'both' if forward else 'neither'} target_group_arn and "
            "forward, expected one of them",
            block.place,
        )


MAPPING = KindMapping(
    kind=Kind.LISTENER,
    types=("aws_lb_listener", "aws_alb_listener"),
    table=TABLE,
    check=check,
    operation=("elbv2", "CreateListener"),
    attributes=frozenset({"arn", "id"}),
    surviving=frozenset({"port", "protocol", "region", "ssl_policy", "tags", "tags_all"}),
    write_tags=write_upper_tags,
)
