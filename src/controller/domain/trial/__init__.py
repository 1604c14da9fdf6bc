"""What a trial costs, and what its measurements mean."""
