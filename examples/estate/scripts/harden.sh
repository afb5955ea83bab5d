#!/bin/sh
# Adds what the security team asks for.
set -eu
echo "hardened: yes" >> "$IMAGE"
echo "hardened $IMAGE"
