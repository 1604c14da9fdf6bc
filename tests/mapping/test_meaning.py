"""What a stack means: what is kept and billed by the hour, and what the summary adds up."""

from decimal import Decimal

import pytest
from directories import SLEEPERS, compile_text, errors, reported, two_worlds

from controller.domain.money.hourly_prices import HOURLY, hourly
from controller.domain.problem import Level
from controller.mapping import idle_cost
from small_stack import FRONT, SERVICE, STACK

HOURS = 730
KEPT = {
    "NAT gateway": ('resource "aws_nat_gateway" "x" {\n  subnet_id = "s"\n}', "0.045"),
    "an address": ('resource "aws_eip" "x" {\n  tags = { Name = "nat" }\n}', "0.005"),
    "three": ('resource "aws_nat_gateway" "x" {\n  count = 3\n  subnet_id = "s"\n}', "0.135"),
    "endpoint in two zones": (
        'resource "aws_vpc_endpoint" "x" {\n  vpc_id = "v"\n  service_name = "s"\n'
        '  vpc_endpoint_type = "Interface"\n  subnet_ids = ["a", "b"]\n}',
        "0.020",
    ),
    "database in two zones": (
        'resource "aws_db_instance" "x" {\n  engine = "postgres"\n  multi_az = true\n'
        '  instance_class = "db.t4g.micro"\n}',
        "0.032",
    ),
    "cache group": (
        'resource "aws_elasticache_replication_group" "x" {\n  node_type = "cache.t4g.micro"\n'
        "  num_cache_clusters = 2\n}",
        "0.032",
    ),
    "cache shards": (
        'resource "aws_elasticache_replication_group" "x" {\n  node_type = "cache.t4g.micro"\n'
        "  num_node_groups = 2\n  replicas_per_node_group = 1\n}",
        "0.064",
    ),
    "search": (
        'resource "aws_opensearch_domain" "x" {\n  cluster_config {\n'
        '    instance_type = "t3.small.search"\n    instance_count = 3\n  }\n}',
        "0.108",
    ),
    "machine": ('resource "aws_instance" "x" {\n  instance_type = "t3.small"\n}', "0.0208"),
    "database by its engine": (
        'resource "aws_db_instance" "x" {\n  engine = "mariadb"\n'
        '  instance_class = "db.t3.micro"\n}',
        "0.017",
    ),
    "EKS": ('resource "aws_eks_cluster" "x" {\n  name = "x"\n}', "0.10"),
    "classic": ('resource "aws_elb" "x" {\n  name = "x"\n}', "0.025"),
}
FREE = {
    "gateway endpoint": 'resource "aws_vpc_endpoint" "x" {\n  service_name = "s3"\n}',
    "none of it": 'resource "aws_nat_gateway" "x" {\n  count = 0\n  subnet_id = "s"\n}',
    "empty group": 'resource "aws_autoscaling_group" "x" {\n  min_size = 0\n  max_size = 3\n}',
    "looked up": 'data "aws_nat_gateway" "x" {\n  id = "nat-1"\n}',
}


@pytest.mark.parametrize("name", KEPT)
def test_what_costs_by_the_hour_is_named_with_its_price(tmp_path, name):
    text, price = KEPT[name]
    plain = compile_text(tmp_path, STACK).summary
    result = compile_text(tmp_path, STACK + text)
    (problem,) = reported(result, "idle-cost")
    month = f"{Decimal(price) * HOURS:.2f} $ a month"
    assert problem.level is Level.WARNING
    assert problem.address.endswith((".x", ".x[0]"))
    assert f"{Decimal(price).normalize():f} $ an hour, {month}" in problem.message
    assert result.summary.asleep - plain.asleep == Decimal(price)
    assert result.summary.awake - plain.awake == Decimal(price)
    assert not errors(result)
    (kept,) = result.spec.source["keeps"]  # for the message at the end of a term
    assert kept["address"] == problem.address
    assert kept["month"] == float(round(Decimal(price) * HOURS, 2))


@pytest.mark.parametrize("name", FREE)
def test_what_is_free_is_not_reported(tmp_path, name):
    assert compile_text(tmp_path, STACK + FREE[name]).findings == ()


def test_a_price_that_is_not_known_is_said_to_be_so(tmp_path):
    text = 'resource "aws_db_instance" "x" {\n  engine = "oracle-ee"\n  instance_class = "db.x"\n}'
    result = compile_text(tmp_path, STACK + text)
    (problem,) = reported(result, "idle-cost")
    assert "its price is not in dormouse's table" in problem.message
    assert result.summary.unpriced == ("database (db.x)",)
    assert result.spec.source["keeps"] == [
        {"address": "aws_db_instance.x", "what": "database (db.x)", "month": None}
    ]
    assert result.summary.asleep == compile_text(tmp_path, STACK).summary.asleep


def test_the_stacks_own_elastic_ip_is_counted_once(tmp_path):
    own = STACK.replace('"eipalloc-0a1b2c3d"', "aws_eip.own.id")
    own += 'resource "aws_eip" "own" {\n  tags = { Name = "own" }\n}\n'
    result = compile_text(tmp_path, own)
    assert result.findings == ()
    assert result.summary.asleep == Decimal("0.005")


def test_prices_are_those_of_the_region(tmp_path):
    tokyo = STACK.replace("eu-west-1", "ap-northeast-1") + KEPT["NAT gateway"][0]
    (problem,) = reported(compile_text(tmp_path, tokyo), "idle-cost")
    assert "0.062 $ an hour" in problem.message


