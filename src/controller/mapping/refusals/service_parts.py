"""CreateService: what ECS refuses of Service Connect, registries and volumes."""

from __future__ import annotations

from typing import Any

from controller.mapping.refusals.row import API, PREFLIGHT, UNKNOWN, Found, Refusal
from controller.mapping.refusals.views import ServiceView

_CONNECT = "serviceConnectConfiguration"
_VOLUME = "volumeConfigurations[0]"
_WITH_IOPS = ("gp3", "io1", "io2")


def _connected(service: ServiceView) -> bool:
    return bool(service.get(f"{_CONNECT}.enabled") is True)


def _connect_services(service: ServiceView) -> list[Any]:
    return list(service.get(f"{_CONNECT}.services", [])) if _connected(service) else []


def _without_alias(service: ServiceView) -> Found:
    for index, each in enumerate(_connect_services(service)):
        if not each.get("clientAliases"):
            return {"at": f"{_CONNECT}.services[{index}]"}
    return None


def _alias_name(service: ServiceView) -> Found:
    for index, each in enumerate(_connect_services(service)):
        for alias in each.get("clientAliases", []):
            name = alias.get("dnsName")
            if isinstance(name, str) and (len(name) > 127 or name != name.lower()):
                at = f"{_CONNECT}.services[{index}].clientAliases.dnsName"
                return {"at": at, "name": name}
    return None


def _unnamed_port(service: ServiceView) -> Found:
    names = service.task.named_ports
    if names is UNKNOWN:
        return None
    wanted = [(f"{_CONNECT}.services[{i}].portName", each.get("portName"))
              for i, each in enumerate(_connect_services(service))]  # fmt: skip
    wanted += [(f"vpcLatticeConfigurations[{i}].portName", each.get("portName"))
               for i, each in enumerate(service.get("vpcLatticeConfigurations", []))]  # fmt: skip
    for at, name in wanted:
        if isinstance(name, str) and name not in names:
            return {"at": at, "name": name, "names": ", ".join(names) or "none"}
    return None


def _registry_port(service: ServiceView) -> Found:
    entries = service.get("serviceRegistries", [])
    only_a = service.records is not UNKNOWN and set(service.records) == {"A"}
    return only_a and any("containerPort" in entry for entry in entries)


def _volumes(service: ServiceView) -> list[Any]:
    return list(service.get("volumeConfigurations", []))


def _unknown_volume(service: ServiceView) -> Found:
    volumes = service.task.volumes
    if volumes is UNKNOWN or not volumes:
        return None
    for each in _volumes(service):
        name = each.get("name")
        if isinstance(name, str) and name not in volumes:
            return {"name": name, "names": ", ".join(volumes)}
    return None


def _ebs(service: ServiceView) -> list[Any]:
    return [each.get("managedEBSVolume", {}) for each in _volumes(service)]


def _ebs_without_size(service: ServiceView) -> Found:
    return any("sizeInGiB" not in ebs and "snapshotId" not in ebs for ebs in _ebs(service))


def _ebs_speed(service: ServiceView) -> Found:
    for ebs in _ebs(service):
        type_ = ebs.get("volumeType", "gp3")
        if "throughput" in ebs and type_ != "gp3":
            return {"at": f"{_VOLUME}.managedEBSVolume.throughput", "what": "throughput",
                    "type": type_, "wanted": "gp3"}  # fmt: skip
        if "iops" in ebs and type_ is not UNKNOWN and type_ not in _WITH_IOPS:
            return {"at": f"{_VOLUME}.managedEBSVolume.iops", "what": "iops", "type": type_,
                    "wanted": ", ".join(_WITH_IOPS)}  # fmt: skip
    return None


PARTS: tuple[Refusal, ...] = (
    Refusal(
        rule="connect-namespace",
        when=lambda service: (
            _connected(service)
            and not service.has(f"{_CONNECT}.namespace")
            and service.namespace is False
        ),
        at=f"{_CONNECT}.enabled",
        text="Namespace is missing",
        advice="service_connect_configuration.namespace is missing, and the cluster has no default "
        "one; name it",
        source=PREFLIGHT,
    ),
    Refusal(
        rule="connect-alias",
        when=_without_alias,
        at=_CONNECT,
        text="clientAliases must have 1 element.",
        advice="service_connect_configuration.service: client_alias is missing; add it",
        source=PREFLIGHT,
    ),
    Refusal(
        rule="connect-alias",
        when=_alias_name,
        at=_CONNECT,
        text="The DNS name that you provided is invalid.",
        advice='client_alias.dns_name: found "{name}", expected up to 127 small letters',
        source=PREFLIGHT,
    ),
    Refusal(
        rule="port-name",
        by_task=True,
        when=_unnamed_port,
        at=_CONNECT,
        text="",
        advice='port_name: found "{name}", expected the name of a port mapping of the task '
        "definition: {names}",
        source=PREFLIGHT,
    ),
    Refusal(
        rule="registry-port",
        when=_registry_port,
        at="serviceRegistries[0].containerPort",
        text="The values specified for serviceRegistries do not require a value for "
        "'containerPort'.",
        advice="service_registries.container_port: remove it; the Cloud Map service has A records",
        source=PREFLIGHT,
    ),
    Refusal(
        rule="registry-port",
        when=lambda service: any(
            "port" in entry and "containerPort" in entry
            for entry in service.get("serviceRegistries", [])
        ),
        at="serviceRegistries[0].port",
        text="",
        advice="service_registries: found both port and container_port, expected one of them",
        source=API,
    ),
    Refusal(
        rule="volume-name",
        by_task=True,
        when=_unknown_volume,
        at=f"{_VOLUME}.name",
        text="The volume name '{name}' in your request does not have a matching volume in your Task "
        "Definition",
        advice='volume_configuration.name: found "{name}", expected a volume of the task definition '
        "with configure_at_launch = true: {names}",
        source=PREFLIGHT,
    ),
    Refusal(
        rule="volume-name",
        by_task=True,
        when=lambda service: (
            bool(_volumes(service))
            and service.task.volumes is not UNKNOWN
            and not service.task.volumes
        ),
        at=f"{_VOLUME}.name",
        text="Volume configuration provided but no matching configuredAtLaunch volume found in task "
        "definition.",
        advice="volume_configuration: the task definition has no volume with configure_at_launch = "
        "true; add it there",
        source=PREFLIGHT,
    ),
    Refusal(
        rule="volume-size",
        when=_ebs_without_size,
        at=f"{_VOLUME}.managedEBSVolume",
        text="ECS managed EBS volume configuration was invalid",
        advice="managed_ebs_volume: found neither size_in_gb nor snapshot_id, expected one of them",
        source=f"{PREFLIGHT}; {API}",
    ),
    Refusal(
        rule="volume-speed",
        when=_ebs_speed,
        at=f"{_VOLUME}.managedEBSVolume",
        text="ECS managed EBS volume configuration was invalid",
        advice='managed_ebs_volume.{what}: found it with volume_type "{type}", expected {wanted}',
        source=f"{PREFLIGHT}; {API}",
    ),
)
