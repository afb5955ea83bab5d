# packer build -var-file=examples/estate/regions-eu.pkrvars.hcl examples/estate
regions = {
  aws     = "eu-central-1"
  azure   = "westeurope"
  gcp     = "europe-west3"
  vsphere = "dc-eu"
}
