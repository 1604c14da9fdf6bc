"""What `dormouse doctor` and `sweep` read of an AWS account; `domain.diagnostics` judges it."""
