# What has to be there before: a VPC, a public subnet in it, and an Elastic IP. The ids below are
# examples; put your own into terraform.tfvars.
variable "vpc_id" {
  type    = string
  default = "vpc-0a1b2c3d4e5f60718"
}

variable "public_subnet_ids" {
  description = "The load balancer and the task use the first one; see local.subnet_ids."
  type        = list(string)
  default     = ["subnet-0a1b2c3d4e5f60718"]
}

variable "eip_alloc" {
  description = "Allocation id of the Elastic IP: the one thing that is paid for while asleep."
  type        = string
  default     = "eipalloc-0a1b2c3d4e5f60718"
}

# Terraform leaves this at false and so keeps only what is free. Dormouse compares the directory
# with true and with false; the difference is what it creates and deletes.
variable "awake" {
  type    = bool
  default = false
}

# When the stack is to be awake. Only office_hours and time_zone are set here; every other setting
# has the default written beside it.
variable "dormouse" {
  type = object({
    time_zone                = optional(string, "UTC")
    office_hours             = optional(list(string), [])
    closed_on                = optional(list(string), []) # "2026-12-29..2027-01-03", "holidays:JP"
    open_on                  = optional(list(string), [])
    ready_by_opening         = optional(bool, true)
    idle_timeout             = optional(string, "30m")
    idle_during_office_hours = optional(bool, true)
    idle_below = optional(object({
      new_flows = optional(number, 3)
      bytes     = optional(number, 5000)
    }), {})
    wake_for         = optional(string, "1h")
    min_awake        = optional(string, "10m")
    max_awake        = optional(string, "12h")
    finish_paid_hour = optional(bool, true)
    wake_timeout     = optional(string, "20m")
    rehearse         = optional(string, "look")
    sleep_order      = optional(string, "count")
    open_path        = optional(string, "/")
    name             = optional(string) # the stack's, where the folder's will not do
    monthly_budget   = optional(number) # USD
    budget_stops     = optional(bool, false)
  })
  default = {
    time_zone    = "Asia/Tokyo"
    office_hours = ["Mon-Fri 09:00-18:00"]
  }
}

locals {
  # A task in a zone that the load balancer does not serve never becomes healthy, so both get the
  # same subnets.
  subnet_ids = slice(var.public_subnet_ids, 0, 1)

  container_name = "nsfw-api-container"
  port           = 5000
}
