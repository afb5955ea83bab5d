%{ if on }items:
%{ for at, item in items ~}
  - ${at}: ${item}
%{ endfor ~}
%{ else }none%{ endif }
