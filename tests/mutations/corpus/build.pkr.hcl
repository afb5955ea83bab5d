source "null" "a" {
  communicator = "none"
}

source "file" "b" {
  content = "hello ${source.name}"
  target  = "${path.root}/out.txt"
}

build {
  name        = "both"
  description = "Two of them."
  sources     = ["null.a"]

  source "source.file.b" {
    name = "renamed"
  }

  provisioner "shell-local" {
    name             = "say"
    inline           = ["echo '${build.ID}'", "echo {{ .Vars }}"]
    environment_vars = ["A=b"]
    only             = ["null.a"]
    max_retries      = 2
    timeout          = "1m30s"
    pause_before     = "10ms"
    override = {
      renamed = { inline = ["true"] }
    }
  }

  provisioner "sleep" {
    duration = "1ms"
  }

  provisioner "breakpoint" {
    disable = true
    note    = "here"
  }

  error-cleanup-provisioner "shell-local" {
    inline = ["rm -f x"]
  }

  post-processors {
    post-processor "artifice" {
      files = ["x.img"]
    }
    post-processor "compress" {
      output              = "{{.BuildName}}.tar.gz"
      keep_input_artifact = true
      compression_level   = 9
    }
  }

  post-processor "checksum" {
    checksum_types = ["sha256", "md5"]
    output         = "{{.ChecksumType}}.sum"
  }

  post-processor "manifest" {
    custom_data = { k = "v" }
  }
}
