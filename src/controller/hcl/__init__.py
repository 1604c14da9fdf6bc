"""Terraform's language: from files to evaluated resources (`directory`, `parser`, `evaluation`)."""
