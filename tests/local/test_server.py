"""The account over HTTP: AWS's own protocols, and the simulated AWS's endpoints."""

import json
import os
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from datetime import datetime, timedelta

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import RpcV2CBORParser
from botocore.serialize import RpcV2CBORSerializer
from moto.core.utils import get_service_model
from simulated_stack import CLUSTER, EIP, FAMILY, SERVICE, START, Stack, furnished, refused

import reply_shapes
from local import wire
from local.clock import ManualClock
from local.errors import AwsError
from local.faults import Fault, throttled
from local.server import LaptopServer, answer

ONCE = Config(retries={"total_max_attempts": 1})


def http_session(server):
    session = boto3.Session("AKIA", "secret", region_name="us-east-1")
    core = session._session
    core.set_config_variable("ignore_configured_endpoint_urls", False)
    reply_shapes.watch(session)
    client = session.client

    def at_server(name, **options):
        options.setdefault("config", ONCE)
        return client(name, endpoint_url=server.url, **options)

    session.client = at_server
    return session


@pytest.fixture
def server():
    with LaptopServer(clock=ManualClock(START), furnish="article") as running:
        yield running


@pytest.fixture
def remote(server):
    """The stack of `simulated_stack`, through sockets; clients are closed after use."""
    stack = Stack(server.aws, http_session(server))
    yield stack
    for client in (stack.elbv2, stack.ecs, stack.ec2, stack.cloudwatch):
        client.close()


def get(server, path):
    with urllib.request.urlopen(server.url + path) as reply:
        return json.loads(reply.read())


def post(server, path, **body):
    request = urllib.request.Request(server.url + path, json.dumps(body).encode(), method="POST")
    with urllib.request.urlopen(request) as reply:
        return json.loads(reply.read())


def everything(stack):
    """Replies of all sorts, without what belongs to one answer only."""
    balancer, group = stack.wake()
    stack.pass_time(1200)
    now = stack.aws.clock.now()
    name = balancer.partition(":loadbalancer/")[2]
    metric = {
        "Namespace": "AWS/NetworkELB",
        "MetricName": "NewFlowCount",
        "Dimensions": [{"Name": "LoadBalancer", "Value": name}],
    }
    window = {"StartTime": now - timedelta(minutes=10), "EndTime": now}
    query = {"Id": "q", "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Sum"}}
    replies = [
        stack.elbv2.describe_load_balancers(Names=["ecs-nlb"]),
        stack.elbv2.describe_target_groups(TargetGroupArns=[group]),
        stack.elbv2.describe_listeners(LoadBalancerArn=balancer),
        stack.elbv2.describe_target_health(TargetGroupArn=group),
        stack.elbv2.describe_target_group_attributes(TargetGroupArn=group),
        stack.elbv2.describe_tags(ResourceArns=[balancer, group]),
        stack.ecs.describe_services(cluster=CLUSTER, services=[SERVICE], include=["TAGS"]),
        stack.ecs.describe_task_definition(taskDefinition=FAMILY),
        stack.ecs.describe_clusters(clusters=[CLUSTER]),
        *stack.tasks(),
        stack.ec2.describe_addresses(),
        stack.ec2.describe_network_interfaces(),
        stack.ec2.describe_subnets(),
        stack.ec2.describe_security_groups(),
        stack.ec2.describe_vpcs(),
        stack.cloudwatch.get_metric_data(MetricDataQueries=[query], **window),
        stack.cloudwatch.get_metric_statistics(
            **metric, Period=60, Statistics=["Sum", "Average"], **window
        ),
    ]
    return [_plain(reply) for reply in replies]


def _plain(value):
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items() if k != "ResponseMetadata"}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return round(value.timestamp(), 3) if isinstance(value, datetime) else value


def test_the_wire_says_what_the_process_says(remote):
    """One behaviour, whichever way it is asked."""
    aws = furnished()
    aws.reset()
    aws.furnish_article()
    inside = Stack(aws)
    for over_http, in_process in zip(everything(remote), everything(inside), strict=True):
        assert over_http == in_process


def test_errors_keep_their_codes_in_every_protocol(remote):
    with refused("LoadBalancerNotFound"):
        remote.balancer_state()
    with refused("ClusterNotFoundException", "Cluster not found."):
        remote.ecs.describe_services(cluster="other", services=["x"])
    with refused("InvalidAllocationID.NotFound"):
        remote.ec2.describe_addresses(AllocationIds=["eipalloc-0missing"])
    with refused("InvalidParameterValue"):
        remote.cloudwatch.put_metric_data(Namespace="AWS/X", MetricData=[])


