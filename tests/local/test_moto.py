"""The services that moto answers: in process, on the simulated clock, one account at a time."""

from datetime import timedelta

import pytest
from botocore.exceptions import ParamValidationError
from simulated_stack import START, furnished, refused

TABLE = {
    "TableName": "dormouse",
    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    "BillingMode": "PAY_PER_REQUEST",
}


def test_a_table_is_kept_and_its_calls_are_recorded():
    aws = furnished()
    table = aws.session().client("dynamodb")
    made = table.create_table(**TABLE)["TableDescription"]
    table.put_item(TableName="dormouse", Item={"pk": {"S": "a"}})
    assert table.scan(TableName="dormouse")["Count"] == 1
    assert made["CreationDateTime"] == START
    assert [str(call) for call in aws.calls.writes()][-1].startswith("09:00:00 dynamodb:PutItem")
    with refused("ConditionalCheckFailedException"):
        table.put_item(
            TableName="dormouse",
            Item={"pk": {"S": "a"}},
            ConditionExpression="attribute_not_exists(pk)",
        )
    assert aws.calls[-1].error_code == "ConditionalCheckFailedException"


def test_two_accounts_do_not_see_each_others_tables():
    first, second = furnished(), furnished()
    for aws in (first, second):
        aws.session().client("dynamodb").create_table(**TABLE)
    first.session().client("dynamodb").put_item(TableName="dormouse", Item={"pk": {"S": "a"}})
    assert second.session().client("dynamodb").scan(TableName="dormouse")["Count"] == 0
    assert first.session().client("dynamodb").scan(TableName="dormouse")["Count"] == 1
    first.reset()
    assert first.session().client("dynamodb").list_tables()["TableNames"] == []
    assert second.session().client("dynamodb").list_tables()["TableNames"] == ["dormouse"]


def test_moto_uses_the_clock_and_account_of_the_simulated_aws():
    aws = furnished(account="210987654321")
    session = aws.session()
    assert session.client("sts").get_caller_identity()["Account"] == "210987654321"
    aws.clock.advance(86400)
    session.client("ssm").put_parameter(Name="/k", Value="v", Type="SecureString")
    found = session.client("ssm").get_parameter(Name="/k", WithDecryption=True)["Parameter"]
    assert found["LastModifiedDate"] == START + timedelta(days=1)
    assert found["Value"] == "v"


def test_awss_own_policies_are_there_also_for_who_has_used_other_services_before():
    aws = furnished()
    aws.session().client("dynamodb").create_table(**TABLE)
    iam = aws.session().client("iam")
    iam.create_role(RoleName="tasks", AssumeRolePolicyDocument="{}")
    arn = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"
    iam.attach_role_policy(RoleName="tasks", PolicyArn=arn)
    (attached,) = iam.list_attached_role_policies(RoleName="tasks")["AttachedPolicies"]
    assert attached["PolicyArn"] == arn
    aws.reset()
    assert iam.list_roles()["Roles"] == []
    assert iam.get_policy(PolicyArn=arn)["Policy"]["AttachmentCount"] == 0


def test_resources_work_too():
    aws = furnished()
    table = aws.session().resource("dynamodb").create_table(**TABLE)
    table.put_item(Item={"pk": "a"})
    assert table.get_item(Key={"pk": "a"})["Item"] == {"pk": "a"}


def test_the_developers_own_endpoint_is_not_called(monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    aws = furnished()
    assert aws.session().client("dynamodb").list_tables()["TableNames"] == []
    assert aws.session().client("ec2").describe_addresses()["Addresses"]


def test_an_operation_can_be_answered_by_the_test_itself():
    aws = furnished()
    requested = []
    aws.answer_with(
        "lambda", "Invoke", lambda params: requested.append(params) or {"StatusCode": 202}
    )
    client = aws.session().client("lambda")
    reply = client.invoke(FunctionName="controller", InvocationType="Event", Payload=b"{}")
    assert reply["StatusCode"] == 202
    assert requested[0]["FunctionName"] == "controller"
    assert aws.calls[-1].operation == "Invoke"


def test_a_client_is_made_once_for_each_region():
    aws = furnished()
    session = aws.session()
    assert aws.session() is session
    assert session.client("elbv2") is session.client("elbv2")
    assert session.client("elbv2") is not session.client("elbv2", region_name="eu-west-1")


def test_bad_parameters_are_botocores_affair():
    aws = furnished()
    with pytest.raises(ParamValidationError):
        aws.session().client("elbv2").create_load_balancer(Nome="x")
    assert aws.calls == []
