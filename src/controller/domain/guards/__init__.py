"""Checks that do not trust the decision: what is overdue, and what is left over."""
