provider "aws" {
  region = "eu-west-1"
}

variable "awake" {
  type    = bool
  default = false
}

variable "services" {
  default = {
    api = { port = 8080 }
    web = { port = 9090 }
  }
}

locals {
  vpc = "vpc-0a1b2c3d"
}

module "net" {
  source = "./net"
  awake  = var.awake
  vpc    = local.vpc
  ports  = { for k, s in var.services : k => s.port }
}

module "app" {
  source   = "./app"
  for_each = var.services
  awake    = var.awake
  name     = each.key
  port     = each.value.port
  group    = module.net.groups[each.key]
  subnet   = module.net.subnet
}

output "groups" {
  value = module.net.groups
}
