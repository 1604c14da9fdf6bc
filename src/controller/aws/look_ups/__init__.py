"""How a kept resource is found when a stack wakes: one file for each service of AWS."""