@pytest.mark.parametrize(
    ("launched", "said"),
    [
        ('"FARGATE"', "2 × task (256 CPU units, 512 MiB), 0.034685 $ an hour"),
        ('"EC2"', None),
    ],
)
def test_tasks_that_always_run_are_reported(tmp_path, launched, said):
    """Of a service that stands in both worlds with as many tasks."""
    service = SERVICE.split("  load_balancer {")[0].replace('"app"', '"x"') + "}\n"
    service = service.replace("desired_count                     = 1", "desired_count = 2")
    text = two_worlds(STACK, *SLEEPERS) + service.replace('"FARGATE"', launched)
    found = reported(compile_text(tmp_path, text), "idle-cost")
    assert [p.address for p in found] == (["aws_ecs_service.x"] if said else [])
    assert said is None or said in found[0].message


def test_a_price_of_elsewhere_says_so(tmp_path):
    text = STACK.replace("eu-west-1", "us-east-1") + KEPT["NAT gateway"][0]
    assert "(2026-09)" in reported(compile_text(tmp_path, text), "idle-cost")[0].message
    text = STACK + KEPT["NAT gateway"][0]
    assert (
        "(2026-09, as in us-east-1)"
        in reported(compile_text(tmp_path, text), "idle-cost")[0].message
    )


def test_a_network_load_balancer_that_stays_is_reported(tmp_path):
    result = compile_text(tmp_path, two_worlds(STACK, "aws_ecs_service.app"))
    (problem,) = reported(result, "idle-cost")
    assert "network load balancer, 0.0225 $ an hour" in problem.message


def test_errors_leave_no_summary(tmp_path):
    result = compile_text(tmp_path, STACK + "locals {\n  x = aws_lb.nothing.arn\n}\n")
    assert errors(result)
    assert result.summary is None


def test_the_summary_says_what_sleeps_and_how_long_a_wake_takes(tmp_path):
    summary = compile_text(tmp_path, STACK).summary
    assert set(summary.sleepers) == SLEEPERS
    assert summary.to_json() == {
        "sleepers": 4,
        "asleep_month": 3.65,
        "awake_hour": 0.0448,
        "wake_seconds": 170,
        "critical_path": [
            {"address": "aws_lb.front", "step": "load balancer starting", "seconds": 150},
            {"address": "aws_ecs_service.app", "step": "health check", "seconds": 20},
        ],
        "unpriced": [],
    }


CHECK = """  health_check {
    protocol          = "TCP"
    interval          = 10
    timeout           = 5
    healthy_threshold = 2
  }
"""


@pytest.mark.parametrize(
    ("check", "said"),
    [
        (
            '  health_check {\n    protocol = "TCP"\n    timeout = 5\n  }\n',
            "30 s × 3 is 90 s of the 240 s of a wake; 70 s less with "
            "interval = 10, healthy_threshold = 2",
        ),
        (
            '  health_check {\n    protocol = "HTTP"\n    healthy_threshold = 2\n  }\n',
            "30 s × 2 is 60 s of the 210 s of a wake; 40 s less with "
            "interval = 10, healthy_threshold = 2",
        ),
        (
            "",
            "30 s × 5, AWS's default, is 150 s of the 300 s of a wake; 130 s less with "
            "interval = 10, healthy_threshold = 2, timeout = 5",
        ),
    ],
)
def test_slow_checks_are_reported_with_what_they_cost(tmp_path, check, said):
    result = compile_text(tmp_path, STACK.replace(CHECK, check))
    (problem,) = result.findings
    assert (problem.level, problem.rule) == (Level.WARNING, "slow-wake")
    assert problem.message == f"health_check: {said}"
    line = (tmp_path / "main.tf").read_text().split("\n")[problem.place.line - 1]
    assert "health_check {" in line if check else "aws_lb_target_group" in line


def test_slow_checks_of_one_block_are_one_warning(tmp_path):
    """And where two blocks have them, each names the other: one alone spares nothing."""
    many = STACK.replace(CHECK, "")
    head = '  name                 = "app"\n'
    many = many.replace(head, '  for_each = toset(["a", "b"])\n  name = each.key\n', 1)
    many = many.replace("aws_lb_target_group.app.arn", 'aws_lb_target_group.app["a"].arn')
    entry = many[many.index("  load_balancer {") : many.rindex("}")]
    more = entry.replace('["a"]', '["b"]')
    many = many.replace(entry, entry + more)
    listener = FRONT[FRONT.index('resource "aws_lb_listener"') :]
    listener = listener.replace('"tcp"', '"b"').replace("8080", "8081")
    many += listener.replace("aws_lb_target_group.app.arn", 'aws_lb_target_group.app["b"].arn')
    (problem,) = reported(compile_text(tmp_path, many), "slow-wake")
    assert problem.address == 'aws_lb_target_group.app["a"]'


def test_what_is_advised_leaves_nothing_to_say(tmp_path):
    for advised in ("interval = 10\n    healthy_threshold = 2\n    timeout = 5",):
        check = f'  health_check {{\n    protocol = "TCP"\n    {advised}\n  }}\n'
        assert compile_text(tmp_path, STACK.replace(CHECK, check)).findings == ()


def test_every_price_is_used_and_has_a_region_to_fall_back_on():
    assert all("us-east-1" in prices for prices in HOURLY.values())
    assert hourly("nat gateway", "eu-west-1") == hourly("nat gateway", None)
    assert hourly("unicorn", None) is None
    assert len(idle_cost.TABLE) > 30
