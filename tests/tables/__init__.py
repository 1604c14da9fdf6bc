"""DynamoDB, as far as records of stacks need it: fast enough for years of them."""
