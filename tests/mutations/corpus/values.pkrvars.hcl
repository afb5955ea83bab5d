zone   = [{ name = "a", size = 1 }, { name = "b" }] # comment
secret = { k = "v", "l" : "w" }
mixed  = [1, "two", true, null, -3.5]
text   = <<EOT
several
lines
EOT
