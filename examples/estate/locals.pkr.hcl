# What every image of one run shares comes out of a data source: nothing that refers to it starts before it is there.
data "null" "release" {
  input = jsonencode({
    version  = var.release
    channel  = substr(var.release, 0, 4) == "2026" ? "current" : "archive"
    packages = ["openssh-server", "curl", "chrony"]
  })
}

locals {
  release = jsondecode(data.null.release.output)

  distributions = ["alma", "alpine", "debian", "rocky", "ubuntu"]
  targets       = sort(keys(var.regions))

  # 5 distributions x 4 targets; each is built in two flavours.
  matrix = flatten([for distribution in local.distributions : [for target in local.targets : "null.${distribution}-${target}"]])

  # What goes into an image, by its source's name: "debian-aws" and so on.
  recipes = {
    for pair in flatten([for d in local.distributions : [for t in local.targets : { d = d, t = t }]]) :
    "${pair.d}-${pair.t}" => templatefile("recipe.pkrtpl.hcl", {
      distribution = pair.d
      region       = var.regions[pair.t]
      packages     = local.release.packages
      version      = local.release.version
    })
  }

  hardened = [for source in local.matrix : trimprefix(source, "null.") if contains(var.hardened, split("-", trimprefix(source, "null."))[0])]
}
