#!/bin/sh
# Counts what a no-op node costs in instructions, which is the same on any day and any machine of a kind: each shape of
# benches/dispatch.rs runs once and then three times under callgrind, and the difference is what two runs cost, all
# threads together and without building the plan.
#
#   benches/callgrind.sh [NODES] [SHAPE...]
#
# Needs valgrind.
set -eu
cd "$(dirname "$0")/.."
nodes=${1:-20000}
[ $# -gt 0 ] && shift
[ $# -gt 0 ] || set -- \
    "layers of 1000, 64 slots" "layers of 1000, columns share 64 slots" "layers of 1000, no limits" \
    "one chain, 64 slots" "layers of 1000, 512 slots, futures" "layers of 1000, 512 slots, computations"

bench=$(cargo bench -q -p engine --bench dispatch --no-run --message-format=json |
    sed -n 's/.*"executable":"\([^"]*dispatch-[^"]*\)".*/\1/p' | tail -1)
counts=$(mktemp)
trap 'rm -f "$counts"' EXIT

instructions() { # RUNS SHAPE
    valgrind --tool=callgrind --callgrind-out-file=/dev/null "$bench" "$nodes" "$1" "$2" 2>"$counts" >/dev/null
    sed -n 's/.*Collected : \([0-9]*\).*/\1/p' "$counts"
}

for shape in "$@"; do
    once=$(instructions 1 "$shape")
    thrice=$(instructions 3 "$shape")
    printf '%-44s %6d instructions per node\n' "$shape" $(((thrice - once) / 2 / nodes))
done
