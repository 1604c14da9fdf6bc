"""How a house comes into each state that the page knows."""

from __future__ import annotations


def asleep(installation):
    pass


def waking(installation):
    installation.press("wake")
    installation.run(60)


def awake(installation):
    installation.press("wake")
    installation.run()


def sleeping(installation):
    awake(installation)
    installation.press("sleep", scope="admin")
    installation.run(35)


def failed(installation):
    installation.aws.conditions.containers("nsfw-api-container", "image_pull_error")
    installation.press("wake")
    installation.run(3600)


def blocked(installation):
    subnet = {"SubnetId": "subnet-0a1b2c3d4e5f60718"}
    installation.session.client("elbv2").create_load_balancer(
        Name="ecs-nlb", Type="network", SubnetMappings=[subnet]
    )
    installation.press("wake")
    installation.run(3600)


def held(installation):
    installation.press("sleep", scope="admin")
    installation.run()


def stuck(installation):
    """A VPC endpoint service holds the load balancer that should be deleted."""
    awake(installation)
    installation.aws.conditions.endpoint_services.add("ecs-nlb")
    installation.press("sleep", scope="admin")
    installation.run(3600)


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
