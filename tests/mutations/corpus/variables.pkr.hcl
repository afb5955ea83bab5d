packer {
  required_version = ">= 1.9, < 2" # comment
}

variable "zone" {
  type    = list(object({ name = string, size = optional(number, 3) }))
  default = [{ name = "a", size = 1.5e3 }, { "name" : "b" }]
  validation {
    condition     = length(var.zone) > 0 && !contains(var.zone[*].name, "")
    error_message = "The zone must be named, not ${var.zone[0].name}."
  }
}

variable "secret" {
  type      = map(any)
  sensitive = true
  default   = { k = "v" }
}

variables {
  mixed = [1, "two", true, null]
  unset = null
}

source "null" "x" {
  communicator = "none"
}

build {
  sources = ["null.x"]
}
