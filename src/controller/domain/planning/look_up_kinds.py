"""
The kinds of look-ups: the keys that find a resource, and the attributes that it has.

`controller.mapping.look_ups` writes them into a spec, `controller.aws.look_ups` answers them when
the stack wakes.

Keys that many kinds share: `tags` {name: value}, all of which the resource must have (it may have
more); `filters` [{"name": n, "values": [v, …]}], EC2's own filters, sent unchanged;
`id`, EC2's id of the resource.

| kind                 | keys                                          | attributes (`take`)      |
|----------------------|-----------------------------------------------|--------------------------|
| `name`               | `name`: the answer itself, known when         | name                     |
|                      | compiling; nothing is asked (bucket, log      |                          |
|                      | group, alarm)                                 |                          |
| `cluster`            | `name`: a name or ARN, as DescribeClusters    | arn name                 |
|                      | takes it; status ACTIVE                       |                          |
| `task_definition`    | `family`: a family (its latest ACTIVE         | arn arn_without_revision |
|                      | revision), "family:revision" or ARN, as       | family revision          |
|                      | DescribeTaskDefinition takes it               |                          |
| `security_group`     | id name name_prefix (the name begins with it) | id arn name vpc_id       |
|                      | vpc_id description tags filters               | owner_id                 |
| `security_groups`    | tags filters                                  | ids arns vpc_ids (lists) |
| `elastic_ip`         | allocation_id public_ip tags filters          | allocation_id public_ip  |
|                      |                                               | public_dns               |
| `elastic_ips`        | tags filters                                  | allocation_ids           |
|                      |                                               | public_ips (lists)       |
| `subnet`             | id vpc_id cidr_block availability_zone        | id arn vpc_id cidr_block |
|                      | availability_zone_id default_for_az (bool)    | availability_zone        |
|                      | state tags filters                            | availability_zone_id     |
|                      |                                               | owner_id tags (map)      |
|                      |                                               | map_public_ip_on_launch  |
|                      |                                               | (bool)                   |
| `subnets`            | tags filters                                  | ids (list, EC2's order)  |
| `vpc`                | id cidr_block default (bool) dhcp_options_id  | id arn cidr_block        |
|                      | state tags filters                            | owner_id                 |
|                      |                                               | main_route_table_id      |
| `vpcs`               | tags filters                                  | ids (list, EC2's order)  |
| `availability_zones` | state all_availability_zones (bool) filters   | names zone_ids (lists)   |
|                      | exclude_names exclude_zone_ids (lists)        |                          |
| `iam_role`           | `name`                                        | arn name unique_id       |
| `load_balancer`      | name arn tags name_prefix (and the digits     | arn arn_suffix name      |
|                      | that Terraform puts behind it)                | dns_name zone_id vpc_id  |
| `target_group`       | name arn tags name_prefix (the same)          | arn arn_suffix name      |
|                      |                                               | vpc_id                   |
| `certificate`        | `domain`; statuses types key_types (lists of  | arn domain               |
|                      | text, ACM's words; statuses left out: ISSUED) |                          |
|                      | tags; `most_recent` (bool): of several take   |                          |
|                      | the newest                                    |                          |
| `service_discovery_service`                                          |                          |
|                      | name namespace_id                             | arn id name              |
| `service_discovery_namespace`                                        |                          |
|                      | name; `type`: HTTP, DNS_PRIVATE or DNS_PUBLIC | arn id name hosted_zone  |
| `ssm_parameter`      | `name`; with_decryption (bool, left out:      | value arn name type      |
|                      | true)                                         | version                  |
| `server_certificate` | `name` (a certificate that IAM keeps)         | arn name id              |
| `trust_store`        | `name`                                        | arn name                 |
| `kms_key`            | `key_id`: id, ARN or "alias/…", as            | arn id                   |
|                      | DescribeKey takes it                          |                          |
| `caller_identity`    | none                                          | account_id               |
| `region`             | name endpoint, or none: the stack's own       | name description         |
|                      | region                                        | endpoint                 |
| `partition`          | none                                          | partition dns_suffix     |
|                      |                                               | reverse_dns_prefix       |
"""

from __future__ import annotations

from collections.abc import Mapping

ATTRIBUTES: Mapping[str, frozenset[str]] = {
    "name": frozenset({"name"}),
    "cluster": frozenset({"arn", "name"}),
    "task_definition": frozenset({"arn", "arn_without_revision", "family", "revision"}),
    "security_group": frozenset({"id", "arn", "name", "vpc_id", "owner_id"}),
    "security_groups": frozenset({"ids", "arns", "vpc_ids"}),
    "elastic_ip": frozenset({"allocation_id", "public_ip", "public_dns"}),
    "elastic_ips": frozenset({"allocation_ids", "public_ips"}),
    "subnet": frozenset(
        {
            "id",
            "arn",
            "vpc_id",
            "cidr_block",
            "availability_zone",
            "availability_zone_id",
            "owner_id",
            "map_public_ip_on_launch",
            "tags",
        }
    ),
    "subnets": frozenset({"ids"}),
    "vpc": frozenset({"id", "arn", "cidr_block", "owner_id", "main_route_table_id"}),
    "vpcs": frozenset({"ids"}),
    "availability_zones": frozenset({"names", "zone_ids"}),
    "iam_role": frozenset({"arn", "name", "unique_id"}),
    "load_balancer": frozenset({"arn", "arn_suffix", "name", "dns_name", "zone_id", "vpc_id"}),
    "target_group": frozenset({"arn", "arn_suffix", "name", "vpc_id"}),
    "certificate": frozenset({"arn", "domain"}),
    "service_discovery_service": frozenset({"arn", "id", "name"}),
    "service_discovery_namespace": frozenset({"arn", "id", "name", "hosted_zone"}),
    "ssm_parameter": frozenset({"value", "arn", "name", "type", "version"}),
    "server_certificate": frozenset({"arn", "name", "id"}),
    "trust_store": frozenset({"arn", "name"}),
    "kms_key": frozenset({"arn", "id"}),
    "caller_identity": frozenset({"account_id"}),
    "region": frozenset({"name", "description", "endpoint"}),
    "partition": frozenset({"partition", "dns_suffix", "reverse_dns_prefix"}),
}
"""The last column: the attributes of a resource that may be used."""
