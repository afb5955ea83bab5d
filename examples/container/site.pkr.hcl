# A container image by HashiCorp's plugin for Docker, filled and tried out by the provisioners that are built in.
#
#   packer init examples/container
#   packer build examples/container
#   docker run --rm -p 8080:80 example/site

packer {
  required_plugins {
    docker = {
      source  = "github.com/hashicorp/docker"
      version = ">= 1.0.8"
    }
  }
}

variable "base" {
  type        = string
  default     = "busybox:stable"
  description = "The image to start from; it must have a web server and wget, as busybox has."
}

variable "pull" {
  type        = bool
  default     = true
  description = "Whether to ask the registry for the newest base."
}

variable "repository" {
  type    = string
  default = "example/site"
}

variable "title" {
  type    = string
  default = "A site in a container"
}

source "docker" "site" {
  image  = var.base
  pull   = var.pull
  commit = true
  changes = [
    "EXPOSE 80",
    "ENTRYPOINT [\"httpd\", \"-f\", \"-h\", \"/site\"]",
  ]
}

build {
  sources = ["docker.site"]

  # A folder whose name ends in / gives what is in it.
  provisioner "file" {
    source      = "${path.root}/pages/"
    destination = "/site"
  }

  # Made here, from a template and what is known of the machine once it runs.
  provisioner "file" {
    content     = templatefile("${path.root}/index.pkrtpl.hcl", { title = var.title, container = build.ID })
    destination = "/site/index.html"
  }

  # An image that does not answer is none.
  provisioner "shell" {
    script = "${path.root}/answers.sh"
    env    = { TITLE = var.title }
  }

  provisioner "file" {
    direction   = "download"
    source      = "/tmp/answer.html"
    destination = "out/container/answer.html"
  }

  error-cleanup-provisioner "shell" {
    inline = ["ls -lR /site"]
  }

  post-processors {
    post-processor "docker-tag" {
      repository = var.repository
      tags       = ["latest"]
    }
    post-processor "manifest" {
      output = "out/container/manifest.json"
    }
  }
}
