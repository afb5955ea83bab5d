#!/bin/sh
# Puts an image together: here a text file that says what is in it.
set -eu
mkdir -p "$(dirname "$IMAGE")"
{
  printf 'image: %s (%s)\n' "$PACKER_BUILD_NAME" "$PACKER_BUILDER_TYPE"
  printf '%s\n' "$RECIPE"
} > "$IMAGE"
echo "assembled $IMAGE, signed with $KEY"
