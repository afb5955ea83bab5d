locals {
  steps = { one = "echo 1", two = "echo 2" }
}

data "null" "d" {
  input = jsonencode({ a = [1, 2, { b = null }] })
}

source "null" "x" {
  communicator = "none"
}

build {
  sources = [for n in ["x"] : "null.${n}"]

  dynamic "provisioner" {
    for_each = local.steps
    iterator = step
    labels   = ["shell-local"]
    content {
      name   = step.key
      inline = [step.value, jsondecode(data.null.d.output).a[0]]
    }
  }

  dynamic "post-processors" {
    for_each = [[1], [2]]
    content {
      dynamic "post-processor" {
        for_each = post-processors.value
        labels   = ["manifest"]
        content {
          output = "m${post-processor.value}.json"
        }
      }
    }
  }
}
