# Read by itself, because it lies beside the template and ends in .auto.pkrvars.hcl.
release = "2026.11.0"