@pytest.mark.parametrize(
    ("service", "status"), [("elbv2", 400), ("ecs", 400), ("ec2", 503), ("cloudwatch", 400)]
)
def test_faults_reach_a_client_that_does_not_retry(server, remote, service, status):
    server.aws.faults.add(throttled(service, "*"))
    client = getattr(remote, service)
    call = {
        "elbv2": "describe_load_balancers",
        "ecs": "list_clusters",
        "ec2": "describe_addresses",
        "cloudwatch": "list_metrics",
    }[service]
    with pytest.raises(ClientError) as caught:
        getattr(client, call)()
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == status
    assert getattr(client, call)()


def test_the_sdk_retries_by_itself_over_http(server):
    """AWS behaviour §5.3: unlike in process."""
    config = Config(retries={"mode": "standard", "total_max_attempts": 3})
    client = http_session(server).client("ec2", config=config)
    server.aws.faults.add(Fault(operation="DescribeAddresses", code="InternalFailure"))
    assert client.describe_addresses()["Addresses"]
    assert len(server.aws.calls.of("DescribeAddresses")) == 2
    client.close()


def test_a_dropped_connection_is_seen_as_one(server, remote):
    """F54: the effect is there."""
    server.aws.faults.add(Fault(operation="CreateTargetGroup", when="after", dropped=True))
    with pytest.raises(BotoCoreError):
        remote.create_group()
    remote.pass_time(2)
    assert len(remote.elbv2.describe_target_groups()["TargetGroups"]) == 1


def test_parameters_are_checked_although_the_client_did_not(server):
    aws = server.aws
    headers = {
        "Authorization": "AWS4 Credential=A/20261123/us-east-1/elasticloadbalancing/aws4_request"
    }
    from local.server import answer

    body = b"Action=CreateTargetGroup&Version=2015-12-01"
    reply = answer(aws, "POST", "/", headers, body)
    assert reply.status == 400
    assert b"<Code>ValidationError</Code>" in reply.body
    assert b"Name" in reply.body
    reply = answer(aws, "POST", "/", headers, b"Action=Nonsense&Version=2015-12-01")
    assert b"<Code>InvalidAction</Code>" in reply.body


def test_header_names_have_no_case_and_a_query_may_stand_in_the_url(server):
    target = {"x-amz-target": "AmazonEC2ContainerServiceV20141113.ListClusters"}
    assert CLUSTER.encode() in answer(server.aws, "POST", "/", target, b"{}").body
    path = "/?Action=DescribeAddresses&Version=2016-11-15"
    assert EIP.encode() in answer(server.aws, "GET", path, {}, b"").body


def test_another_process_needs_only_the_environment(server):
    program = "import boto3; print(len(boto3.client('ec2').describe_addresses()['Addresses']))"
    result = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, **server.environment},
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stdout.strip() == "1"


def test_cloudwatch_speaks_query_and_cbor_too(server):
    """botocore speaks JSON with it here, Go's SDK CBOR, older ones the query protocol."""
    server.aws.call(
        "cloudwatch",
        "PutMetricData",
        {"Namespace": "D", "MetricData": [{"MetricName": "m", "Value": 2.5}]},
    )
    params = {
        "Namespace": "D",
        "MetricName": "m",
        "StartTime": START - timedelta(minutes=1),
        "EndTime": START + timedelta(minutes=1),
        "Period": 60,
        "Statistics": ["Sum"],
    }
    model = get_service_model("cloudwatch").operation_model("GetMetricStatistics")
    sent = RpcV2CBORSerializer().serialize_to_request(params, model)
    reply = answer(server.aws, "POST", sent["url_path"], sent["headers"], sent["body"])
    assert reply.headers["Content-Type"] == "application/cbor"
    raw = {"body": reply.body, "headers": reply.headers, "status_code": reply.status}
    found = RpcV2CBORParser().parse(raw, model.output_shape)
    assert [point["Sum"] for point in found["Datapoints"]] == [2.5]

    form = (
        "Action=GetMetricStatistics&Version=2010-08-01&Namespace=D&MetricName=m&Period=60"
        "&StartTime=2026-11-23T08:59:00Z&EndTime=2026-11-23T09:01:00Z&Statistics.member.1=Sum"
    )
    reply = answer(server.aws, "POST", "/", {}, form.encode())
    assert b"<Sum>2.5</Sum>" in reply.body


def test_cbor_errors_can_be_read(server):
    request = wire.Request("cloudwatch", "ListMetrics", "smithy-rpc-v2-cbor", None, "", b"", {})
    reply = wire.write_error(request, AwsError("Throttling", "Rate exceeded"), "id")
    raw = {"body": reply.body, "headers": reply.headers, "status_code": reply.status}
    model = get_service_model("cloudwatch").operation_model("ListMetrics")
    error = RpcV2CBORParser().parse(raw, model.output_shape)["Error"]
    assert (error["Code"], error["Message"]) == ("Throttling", "Rate exceeded")


