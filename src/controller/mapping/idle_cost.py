"""
What Terraform keeps and AWS bills by the hour, also while the stack sleeps (rule `idle-cost`).

One row for each Terraform type: what it is called, and how the configuration says its size and
number. Prices are those of `controller.domain.money.hourly_prices`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from decimal import Decimal

from controller.domain.dataclass import dataclass
from controller.domain.formatting import say_money
from controller.domain.money.hourly_prices import AS_OF, HOURLY, HOURS_IN_A_MONTH, hourly, is_of
from controller.domain.money.ledger import cost
from controller.domain.money.prices import DEFAULT_REGION, find_prices
from controller.domain.money.usage import Tasks
from controller.domain.planning.spec import Json
from controller.domain.problem import Level, Place, Problem
from controller.hcl import numbers
from controller.hcl.values import Unknown
from controller.hcl.world import Block, ResourceInstance
from controller.mapping.fill import given, known
from controller.mapping.task import FARGATE, size_of

RULE = "idle-cost"
_NOT_PRICED = "its price is not in dormouse's table"
_FAMILIES = {"mysql": "mysql", "mariadb": "mysql", "postgres": "postgres"}


@dataclass(frozen=True, slots=True)
class Kept:
    """
    `number` things called `item` in the table of prices; `size` is shown to people.

    `hour` is USD for one, where that follows from something else than the table.
    """

    name: str
    item: str
    number: int = 1
    size: str = ""
    hour: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Idle:
    """
    All instances of one block that are billed by the hour.

    `hour` is USD for all of them, None where the price of one is not known. `of` is the region of
    the price where that is not the stack's own.
    """

    address: str
    place: Place
    what: str
    hour: Decimal | None
    belongs: str = ""
    of: str = ""

    def as_problem(self) -> Problem:
        return Problem(
            level=Level.WARNING,
            rule=RULE,
            message=f"{self.belongs}costs by the hour, asleep or awake: {self.what}, "
            f"{self._money()}",
            place=self.place,
            address=self.address,
        )

    def to_json(self) -> dict[str, Json]:
        """For the spec's source; `month` is USD, None where the price is not known."""
        month = None if self.hour is None else float(round(self.hour * HOURS_IN_A_MONTH, 2))
        return {"address": self.address, "what": self.what, "month": month}

    def _money(self) -> str:
        if self.hour is None:
            return _NOT_PRICED
        month = say_money(self.hour * HOURS_IN_A_MONTH)
        of = f", as in {self.of}" if self.of else ""
        return f"{self.hour.normalize():f} $ an hour, {month} a month ({AS_OF}{of})"


_Read = Callable[[Block], Kept | None]


def find_idle(
    kept: Mapping[str, ResourceInstance],
    others: Mapping[str, str],
    region: str | None,
    own_addresses: Collection[str] = (),
) -> tuple[Idle, ...]:
    """
    What of `kept` is billed by the hour, block by block.

    `others` are the load balancers that do not sleep, with their types; `own_addresses` are the
    Elastic IPs of the stack itself, which are counted there.
    """
    blocks: dict[tuple[str, Place], list[tuple[ResourceInstance, Kept]]] = {}
    for instance in kept.values():
        if instance.mode != "managed" or instance.address in own_addresses:
            continue
        if instance.type == "aws_ecs_service":
            found = _tasks(instance, kept, region)
        else:
            found = _priced(instance, others)
        if found is not None and found.number:
            blocks.setdefault((instance.type, instance.place), []).append((instance, found))
    return tuple(_together(found, others, region) for found in blocks.values())


def _priced(instance: ResourceInstance, others: Mapping[str, str]) -> Kept | None:
    if instance.type in ("aws_lb", "aws_alb"):
        name = f"{others.get(instance.address, 'network')} load balancer"
        return Kept(name, name)
    read = TABLE.get(instance.type)
    return read(instance.body) if read else None


