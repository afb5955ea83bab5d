variable "release" {
  type        = string
  description = "Version of the whole estate. Set in estate.auto.pkrvars.hcl."

  validation {
    condition     = length(split(".", var.release)) == 3
    error_message = "The release must have three parts, such as 2026.11.0."
  }
}

variable "output" {
  type        = string
  default     = "out/estate"
  description = "Where images and reports go."
}

variable "regions" {
  type        = map(string)
  description = "Region of each target. Another set is in regions-eu.pkrvars.hcl."
  default = {
    aws     = "us-east-1"
    azure   = "eastus"
    gcp     = "us-central1"
    vsphere = "dc-1"
  }
}

variable "hardened" {
  type        = set(string)
  default     = ["debian", "rocky"]
  description = "Distributions whose images get the hardening step."
}

variable "signing_key" {
  type        = string
  default     = "not-a-real-key-7f3a"
  sensitive   = true
  description = "Masked wherever it would be printed."
}
