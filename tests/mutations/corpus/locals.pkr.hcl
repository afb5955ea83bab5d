variable "map" {
  default = { x = 1, y = 2 }
}

locals {
  text = <<-EOT
    first ${var.map["x"]} $${literal} %%{ not }
      %{~for k, v in var.map~}
      ${k} = ${v != null ? v : "none"}
      %{~endfor~}
    %{if var.map.y >= 2}yes%{else}no%{endif}
  EOT
  raw  = <<X
\n ${"a"}
X
  all  = { for k, v in var.map : upper(k) => v... if k != "z" }
  name = [for s in ["a", "b"] : "${s}-${-1 + 2 * (3 % 4)}"]
  same = { a = 1, a = 2, (local.name[0]) = 3, "q${1}" = 4, null : 5 }
  deep = [[{ a = [{ b = 1 }, { b = 2 }] }]][0][0].a.*.b[1]
  each = [{ id = 1, n = ["x"] }][*].n[0]
  pick = try(local.none.x, can(1 / 0) ? "a" : "b", 3)
}

local "sum" {
  expression = 1 + 2 * 3 - 4 / 5 % 6 == 7 || !true && false
  sensitive  = true
}

source "null" "x" {
  communicator = local.pick == "b" ? "none" : "none"
}

build {
  sources = ["source.null.x"]
}
