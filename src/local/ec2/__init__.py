"""The part of EC2 that load balancers and tasks stand on: addresses, networks, security groups."""
