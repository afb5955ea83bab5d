# A machine that is there already, set up over SSH: no plugin needed.
#
#   packer build -var host=192.0.2.10 -var user=admin examples/server
#
# The key is that of ssh-agent, unless `key_file` names one.

variable "host" {
  type        = string
  description = "Name or address of the machine."
}

variable "port" {
  type    = number
  default = 22
}

variable "user" {
  type = string
}

variable "key_file" {
  type    = string
  default = null
}

variable "motd" {
  type    = string
  default = "Set up by packer."
}

source "null" "server" {
  ssh_host             = var.host
  ssh_port             = var.port
  ssh_username         = var.user
  ssh_private_key_file = var.key_file
  ssh_agent_auth       = var.key_file == null
  ssh_timeout          = "2m"
}

build {
  sources = ["null.server"]

  provisioner "file" {
    content     = "${var.motd}\n"
    destination = "motd"
  }

  provisioner "shell" {
    env = {
      WHO = "${build.User}@${build.Host}"
    }
    inline = [
      "echo setting up $WHO",
      "date -u +%Y > set-up-in",
    ]
  }

  # Machines that restart are waited for: give the script that restarts them `expect_disconnect = true`.
  provisioner "shell" {
    script        = "${path.root}/facts.sh"
    max_retries   = 2
    timeout       = "5m"
    remote_folder = "."
  }

  provisioner "file" {
    direction   = "download"
    source      = "facts"
    destination = "out/server/${var.host}.facts"
  }

  error-cleanup-provisioner "shell" {
    inline = ["rm -f motd set-up-in facts"]
  }
}
