# Pools: what builds share and there is only so much of, such as the quota of a cloud account or the memory of this
# machine. A build takes its claims when it starts, all at once, and gives them back after its last post-processor.
#
#   packer plan examples/pools
#   packer build examples/pools
#   packer build --pool account=2 examples/pools

packer {
  pool "account" {
    capacity = 4
  }

  pool "memory-gb" {
    capacity = var.memory
  }
}

variable "memory" {
  type        = number
  default     = 16
  description = "GB of memory that builds on this machine may use."
}

# The file builder stands for one that makes machines, so this runs anywhere.
source "file" "server" {
  content = "server\n"

  claims = {
    account   = 1
    memory-gb = 2
  }
}

build {
  dynamic "source" {
    for_each = ["db", "queue", "web"]
    labels   = ["file.server"]

    content {
      name   = source.value
      target = "out/pools/${source.value}.txt"
    }
  }

  # This one needs more: what is claimed here counts instead of what the source claims of the same pool.
  source "file.server" {
    name   = "search"
    target = "out/pools/search.txt"
    claims = { memory-gb = 12 }
  }

  provisioner "shell-local" {
    inline = ["echo setting up $PACKER_BUILD_NAME"]
  }
}
