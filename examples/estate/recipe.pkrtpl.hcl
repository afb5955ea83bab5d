distribution: ${distribution}
region: ${region}
version: ${version}
packages:
%{ for package in packages ~}
  - ${package}
%{ endfor ~}
