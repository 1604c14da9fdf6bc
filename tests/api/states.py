"""How a house comes into each state that the page knows."""

from __future__ import annotations


def asleep(house):
    pass


def waking(house):
    house.press("wake")
    house.run(60)


def awake(house):
    house.press("wake")
    house.run()


def sleeping(house):
    awake(house)
    house.press("sleep", scope="admin")
    house.run(35)


def failed(house):
    house.aws.conditions.containers("nsfw-api-container", "image_pull_error")
    house.press("wake")
    house.run(3600)


def blocked(house):
    subnet = {"SubnetId": "subnet-0a1b2c3d4e5f60718"}
    house.session.client("elbv2").create_load_balancer(
        Name="ecs-nlb", Type="network", SubnetMappings=[subnet]
    )
    house.press("wake")
    house.run(3600)


def held(house):
    house.press("sleep", scope="admin")
    house.run()


def stuck(house):
    """A VPC endpoint service holds the load balancer that should be deleted."""
    awake(house)
    house.aws.conditions.endpoint_services.add("ecs-nlb")
    house.press("sleep", scope="admin")
    house.run(3600)


STATES = {
    "asleep": asleep,
    "waking": waking,
    "awake": awake,
    "sleeping": sleeping,
    "failed": failed,
    "blocked": blocked,
    "held": held,
    "stuck": stuck,
}
