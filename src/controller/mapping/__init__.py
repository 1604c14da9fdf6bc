"""
From Terraform's arguments to boto3's requests: the spec (`compile`). Traps: `traps`,
`network_traps`, `refusals`.
"""
