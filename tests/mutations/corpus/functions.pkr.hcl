locals {
  numbers = [abs(-1), ceil(1.2), floor(1.8), log(8, 2), max(1, 2...), min([3, 4]...), pow(2, 10), signum(-3), parseint("ff", 16)]
  texts = [
    upper("a"), lower("B"), title("c d"), trim(" e ", " "), trimspace(" f "), join("-", ["g", "h"]), replace("i", "i", "j"),
    format("%05.2f %s %q %v", 1.5, "k", "l", [1]), substr("héllo", 1, 3), strrev("mno"), indent(2, "p\nq"), chomp("r\n"),
    regex("[a-z]+(\\d)", "st1")[0], regex_replace("uv", "(u)", "$1w"), split(",", "x,y")[1], trimprefix("zz", "z"),
  ]
  collections = {
    a = concat([1], [2, 3]), b = flatten([[1, [2]], 3]), c = distinct(["a", "a"]), d = merge({ x = 1 }, { y = 2 }),
    e = setunion(["a"], ["b"]), f = setproduct(["a", "b"], [1, 2]), g = zipmap(["k"], ["v"]), h = lookup({ a = 1 }, "b", 0),
    i = element(["a", "b"], 3), j = slice([1, 2, 3], 1, 2), k = chunklist([1, 2, 3], 2), l = reverse([1, 2]), m = sort(["b", "a"]),
    n = coalesce(null, "", "x"), o = compact(["", "a"]), p = range(1, 10, 3), q = keys({ a = 1 }), r = values({ a = 1 }),
    s = index(["a"], "a"), t = contains([1], 1), u = coalescelist([], [1]), v = setintersection(["a"], ["a"]), w = length("é"),
  }
  codes = [
    base64encode("a"), base64decode("YQ=="), jsonencode({ a = [1, "b", null, true] }), jsondecode("{\"a\": [1, 2.5e3]}").a[1],
    yamlencode({ a = ["b", 1] }), yamldecode("a: [1, x]\nb: &r {c: d}\ne: *r").e.c, md5("a"), sha1("b"), sha256("c"), sha512("d"),
    urlencode("a b&c"), uuidv5("dns", "a"), cidrhost("10.0.0.0/8", 2), cidrnetmask("10.0.0.0/12"), cidrsubnet("10.0.0.0/8", 8, 2),
    cidrsubnets("10.0.0.0/8", 4, 4)[1], convert("1", number), try(1 / 0, "x"), can(local.none),
  ]
  times = [formatdate("YYYY-MM-DD'T'hh:mm:ssZ", "2020-01-02T03:04:05Z"), timeadd("2020-01-02T03:04:05Z", "1h30m"), env("HOME")]
  paths = [abspath("."), basename("a/b.c"), dirname("a/b.c"), pathexpand("~/x"), fileexists("note.txt"), file("note.txt")]
  files = templatefile("list.pkrtpl.hcl", { items = ["a", "b"], on = true })
}

source "null" "x" {
  communicator = "none"
}

build {
  sources = ["null.x"]
}
