"""Decisions, plans, money and messages as pure functions: no AWS, no clock, no files."""