def _together(
    found: list[tuple[ResourceInstance, Kept]], others: Mapping[str, str], region: str | None
) -> Idle:
    first, kept = found[0]
    number = sum(each.number for _, each in found)
    prices = [each.hour or hourly(each.item, region) for _, each in found]
    own = all(each.hour is not None or is_of(each.item, region) for _, each in found)
    amounts = [p * each.number for p, (_, each) in zip(prices, found, strict=True) if p is not None]
    size = f" ({kept.size})" if kept.size else ""
    stays = first.address in others
    return Idle(
        address=first.address,
        place=first.place,
        what=f"{number} × {kept.name}{size}" if number > 1 else f"{kept.name}{size}",
        hour=sum(amounts, Decimal(0)) if len(amounts) == len(found) else None,
        belongs="stays Terraform's, with what belongs to it, and " if stays else "",
        of="" if own else DEFAULT_REGION,
    )


def _one(name: str, item: str = "") -> _Read:
    return lambda body: Kept(name, item or name.lower())


def _each(name: str, item: str, block: str) -> _Read:
    """As many as the body has blocks of that type."""
    return lambda body: Kept(name, item, max(1, len(body.of_type(block))))


def _sized(name: str, item: str, argument: str, number: str = "") -> _Read:
    """Priced by the size that an argument names, times the number that another one does."""

    def read(body: Block) -> Kept:
        size = _text(body, argument)
        return Kept(name, f"{item} {size}", number_in(body, number, 1) if number else 1, size)

    return read


def _endpoint(body: Block) -> Kept | None:
    """A gateway endpoint, the default, is free; the others are paid for in each zone."""
    if known(body, "vpc_endpoint_type") not in ("Interface", "GatewayLoadBalancer"):
        return None
    return Kept("interface endpoint", "interface endpoint", _length(body, "subnet_ids"))


def _database(body: Block) -> Kept:
    size, engine = _text(body, "instance_class"), _text(body, "engine")
    family = _FAMILIES.get(engine, "other")
    alike = f"database {size}" in HOURLY and family != "other"
    copies = 2 if known(body, "multi_az") is True else 1
    return Kept("database", f"database {'' if alike else f'{family} '}{size}", copies, size)


def _cache_group(body: Block) -> Kept:
    size = _text(body, "node_type")
    groups = number_in(body, "num_node_groups", 1)
    copies = number_in(body, "replicas_per_node_group", 0) + 1
    nodes = number_in(body, "num_cache_clusters", number_in(body, "number_cache_clusters", 0))
    return Kept("cache node", f"cache {size}", nodes or groups * copies, size)


def _search(body: Block) -> Kept:
    config = next(iter(body.of_type("cluster_config")), None)
    size = _text(config, "instance_type") if config else ""
    number = number_in(config, "instance_count", 1) if config else 1
    return Kept("search node", f"search {size}", number, size)


def _brokers(body: Block) -> Kept:
    info = next(iter(body.of_type("broker_node_group_info")), None)
    size = _text(info, "instance_type") if info else ""
    return Kept("broker", f"broker {size}", number_in(body, "number_of_broker_nodes", 1), size)


def _group_of_machines(body: Block) -> Kept | None:
    number = number_in(body, "desired_capacity", number_in(body, "min_size", 1))
    return Kept("machine of a group", "", number)


def _tasks(
    service: ResourceInstance, kept: Mapping[str, ResourceInstance], region: str | None
) -> Kept | None:
    """A service that exists in both worlds; on the user's own machines its tasks cost nothing."""
    body = service.body
    strategies = [known(b, "capacity_provider") for b in body.of_type("capacity_provider_strategy")]
    if {known(body, "launch_type"), *strategies}.isdisjoint(FARGATE):
        return None
    argument = given(body, "task_definition")
    data = argument.value.data if argument else None
    origins = data.origins if isinstance(data, Unknown) else ()
    definitions = [kept[origin.address] for origin in origins if origin.address in kept]
    sizes = [size_of(each) for each in definitions if each.type == "aws_ecs_task_definition"]
    number, size = number_in(body, "desired_count", 0), next(iter(sizes), {})
    if not size:
        return Kept("task", "", number)
    networks = body.of_type("network_configuration")
    public = any(known(block, "assign_public_ip") is True for block in networks)
    tasks = Tasks(cpu=size["cpu"], memory=size["memory"], arm=size["arm"], public_ip=public)
    hour = cost(tasks.used(Decimal(1), Decimal(1)), find_prices(region))
    return Kept("task", "", number, f"{size['cpu']} CPU units, {size['memory']} MiB", hour)


