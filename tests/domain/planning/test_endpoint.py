"""Where people are sent once a stack is awake, and what is said where there is no link."""

import pytest

from controller.domain.planning.endpoint import Endpoint, address_text, find_endpoint
from controller.domain.planning.observed import Address, Holder, Observed
from factories import NOON, article_spec

WORLD = Observed(
    at=NOON,
    resources={},
    addresses={
        "eipalloc-1": Address(
            allocation_id="eipalloc-1", holder=Holder.US, public_ip="203.0.113.10"
        )
    },
)


@pytest.mark.parametrize(
    ("protocol", "port", "url"),
    [
        ("TCP", 5000, "http://203.0.113.10:5000/"),
        ("TCP", 80, "http://203.0.113.10:80/"),
        ("TCP", 443, "https://203.0.113.10:443/"),
        ("TLS", 443, "https://203.0.113.10:443/"),
        ("TLS", 8443, "https://203.0.113.10:8443/"),
        ("TCP_UDP", 53, "http://203.0.113.10:53/"),
        ("TCP_UDP", 443, "https://203.0.113.10:443/"),
    ],
)
def test_the_scheme_is_that_of_the_listener(protocol, port, url):
    spec = article_spec(endpoint={"port": port, "protocol": protocol, "open_path": "/"})
    endpoint = find_endpoint(spec, WORLD)
    assert endpoint.to_json() == {"ip": "203.0.113.10", "port": port, "url": url}
    assert endpoint.text == url


@pytest.mark.parametrize("protocol", ["UDP", "QUIC"])
def test_udp_has_no_link(protocol):
    spec = article_spec(endpoint={"port": 27015, "protocol": protocol, "open_path": "/x"})
    reported = find_endpoint(spec, WORLD).to_json()
    text = f"203.0.113.10:27015 ({protocol})"
    assert reported == {"ip": "203.0.113.10", "port": 27015, "url": None, "text": text}
    assert address_text(reported) == text


def test_what_was_written_down_is_said_again():
    assert address_text(Endpoint("nlb.example", None).to_json()) == "http://nlb.example/"
    assert address_text(None) == address_text({}) == ""
