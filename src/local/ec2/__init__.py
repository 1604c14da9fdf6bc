"""The part of EC2 that load balancers and tasks use: addresses, networks, security groups."""
