"""
Spec, observed state, and the plan between them (`plan`: what is created, updated or deleted,
and when).
"""