def test_other_services_are_answered_by_moto(server):
    session = http_session(server)
    clients = {name: session.client(name) for name in ("sts", "iam", "dynamodb", "lambda", "ssm")}
    assert clients["sts"].get_caller_identity()["Account"] == "123456789012"
    assert clients["iam"].list_roles()["Roles"] == []
    assert clients["dynamodb"].list_tables()["TableNames"] == []
    assert clients["lambda"].list_functions()["Functions"] == []
    with refused("ParameterNotFound"):
        clients["ssm"].get_parameter(Name="/none")
    server.aws.faults.add(throttled("dynamodb", "ListTables"))
    with refused("ProvisionedThroughputExceededException"):
        clients["dynamodb"].list_tables()
    recorded = server.aws.calls.of("ListTables")
    assert [call.error_code for call in recorded] == [
        None,
        "ProvisionedThroughputExceededException",
    ]
    for client in clients.values():
        client.close()


def test_the_clock_can_be_read_and_moved(server):
    assert get(server, "/_laptop/clock") == {"now": "2026-11-23T09:00:00Z", "speed": 0}
    assert post(server, "/_laptop/clock", advance=90)["now"] == "2026-11-23T09:01:30Z"


def test_calls_can_be_followed(server, remote):
    start = get(server, "/_laptop/calls")["next"]
    remote.create_group()
    found = get(server, f"/_laptop/calls?since={start}")
    assert [call["operation"] for call in found["calls"]] == ["CreateTargetGroup"]
    assert found["calls"][0]["result"].startswith("arn:aws:elasticloadbalancing")
    assert found["next"] == start + 1


def test_rules_traffic_and_resources_can_be_sent(server, remote):
    post(server, "/_laptop/faults", operation="DescribeAddresses", code="X", status=400, times=1)
    with refused("X"):
        remote.address()
    post(server, "/_laptop/conditions", load_balancers={"ecs-nlb": "failed"})
    remote.create_balancer()
    remote.pass_time(600)
    assert remote.balancer_state() == "failed"
    post(server, "/_laptop/traffic", load_balancer="ecs-nlb", new_flows=3, bytes=10)
    made = post(server, "/_laptop/furnish", clusters=["another"])
    assert made["clusters"]["another"].endswith("cluster/another")
    kinds = [each["kind"] for each in get(server, "/_laptop/lifetimes")["lifetimes"]]
    assert kinds == ["elastic_ip", "load_balancer"]
    post(server, "/_laptop/reset")
    post(server, "/_laptop/furnish", preset="article-network")
    assert remote.address()["AllocationId"] == EIP


@pytest.mark.parametrize(
    ("path", "body", "status", "text"),
    [
        ("/_laptop/none", {}, 404, "expected one of GET /_laptop/clock"),
        ("/_laptop/faults", {"operatoin": "x"}, 400, "unknown ['operatoin']"),
        ("/_laptop/clock", {"advance": -1}, 400, "only goes forward"),
    ],
)
def test_what_the_simulated_aws_cannot_do_it_says(server, path, body, status, text):
    with pytest.raises(urllib.error.HTTPError) as caught:
        post(server, path, **body)
    with caught.value as error:
        assert error.code == status
        assert text in error.read().decode()


def test_a_stopped_server_leaves_no_socket_behind():
    with LaptopServer(clock=ManualClock(START)) as server:
        client = http_session(server).client("ec2")
        client.describe_addresses()
        port = server.server_port
    assert server._connections == set()
    with pytest.raises(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port)):
        pass
    client.close()


def test_a_server_that_never_ran_can_be_stopped():
    LaptopServer(clock=ManualClock(START)).stop()


def test_the_command_prints_its_url_and_runs_at_its_speed(tmp_path):
    things = tmp_path / "things.json"
    things.write_text(json.dumps({"clusters": ["mine"]}))
    command = [sys.executable, "-m", "local.server", "--speed", "3600", "--profile", "fast"]
    with subprocess.Popen(
        [*command, "--furnish", str(things)], stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            url = process.stdout.readline().strip()
            assert url.startswith("http://127.0.0.1:")
            with urllib.request.urlopen(f"{url}/_laptop/clock") as reply:
                assert json.loads(reply.read())["speed"] == 3600
            client = boto3.client(
                "ecs",
                endpoint_url=url,
                region_name="us-east-1",
                aws_access_key_id="a",
                aws_secret_access_key="b",
            )
            assert client.list_clusters()["clusterArns"][0].endswith("cluster/mine")
            client.close()
        finally:
            process.terminate()
