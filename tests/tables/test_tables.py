"""The tables in memory refuse what they do not know, and answer as DynamoDB does."""

import pytest
from botocore.exceptions import ClientError

from local.aws import LaptopAws
from local.records import create_table
from tables.tables import Tables


@pytest.fixture(params=["moto", "memory"])
def dynamodb(request):
    aws = LaptopAws()
    if request.param == "memory":
        Tables().play(aws)
    client = aws.session().client("dynamodb")
    create_table(client, "t")
    for number in range(7):
        item = {**key(number), "n": {"N": str(number)}, "text": {"S": "x"}}
        client.put_item(TableName="t", Item=item)
    return client


def key(number):
    return {"pk": {"S": "p"}, "sk": {"S": f"s{number}"}}


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ("n = :three", True),
        ("n <> :three OR attribute_exists(nothing)", False),
        ("NOT (n < :three) AND #t = :x", True),
        ("n BETWEEN :two AND :three", True),
        ("begins_with(sk, :s)", True),
        ("nothing < :three", False),
        ("attribute_not_exists(nothing) AND n >= :ten", False),
    ],
)
def test_a_condition_holds_or_not(dynamodb, condition, holds):
    values = {":three": {"N": "3"}, ":two": {"N": "2"}, ":ten": {"N": "10"}}
    values |= {":x": {"S": "x"}, ":s": {"S": "s"}}
    request = {
        "ConditionExpression": condition,
        "ExpressionAttributeValues": {k: v for k, v in values.items() if k in condition},
        **({"ExpressionAttributeNames": {"#t": "text"}} if "#t" in condition else {}),
    }
    if not request["ExpressionAttributeValues"]:
        del request["ExpressionAttributeValues"]

    def put():
        dynamodb.put_item(TableName="t", Item=key(3), **request)

    if holds:
        put()
        assert dynamodb.get_item(TableName="t", Key=key(3))["Item"] == key(3)
        return
    with pytest.raises(ClientError, match="ConditionalCheckFailed"):
        put()
    assert "text" in dynamodb.get_item(TableName="t", Key=key(3))["Item"]


def test_pages_follow_one_another_in_either_direction(dynamodb):
    request = {
        "TableName": "t",
        "KeyConditionExpression": "pk = :p AND sk BETWEEN :a AND :z",
        "ExpressionAttributeValues": {":p": {"S": "p"}, ":a": {"S": "s1"}, ":z": {"S": "s5"}},
        "ScanIndexForward": False,
        "Limit": 2,
    }
    found = []
    while True:
        reply = dynamodb.query(**request)
        found += [item["sk"]["S"] for item in reply["Items"]]
        if "LastEvaluatedKey" not in reply:
            break
        request["ExclusiveStartKey"] = reply["LastEvaluatedKey"]

    assert found == ["s5", "s4", "s3", "s2", "s1"]


def test_an_update_adds_sets_and_removes_at_once(dynamodb):
    reply = dynamodb.update_item(
        TableName="t",
        Key=key(3),
        UpdateExpression="SET a = :a, b = if_not_exists(n, :a) ADD n :a REMOVE #t",
        ExpressionAttributeNames={"#t": "text"},
        ExpressionAttributeValues={":a": {"N": "4"}},
        ReturnValues="ALL_NEW",
    )["Attributes"]

    assert reply == {**key(3), "a": {"N": "4"}, "b": {"N": "3"}, "n": {"N": "7"}}


@pytest.mark.parametrize("text", ["n ~ :x", "size(n) > :x", "n = ", "n = :x n"])
def test_what_is_not_understood_is_refused(text):
    aws = LaptopAws()
    Tables().play(aws)
    client = aws.session().client("dynamodb")
    create_table(client, "t")
    with pytest.raises(ClientError, match="ValidationException"):
        client.put_item(
            TableName="t",
            Item=key(1),
            ConditionExpression=text,
            ExpressionAttributeValues={":x": {"N": "1"}},
        )


def test_a_page_begins_where_the_last_one_ended_though_its_item_has_moved_on(dynamodb):
    def put(number, due_at):
        item = {**key(number), "due": {"S": "due"}, "due_at": {"S": due_at}}
        dynamodb.put_item(TableName="t", Item=item)

    for number in range(4):
        put(number, f"0{number}")
    request = {
        "TableName": "t",
        "IndexName": "due",
        "KeyConditionExpression": "due = :due AND due_at <= :now",
        "ExpressionAttributeValues": {":due": {"S": "due"}, ":now": {"S": "05"}},
        "Limit": 2,
    }
    first = dynamodb.query(**request)
    put(0, "99")
    put(1, "98")
    second = dynamodb.query(**request, ExclusiveStartKey=first["LastEvaluatedKey"])
    assert [[i["sk"]["S"] for i in page["Items"]] for page in (first, second)] == [
        ["s0", "s1"],
        ["s2", "s3"],
    ]
