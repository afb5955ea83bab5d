#!/bin/sh
# Writes down what the machine is.
set -eu
{
  uname -sm
  cat motd
} > facts
