"""Application Auto Scaling: targets, policies and scheduled actions of services."""
