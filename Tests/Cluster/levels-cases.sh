# shellcheck shell=bash disable=SC2154  # sourced by scripts/test-cluster, after hosts.sh and checks.sh
# One installation on hosts with unlike processors. qemu is an older processor, on two of the four hosts.

tree=

# Puts an installation together as scripts/install does: the launcher, the program of level v3 that scripts/install has
# built, and the one that is tested as v4. On failure the reason is on standard output.
levels_possible() {
  tree=$lab/tree
  local v3=$root/.build-install/openmpi-v3/release/prelu-dist
  command -v qemu-x86_64 >/dev/null || { echo "needs the package qemu-user"; return 1; }
  [[ -x $v3 ]] || { echo "needs what scripts/install or scripts/test-package builds for v3"; return 1; }
  [[ $(prelu-dist --version) == *"level      v4"* ]] || { echo "needs a program that was built for AVX-512"; return 1; }
  mkdir -p "$tree"/{bin,libexec/prelu-dist/{v3,v4}}
  "$(command -v clang || command -v cc)" -O2 -std=gnu11 -static -o "$tree/bin/prelu-dist" "$root/Sources/Launcher/launcher.c"
  cp "$v3" "$tree/libexec/prelu-dist/v3/"
  cp "$lab/bin/prelu-dist" "$tree/libexec/prelu-dist/v4/"
  (cd "$tree/libexec/prelu-dist" && { echo "# commit 0"; sha256sum v*/prelu-dist; } >programs.sha256)
}

# Makes a host's processor an older one, for what is started through the tree.
older_processor() { # HOST MODEL
  local file copy
  for file in bin/prelu-dist libexec/prelu-dist/v3/prelu-dist; do
    copy=$tree/${file%/*}/.emulated
    [[ -f $copy ]] || cp "$tree/$file" "$copy"
    printf '#!/bin/sh\nexec qemu-x86_64 -cpu %s %s "$@"\n' "$2" "$copy" >"$PWD/${file//\//-}-$2"
    chmod +x "$PWD/${file//\//-}-$2"
    on "$1" mount --bind "$PWD/${file//\//-}-$2" "$tree/$file"
  done
}

levels_on_four_hosts() {
  local one two
  older_processor node3 Haswell
  older_processor node4 EPYC
  local short=(--model fashion-6 --width 4 --batch 32 --iterations 6 --threads 1)
  over_hosts node1:1,node2:1,node3:1,node4:1 4 "$tree/bin/prelu-dist" train --run four "${short[@]}" >four.log 2>&1
  check "the levels are named" says four.log 'note: .*different levels: v4 on node1, node2; v3 on node3, node4'
  over_hosts node1:1,node2:1,node3:1,node4:1 4 -x PRELU_LEVEL=v3 "$tree/bin/prelu-dist" train --run capped "${short[@]}" \
    >capped.log 2>&1
  check "PRELU_LEVEL makes them one" same "$(count capped.log 'different levels')" 0
  check "which the banner names" says capped.log '^prelu-dist .* level v3 '
  on node1 "$tree/bin/prelu-dist" train --run one "${short[@]}" >one.log 2>&1
  check "one host has its best" says one.log '^prelu-dist .* level v4 '
  one=$(digest one)
  check "the same bits on all" same "$(digest four) $(digest capped)" "$one $one"
  over_hosts node1:1,node3:1 2 "$tree/bin/prelu-dist" train --run bfloat16 "${short[@]}" --precision bfloat16 >bfloat16.log 2>&1
  check "in bfloat16 they agree on the least engine" says bfloat16.log '^prec\. .*by float32 products'
  PRELU_LEVEL=v3 "$tree/bin/prelu-dist" train --run two "${short[@]}" --precision bfloat16 >two.log 2>&1
  two=$(digest two)
  check "and on the bits" same "$(digest bfloat16)" "$two"
}

# A host whose processor no program of the installation runs on says so, and nothing is computed.
too_old_a_host() {
  local status=0
  older_processor node3 Nehalem
  over_hosts node1:1,node3:1 2 "$tree/bin/prelu-dist" train --run run --iterations 2 >log 2>&1 || status=$?
  check "the exit code is 70" same "$status" 70
  check "the host and the levels are named" says log 'host node3: expected a processor of level v3 .*, found v2 '
  check "nothing was trained" test ! -e run
}

group_levels() {
  local reason
  if ! reason=$(hosts_possible) || ! reason=$(levels_possible); then
    skip_cases "one installation on unlike hosts" "$reason"
    return
  fi
  hosts_up
  after_case=hosts_as_new
  run_case "levels: four hosts, two of them older" levels_on_four_hosts
  run_case "levels: a host that is too old" too_old_a_host
  after_case=
  hosts_down
}
