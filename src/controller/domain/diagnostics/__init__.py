"""What `dormouse doctor` and a rehearsal find in what was read of an account."""
