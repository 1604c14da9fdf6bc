"""AWS behaviour §4 and faults F62-F65."""

from datetime import timedelta

import pytest
from simulated_stack import START, refused


def minute(number):
    return START + timedelta(minutes=number)


def query(balancer, metric="NewFlowCount", stat="Sum", **dimensions):
    named = {"LoadBalancer": balancer.partition(":loadbalancer/")[2], **dimensions}
    return {
        "Id": "q",
        "MetricStat": {
            "Metric": {
                "Namespace": "AWS/NetworkELB",
                "MetricName": metric,
                "Dimensions": [{"Name": key, "Value": value} for key, value in named.items()],
            },
            "Period": 60,
            "Stat": stat,
        },
    }


def points(stack, query_, start=0, end=120, **options):
    """Minutes since the start to values."""
    reply = stack.cloudwatch.get_metric_data(
        MetricDataQueries=[query_], StartTime=minute(start), EndTime=minute(end), **options
    )
    found = reply["MetricDataResults"][0]
    return {
        round((at - START).total_seconds() / 60): value
        for at, value in zip(found["Timestamps"], found["Values"], strict=True)
    }


@pytest.fixture
def balancer(stack):
    """Active at 2:30; its first point is that of the minute 6:00, 180 s later and no earlier."""
    return stack.create_balancer()


def test_an_idle_balancer_reports_zeros_after_a_gap(stack, balancer):
    stack.pass_time(1200)
    found = points(stack, query(balancer))
    assert min(found) == 6
    assert set(found.values()) == {0.0}


def test_points_come_late(stack, balancer):
    """§4.2: the minute itself and two more."""
    stack.pass_time(15 * 60)
    assert max(points(stack, query(balancer))) == 12
    stack.pass_time(59)
    assert max(points(stack, query(balancer))) == 12
    stack.pass_time(1)
    assert max(points(stack, query(balancer))) == 13


def test_before_the_first_point_there_is_nothing(stack, balancer):
    """F62."""
    stack.pass_time(6 * 60 + 179)
    assert points(stack, query(balancer)) == {}


def test_a_balancer_that_never_serves_reports_nothing(stack):
    stack.aws.conditions.load_balancer("ecs-nlb", "failed")
    balancer = stack.create_balancer()
    stack.pass_time(3600)
    assert points(stack, query(balancer)) == {}


def test_flows_count_in_their_minute(stack, balancer):
    stack.aws.traffic.flows("ecs-nlb", minute(8), new_flows=4, bytes=9000)
    stack.aws.traffic.flows(balancer, minute(8) + timedelta(seconds=59), new_flows=1, bytes=100)
    stack.pass_time(1200)
    assert points(stack, query(balancer))[8] == 5
    assert points(stack, query(balancer, "ProcessedBytes"))[8] == 9100
    assert points(stack, query(balancer))[9] == 0


def test_tcp_metrics_are_there_only_when_not_zero(stack, balancer):
    stack.aws.traffic.flows("ecs-nlb", minute(8), new_flows=4)
    stack.pass_time(1200)
    assert points(stack, query(balancer, "NewFlowCount_TCP")) == {8: 4}


def test_each_balancer_has_its_own_series(stack, balancer):
    """§4.1: the dimension's value changes with every wake."""
    stack.aws.traffic.flows("ecs-nlb", minute(8), new_flows=4)
    stack.aws.traffic.flows("ecs-nlb", minute(40), new_flows=7)
    stack.pass_time(20 * 60)
    stack.elbv2.delete_load_balancer(LoadBalancerArn=balancer)
    stack.pass_time(60)
    second = stack.create_balancer()
    stack.pass_time(60 * 60)
    old, new = points(stack, query(balancer)), points(stack, query(second))
    assert (old[8], max(old)) == (4, 19)
    assert new[40] == 7
    assert 8 not in new


def test_an_open_connection_says_nothing_but_is_active(stack, balancer):
    """F65."""
    stack.aws.traffic.hold_open("ecs-nlb", minute(8), minute(11))
    stack.pass_time(1200)
    active = points(stack, query(balancer, "ActiveFlowCount", "Maximum"))
    assert {at for at, value in active.items() if value} == {8, 9, 10}
    assert set(points(stack, query(balancer)).values()) == {0}


def test_scanners_are_heard_at_a_fixed_distance(stack, balancer):
    """F64."""
    stack.aws.traffic.noise("ecs-nlb", minute(0), every=timedelta(minutes=5), bytes=200)
    stack.pass_time(3600)
    found = points(stack, query(balancer), end=30)
    assert {at for at, value in found.items() if value} == {10, 15, 20, 25}


