"""What Terraform remembers: the forms of state and plan, and the commands that ask for them."""
