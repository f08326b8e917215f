#!/usr/bin/env bash
# Trains the short runs of bits.tsv, and prints its lines with the digests that were found; fails if one is another.
#
# usage: Tests/Golden/bits.sh [--only NAME] COMMAND...
#
# COMMAND starts the program, such as "prelu-dist", "mpirun -np 4 prelu-dist" or "qemu-x86_64 -cpu Haswell prelu-dist".
# A change of the arithmetic changes the digests: then the new lines belong into bits.tsv, if those of a program for
# x86-64-v3 and of one for x86-64-v4 are the same.
set -euo pipefail

only=''
if [[ ${1-} == --only ]]; then only=$2; shift 2; fi
(($# > 0)) || { echo "bits.sh: expected a command that starts the program" >&2; exit 64; }
golden=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The last word is the program by itself.
program=${*: -1}
status=0
while IFS=$'\t' read -r name iterations digest settings; do
  [[ $name != '#'* && ($name == "$only" || -z $only) ]] || continue
  if [[ $settings == *'{pack}'* && ! -f $work/pack.h5 ]]; then
    "$program" pack "$golden/bits-photos.txt" --root "$golden/photos" --hold-out 3 --output "$work/pack.h5" >/dev/null
  fi
  # Each word of the settings is an argument.
  read -ra words <<<"${settings//\{golden\}/$golden}"
  rm -rf "$work/run"
  if ! "$@" train --run "$work/run" --iterations "$iterations" --threads 1 "${words[@]//\{pack\}/$work/pack.h5}" \
    >"$work/log" 2>&1 </dev/null; then
    cat "$work/log" >&2
    exit 70
  fi
  found=$("$program" inspect "$work/run" --json | sed -E 's/.*"digest":"([^"]*)".*/\1/')
  [[ $found == "$digest" ]] || status=1
  printf '%s\t%s\t%s\t%s\n' "$name" "$iterations" "$found" "$settings"
done <"$golden/bits.tsv"
exit $status
