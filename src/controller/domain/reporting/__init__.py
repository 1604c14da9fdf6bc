"""The status record, and the report that page, wake URL and commands show."""
