# The shared base.
build {
  sources = ["file.base"]

  post-processor "checksum" {
    checksum_types = ["sha256", "sha512"]
    output         = "${var.output}/base.{{.ChecksumType}}"
  }

  post-processor "manifest" {
    output = "${var.output}/manifest.json"
  }
}

build {
  name        = "minimal"
  description = "Every distribution on every target, as small as it gets."
  sources     = local.matrix

  provisioner "shell-local" {
    name   = "assemble"
    script = "${path.root}/scripts/assemble.sh"
    env = {
      IMAGE  = "${var.output}/${build.name}/${source.name}.img"
      RECIPE = local.recipes[source.name]
      KEY    = var.signing_key
    }
    max_retries = 1
  }

  error-cleanup-provisioner "shell-local" {
    name   = "discard"
    inline = ["rm -f '${var.output}/${build.name}/${source.name}.img'"]
  }

  # The file becomes the artifact, gets its checksum, and is packed.
  post-processors {
    post-processor "artifice" {
      files = ["${var.output}/${build.name}/${source.name}.img"]
    }
    post-processor "checksum" {
      checksum_types = ["sha256"]
      output         = "${var.output}/${build.name}/${source.name}.{{.ChecksumType}}"
    }
  }

  post-processors {
    post-processor "artifice" {
      files = ["${var.output}/${build.name}/${source.name}.img"]
    }
    post-processor "compress" {
      output              = "${var.output}/${build.name}/${source.name}.tar.gz"
      keep_input_artifact = true
    }
    post-processor "manifest" {
      output = "${var.output}/manifest.json"
      custom_data = {
        flavour = build.name
        release = local.release.version
      }
    }
  }
}

build {
  name        = "full"
  description = "The same with everything people ask for."
  sources     = local.matrix

  provisioner "shell-local" {
    name   = "assemble"
    script = "${path.root}/scripts/assemble.sh"
    env = {
      IMAGE  = "${var.output}/${build.name}/${source.name}.img"
      RECIPE = local.recipes[source.name]
      KEY    = var.signing_key
    }
    max_retries = 1
  }

  provisioner "shell-local" {
    name   = "harden"
    only   = [for name in local.hardened : "null.${name}"]
    script = "${path.root}/scripts/harden.sh"
    env = {
      IMAGE = "${var.output}/${build.name}/${source.name}.img"
    }
    timeout = "1m"
  }

  provisioner "sleep" {
    name     = "settle"
    duration = "500ms"
  }

  error-cleanup-provisioner "shell-local" {
    name   = "discard"
    inline = ["rm -f '${var.output}/${build.name}/${source.name}.img'"]
  }

  # The file becomes the artifact, gets its checksum, and is packed.
  post-processors {
    post-processor "artifice" {
      files = ["${var.output}/${build.name}/${source.name}.img"]
    }
    post-processor "checksum" {
      checksum_types = ["sha256"]
      output         = "${var.output}/${build.name}/${source.name}.{{.ChecksumType}}"
    }
  }

  post-processors {
    post-processor "artifice" {
      files = ["${var.output}/${build.name}/${source.name}.img"]
    }
    post-processor "compress" {
      output              = "${var.output}/${build.name}/${source.name}.tar.gz"
      keep_input_artifact = true
    }
    post-processor "manifest" {
      output = "${var.output}/manifest.json"
      custom_data = {
        flavour = build.name
        release = local.release.version
      }
    }
  }
}
