"""How a house comes into each state that the page knows."""

from __future__ import annotations

from datetime import timedelta

from controller.domain.decision.term import Term
from factories import article_spec, listener, load_balancer, service, target_group
from installation import STACK, Installation
from local.ecs.mishaps import interrupt


def asleep(installation):
    pass


def waking(installation):
    installation.press("wake")
    installation.run(60)


def awake(installation):
    installation.press("wake")
    installation.run()


def degraded(installation):
    """One of its two tasks was replaced, and its successor ends at once."""
    two = service(request={"desiredCount": 2})
    resources = (target_group(), load_balancer(), listener(), two)
    policy = dict(installation.table.load("nsfw-api").spec.policy)
    installation.publish(article_spec(policy={**policy, "idle_timeout": "0"}, resources=resources))
    awake(installation)
    ecs = installation.session.client("ecs")
    cluster = "nsfw_api_cluster"
    tasks = ecs.list_tasks(cluster=cluster, serviceName="nsfw_api_service")["taskArns"]
    installation.aws.conditions.containers("nsfw-api-container", "exits_at_once")
    interrupt(installation.aws, tasks[0], "TerminationNotice")
    for _ in range(12):
        installation.aws.clock.advance(timedelta(minutes=5).total_seconds())
        installation.run()
        if installation.status()["phase"] == "degraded":
            break


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


def furnished():
    """Awake with all that a page can show: a budget, a booking, a term, and hours in its strip."""
    installation = Installation()
    policy = {"time_zone": "Asia/Tokyo", "monthly_budget": 0.5, "idle_timeout": "0"}
    installation.publish(article_spec(policy=policy))
    now = installation.now
    term = Term(stack=STACK, owner="ann", expires_at=now + timedelta(days=5), set_at=now)
    installation.table.change_term(STACK, lambda _: term)
    awake(installation)
    installation.aws.clock.advance(3600)
    installation.press("wake", "for=1h&at=2026-11-26T14:30&reason=a+demo")
    installation.press("wake", "for=3h")
    installation.run()
    return installation


STATES = {
    "asleep": asleep,
    "waking": waking,
    "awake": awake,
    "degraded": degraded,
    "sleeping": sleeping,
    "failed": failed,
    "blocked": blocked,
    "held": held,
    "stuck": stuck,
}
