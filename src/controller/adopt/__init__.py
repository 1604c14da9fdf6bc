"""Brings a Terraform directory into the two-worlds form, and back (`adoption`, `undoing`)."""
