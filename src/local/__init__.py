"""An AWS on the laptop that takes as long as the real one: for demo, tests and simulation."""