def test_periods_add_up_from_whole_ones(stack, balancer):
    for at in range(6, 16):
        stack.aws.traffic.flows("ecs-nlb", minute(at), new_flows=1)
    stack.pass_time(3600)
    longer = query(balancer)
    longer["MetricStat"]["Period"] = 300
    assert points(stack, longer, end=20) == {5: 4, 10: 5, 15: 1}
    longer["MetricStat"]["Stat"] = "SampleCount"
    assert points(stack, longer, end=20) == {5: 4, 10: 5, 15: 5}


def test_start_counts_and_end_does_not(stack, balancer):
    stack.pass_time(3600)
    assert list(points(stack, query(balancer), 10, 12, ScanBy="TimestampAscending")) == [10, 11]
    assert list(points(stack, query(balancer), 10, 12)) == [11, 10]


def test_statistics_come_unordered(stack, balancer):
    stack.pass_time(3600)
    metric = query(balancer)["MetricStat"]["Metric"]
    reply = stack.cloudwatch.get_metric_statistics(
        **metric, StartTime=minute(10), EndTime=minute(14), Period=60, Statistics=["Sum", "Average"]
    )
    stamps = [each["Timestamp"] for each in reply["Datapoints"]]
    assert sorted(stamps) == [minute(at) for at in range(10, 14)]
    assert stamps != sorted(stamps)


def test_unknown_metrics_are_empty_not_errors(stack, balancer):
    stack.pass_time(3600)
    assert points(stack, query(balancer, "NoSuchMetric")) == {}
    assert points(stack, query("arn:x:loadbalancer/net/other/0")) == {}


def test_answers_may_be_partial(stack, balancer):
    """F63."""
    stack.pass_time(3600)
    whole = points(stack, query(balancer))
    stack.aws.conditions.metric_status = "PartialData"
    reply = stack.cloudwatch.get_metric_data(
        MetricDataQueries=[query(balancer)], StartTime=minute(0), EndTime=minute(120)
    )
    found = reply["MetricDataResults"][0]
    assert found["StatusCode"] == "PartialData"
    assert len(found["Values"]) < len(whole)


def test_hosts_are_counted_by_health(stack):
    balancer, group = stack.wake()
    stack.pass_time(1800)
    dimension = {"TargetGroup": group.rpartition(":")[2]}
    healthy = points(stack, query(balancer, "HealthyHostCount", "Maximum", **dimension))
    assert set(healthy.values()) == {1}
    unhealthy = points(stack, query(balancer, "UnHealthyHostCount", "Maximum", **dimension))
    assert set(unhealthy.values()) == {0}


def test_own_metrics_are_kept_and_amazons_namespace_is_not_ours(stack):
    stack.cloudwatch.put_metric_data(
        Namespace="Dormouse",
        MetricData=[
            {"MetricName": "Wakes", "Timestamp": START, "Values": [1, 3], "Counts": [2, 1]}
        ],
    )
    reply = stack.cloudwatch.get_metric_statistics(
        Namespace="Dormouse",
        MetricName="Wakes",
        StartTime=START,
        EndTime=minute(1),
        Period=60,
        Statistics=["Sum", "SampleCount", "Maximum", "Average"],
    )
    point = reply["Datapoints"][0]
    assert (point["Sum"], point["SampleCount"], point["Maximum"]) == (5, 3, 3)
    with refused("InvalidParameterValue", "must not start with 'AWS/'"):
        stack.cloudwatch.put_metric_data(Namespace="AWS/X", MetricData=[])


def test_metrics_are_listed_with_their_dimensions(stack, balancer):
    stack.pass_time(3600)
    wanted = [{"Name": "LoadBalancer", "Value": balancer.partition(":loadbalancer/")[2]}]
    found = stack.cloudwatch.list_metrics(Namespace="AWS/NetworkELB", Dimensions=wanted)["Metrics"]
    assert "NewFlowCount" in {each["MetricName"] for each in found}


def test_expressions_and_reversed_windows_are_refused(stack, balancer):
    with refused("NotImplemented", "is an expression"):
        stack.cloudwatch.get_metric_data(
            MetricDataQueries=[{"Id": "e", "Expression": "1"}], StartTime=START, EndTime=minute(1)
        )
    with refused("ValidationError"):
        points(stack, query(balancer), 10, 10)
    with refused("ValidationError", "p99"):
        stack.pass_time(3600)
        points(stack, query(balancer, stat="p99"))
