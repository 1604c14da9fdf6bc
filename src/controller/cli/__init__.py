"""The commands: one file for each, listed in `main`."""
