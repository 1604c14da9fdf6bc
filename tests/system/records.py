"""The table as template.yaml makes it."""

from local.records import create_table

__all__ = ["create_table"]
