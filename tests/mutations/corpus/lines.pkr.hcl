source "null" "é" {
  communicator = "none" /* c
 */
  // line
}
locals {
  a = <<X
line ${1}
%{ if true ~}
X
X
  b = "é \u00e9 \U0001F600 \t\"\\ 🇬🇧"
  c = [
    1, # one
    2,
  ]
}
build {
  sources = ["null.é"]
}