TABLE: Mapping[str, _Read] = {
    "aws_nat_gateway": _one("NAT gateway"),
    "aws_elb": _one("classic load balancer"),
    "aws_eip": _one("public address"),
    "aws_vpc_endpoint": _endpoint,
    "aws_vpn_connection": _one("VPN connection"),
    "aws_ec2_transit_gateway_vpc_attachment": _one("transit gateway attachment"),
    "aws_ec2_client_vpn_network_association": _one("client VPN association"),
    "aws_globalaccelerator_accelerator": _one("accelerator"),
    "aws_networkfirewall_firewall": _each(
        "network firewall endpoint", "network firewall endpoint", "subnet_mapping"
    ),
    "aws_route53_resolver_endpoint": _each(
        "resolver endpoint interface", "resolver endpoint interface", "ip_address"
    ),
    "aws_eks_cluster": _one("EKS cluster"),
    "aws_eks_node_group": _one("node group", "-"),
    "aws_db_instance": _database,
    "aws_rds_cluster_instance": _sized("database", "aurora", "instance_class"),
    "aws_docdb_cluster_instance": _sized("database", "documents", "instance_class"),
    "aws_neptune_cluster_instance": _sized("database", "graph", "instance_class"),
    "aws_db_proxy": _one("database proxy", "-"),
    "aws_redshift_cluster": _sized("warehouse node", "warehouse", "node_type", "number_of_nodes"),
    "aws_elasticache_cluster": _sized("cache node", "cache", "node_type", "num_cache_nodes"),
    "aws_elasticache_replication_group": _cache_group,
    "aws_elasticache_serverless_cache": _one("serverless cache", "-"),
    "aws_memorydb_cluster": _sized("cache node", "memorydb", "node_type"),
    "aws_dax_cluster": _sized("cache node", "dax", "node_type", "replication_factor"),
    "aws_opensearch_domain": _search,
    "aws_elasticsearch_domain": _search,
    "aws_msk_cluster": _brokers,
    "aws_mq_broker": _sized("broker", "queue", "host_instance_type"),
    "aws_instance": _sized("machine", "machine", "instance_type"),
    "aws_autoscaling_group": _group_of_machines,
    "aws_transfer_server": _one("file transfer server", "-"),
    "aws_directory_service_directory": _one("directory", "-"),
    "aws_dms_replication_instance": _sized(
        "replication machine", "replication", "replication_instance_class"
    ),
    "aws_mwaa_environment": _one("Airflow environment", "-"),
    "aws_sagemaker_endpoint": _one("model endpoint", "-"),
    "aws_cloudhsm_v2_hsm": _one("hardware security module", "-"),
    "aws_emr_cluster": _one("EMR cluster", "-"),
}


def _text(body: Block, name: str) -> str:
    value = known(body, name)
    return value if isinstance(value, str) else ""


def number_in(body: Block, name: str, otherwise: int) -> int:
    """An argument that is a number, or a text of one, where it is known."""
    value = known(body, name)
    if isinstance(value, str) and value.isdecimal():
        return int(value)
    return numbers.to_int(value) if isinstance(value, numbers.Number) else otherwise


def _length(body: Block, name: str) -> int:
    """How many elements; one where that is not known, so that it is never too much."""
    argument = given(body, name)
    data = argument.value.data if argument else None
    return max(1, len(data)) if isinstance(data, tuple) else 1
