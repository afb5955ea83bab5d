# The smallest whole template: one source, one provisioner, one post-processor. Read this one first.
#
#   packer plan examples/hello
#   packer build examples/hello
#   packer build -var greeting=Salut examples/hello

variable "greeting" {
  type        = string
  default     = "Hello"
  description = "How the image greets."

  validation {
    condition     = length(var.greeting) > 0
    error_message = "The greeting must not be empty."
  }
}

# The file builder makes an "image" that is a text file, so this runs on any machine.
source "file" "hello" {
  content = "${var.greeting}, world!\n"
  target  = "out/hello/hello.txt"
}

build {
  sources = ["file.hello"]

  provisioner "shell-local" {
    inline = ["echo provisioning $PACKER_BUILD_NAME"]
  }

  post-processor "checksum" {
    checksum_types = ["sha256"]
    output         = "out/hello/hello.{{.ChecksumType}}"
  }
}
