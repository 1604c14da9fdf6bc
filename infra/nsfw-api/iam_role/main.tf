# A role that one AWS service may take on, with one policy of its own.
variable "name" {
  type = string
}

variable "policy" {
  description = "The policy as JSON."
  type        = string
}

variable "identifier" {
  description = "The service that may take on the role."
  type        = string
}

data "aws_iam_policy_document" "assume_role" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = [var.identifier]
    }
  }
}

resource "aws_iam_role" "this" {
  name               = var.name
  assume_role_policy = data.aws_iam_policy_document.assume_role.json
}

resource "aws_iam_policy" "this" {
  name   = var.name
  policy = var.policy
}

resource "aws_iam_role_policy_attachment" "this" {
  role       = aws_iam_role.this.name
  policy_arn = aws_iam_policy.this.arn
}

output "iam_role_arn" {
  value = aws_iam_role.this.arn
}
