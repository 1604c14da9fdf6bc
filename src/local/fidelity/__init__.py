"""Compares the simulated AWS with a recording of the real one, and lists the differences."""
