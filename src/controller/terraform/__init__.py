"""Terraform's state and plans: their file formats, and the commands that print them."""
