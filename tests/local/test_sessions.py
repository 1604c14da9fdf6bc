"""Sessions of several accounts share what takes botocore long to make, and nothing else."""

from botocore.config import Config
from simulated_stack import EIP, furnished, refused

from local.faults import Fault


def addresses(client):
    return [each["AllocationId"] for each in client.describe_addresses()["Addresses"]]


def heard_by(session, event, **options):
    """The names of the operations of which the clients that `session` makes now emit `event`."""
    heard = []
    session.events.register(event, lambda model, **_: heard.append(model.name), **options)
    return heard


def test_each_account_answers_its_own_clients():
    furnished_one, empty = furnished(), furnished()
    empty.reset()
    clients = [aws.session().client("ec2") for aws in (furnished_one, empty)]
    assert [addresses(client) for client in clients] == [[EIP], []]
    assert [len(aws.calls) for aws in (furnished_one, empty)] == [1, 1]


def test_moto_answers_for_the_account_of_the_client():
    first, second = furnished(account="111111111111"), furnished(account="222222222222")
    clients = [aws.session().client("sts") for aws in (first, second, first)]
    found = [client.get_caller_identity()["Account"] for client in clients]
    assert found == ["111111111111", "222222222222", "111111111111"]
    assert clients[0] is clients[2]


def test_who_listens_to_one_session_hears_nothing_of_another():
    first, second = furnished(), furnished()
    heard = heard_by(first.session(), "after-call")
    for aws in (first, second):
        aws.session().client("ec2").describe_addresses()
        aws.session().client("sns").list_topics()
    assert heard == ["DescribeAddresses", "ListTopics"]


def test_handlers_reach_the_clients_made_after_them_as_with_any_boto3_session():
    session = furnished().session()
    before = session.client("ec2")
    heard = heard_by(session, "provide-client-params.ecs")
    session.client("ecs").list_clusters()
    before.describe_addresses()
    assert heard == ["ListClusters"]


def test_a_handler_can_be_taken_out_and_put_first():
    session = furnished().session()
    order = []
    note = {name: lambda name=name, **_: order.append(name) for name in ("gone", "late", "early")}
    session.events.register("after-call", note["gone"])
    session.events.register_last("after-call", note["late"])
    session.events.register_first("after-call", note["early"])
    session.events.unregister("after-call", note["gone"])
    session.client("ec2").describe_addresses()
    assert order == ["early", "late"]


def test_a_fault_of_one_account_leaves_the_others_alone():
    first, second = furnished(), furnished()
    first.faults.add(Fault(operation="DescribeAddresses", code="InternalError"))
    assert addresses(second.session().client("ec2")) == [EIP]
    with refused("InternalError"):
        addresses(first.session().client("ec2"))


def test_a_region_and_a_configuration_have_clients_of_their_own():
    session = furnished().session()
    patient = Config(read_timeout=99)
    here, there = session.client("ec2"), session.client("ec2", "eu-west-1")
    assert [each.meta.region_name for each in (here, there)] == ["us-east-1", "eu-west-1"]
    assert session.client("ec2", config=patient).meta.config.read_timeout == 99
    assert session.client("ec2", config=patient) is session.client("ec2", config=patient)
    assert here.meta.config.read_timeout != 99
    assert addresses(there) == []
