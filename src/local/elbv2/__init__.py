"""Elastic Load Balancing for network load balancers (AWS behaviour §1 and §3)."""
