"""Runs a stack on a real account, and measures how AWS behaves."""
