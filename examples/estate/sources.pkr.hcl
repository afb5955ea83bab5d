# One source for each distribution and target. The null builder makes no machine of its own, so the estate can be
# built anywhere; put a cloud's builder in its place and the rest stays as it is.

source "null" "alma-aws" {
  communicator = "none"
}

source "null" "alma-azure" {
  communicator = "none"
}

source "null" "alma-gcp" {
  communicator = "none"
}

source "null" "alma-vsphere" {
  communicator = "none"
}

source "null" "alpine-aws" {
  communicator = "none"
}

source "null" "alpine-azure" {
  communicator = "none"
}

source "null" "alpine-gcp" {
  communicator = "none"
}

source "null" "alpine-vsphere" {
  communicator = "none"
}

source "null" "debian-aws" {
  communicator = "none"
}

source "null" "debian-azure" {
  communicator = "none"
}

source "null" "debian-gcp" {
  communicator = "none"
}

source "null" "debian-vsphere" {
  communicator = "none"
}

source "null" "rocky-aws" {
  communicator = "none"
}

source "null" "rocky-azure" {
  communicator = "none"
}

source "null" "rocky-gcp" {
  communicator = "none"
}

source "null" "rocky-vsphere" {
  communicator = "none"
}

source "null" "ubuntu-aws" {
  communicator = "none"
}

source "null" "ubuntu-azure" {
  communicator = "none"
}

source "null" "ubuntu-gcp" {
  communicator = "none"
}

source "null" "ubuntu-vsphere" {
  communicator = "none"
}

# The base that all images document: built once, beside them.
source "file" "base" {
  content = "base ${local.release.version} (${local.release.channel})\n"
  target  = "${var.output}/base.txt"
}
