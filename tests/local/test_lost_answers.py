"""A client that did not get its answer asks again, and nothing happens twice."""

import http.client
import re
import socket
import uuid
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlencode

import pytest
from simulated_stack import START

from local.clock import ManualClock
from local.faults import Fault
from local.server import LaptopServer

SIGNED = "Credential=laptop/20261123/us-east-1/ec2/aws4_request"
DUPLICATE = "InvalidPermission.Duplicate"


@pytest.fixture
def server():
    with LaptopServer(clock=ManualClock(START), furnish="article-network") as running:
        yield running


def form(action, **fields):
    return urlencode({"Action": action, "Version": "2016-11-15", **fields})


def ask(connection, body, invocation):
    headers = {"Authorization": SIGNED, "Amz-Sdk-Invocation-Id": invocation}
    connection.request("POST", "/", body, headers)
    reply = connection.getresponse()
    return reply.status, reply.read().decode()


def connect(server):
    return http.client.HTTPConnection(*server.url.removeprefix("http://").split(":"), timeout=20)


def new_group(connection, server, name):
    vpc = next(iter(server.aws.peek().ec2.vpcs))
    body = form("CreateSecurityGroup", GroupName=name, GroupDescription="d", VpcId=vpc)
    _, text = ask(connection, body, str(uuid.uuid4()))
    return re.search("<groupId>(.+?)</groupId>", text)[1]


def rule(group, port=80):
    return form(
        "AuthorizeSecurityGroupIngress",
        **{
            "GroupId": group,
            "IpPermissions.1.IpProtocol": "tcp",
            "IpPermissions.1.FromPort": port,
            "IpPermissions.1.ToPort": port,
            "IpPermissions.1.IpRanges.1.CidrIp": "10.0.0.0/8",
        },
    )


def ports_in(server, group):
    rules = server.aws.peek().ec2.groups[group].rules
    return sorted(each.from_port for each in rules if not each.egress)


def test_a_call_that_is_sent_again_gets_the_answer_of_the_first(server):
    connection = connect(server)
    group = new_group(connection, server, "g")
    first = ask(connection, rule(group), "one call")
    again = ask(connection, rule(group), "one call")
    other = ask(connection, rule(group), "another call")
    connection.close()
    assert first == again
    assert first[0] == 200
    assert other[0] == 400
    assert DUPLICATE in other[1]
    assert ports_in(server, group) == [80]
    assert len(server.aws.calls.of("AuthorizeSecurityGroupIngress")) == 2


def test_what_moto_answers_is_answered_once_too(server):
    connection = connect(server)
    body = urlencode(
        {
            "Action": "CreateRole",
            "Version": "2010-05-08",
            "RoleName": "r",
            "AssumeRolePolicyDocument": '{"Version": "2012-10-17", "Statement": []}',
        }
    )
    headers = {
        "Authorization": SIGNED.replace("ec2", "iam"),
        "Content-Type": "application/x-www-form-urlencoded",
    }
    reported = []
    for invocation in ("one call", "one call", "another call"):
        connection.request("POST", "/", body, {**headers, "amz-sdk-invocation-id": invocation})
        reply = connection.getresponse()
        reported.append((reply.status, reply.read()))
    connection.close()
    assert [status for status, _ in reported] == [200, 200, 409]
    assert reported[0] == reported[1]


@pytest.mark.parametrize("dropped", [False, True])
def test_an_injected_loss_stays_one(server, dropped):
    """AWS has no memory of a call: what is not idempotent is refused when it comes again (F54)."""
    connection = connect(server)
    group = new_group(connection, server, "g")
    lost = Fault(operation="AuthorizeSecurityGroupIngress", when="after", dropped=dropped)
    server.aws.faults.add(lost)
    if dropped:
        with pytest.raises(http.client.RemoteDisconnected):
            ask(connection, rule(group), "one call")
    else:
        assert ask(connection, rule(group), "one call")[0] == 500
    status, text = ask(connection, rule(group), "one call")
    connection.close()
    assert status == 400
    assert DUPLICATE in text
    assert ports_in(server, group) == [80]


def test_an_answer_comes_in_one_piece(server):
    """A Go client that has the head alone may hang up before the body comes, and ask again."""
    host, port = server.url.removeprefix("http://").split(":")
    body = form("DescribeVpcs")
    request = (
        f"POST / HTTP/1.1\r\nHost: {host}\r\nAuthorization: {SIGNED}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n{body}"
    ).encode()
    with socket.create_connection((host, int(port))) as client:
        for _ in range(30):
            client.sendall(request)
            piece = client.recv(1 << 16)
            head, _, rest = piece.partition(b"\r\n\r\n")
            length = int(re.search(rb"Content-Length: (\d+)", head)[1])
            assert len(rest) == length > 100


def test_many_clients_at_once_each_get_what_they_requested(server):
    """Each sends its calls twice, on a fresh connection the second time, as an SDK would."""

    def client(number):
        connection = connect(server)
        group = new_group(connection, server, f"group {number}")
        reported = []
        for port in range(1, 9):
            call = str(uuid.uuid4())
            first = ask(connection, rule(group, port), call)
            if port % 2:
                connection.close()
                connection = connect(server)
            reported += [first, ask(connection, rule(group, port), call)]
        connection.close()
        return group, reported

    with ThreadPoolExecutor(12) as clients:
        for group, reported in clients.map(client, range(24)):
            assert {status for status, _ in reported} == {200}
            assert ports_in(server, group) == list(range(1, 9))
