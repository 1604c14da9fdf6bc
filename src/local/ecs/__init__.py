"""ECS services on Fargate: clusters, task definitions, services, tasks (AWS behaviour §2, §3)."""
