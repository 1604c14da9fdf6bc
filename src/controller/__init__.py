"""
The controller and its commands: what decides, plans and changes a stack
(docs/architecture.md).
"""
