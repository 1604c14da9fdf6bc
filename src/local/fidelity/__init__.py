"""Holds the simulated AWS against a recording of the real one, and says where they differ."""
