# shellcheck shell=bash disable=SC2154  # sourced by scripts/test-cluster, after hosts.sh and checks.sh
# prelu-dist doctor on four hosts, sound ones and others.

sound_hosts() {
  over_hosts "$four" 8 prelu-dist doctor --run run --model fashion-6 >log 2>&1
  check "all hosts are there" says log 'ranks +8 on 4 hosts'
  check "with their cores" says log 'node3: 2 ranks, each on processors'
  check "messages between hosts go over TCP" says log 'messages by ob1 over .*tcp'
  check "every pair is measured, and each host" same "$(count log ' MB/s$')" 10
  check "the clocks agree" same "$(count log 'node[234] +[-+][0-9]{1,2}\.[0-9]+ ms')" 3
  check "nothing is a problem" same "$(count log '^  problem:')" 0
  check "the run folder was tried and is not there" test ! -e run
  over_hosts "$four" 8 prelu-dist doctor --json 2>/dev/null >report.json
  check "the JSON has the same" python3 -c '
import json
report = json.load(open("report.json"))
assert len(report["ranks"]) == 8 and len(report["links"]) == 10 and len(report["clocks"]) == 3, report
assert [rank["host"] for rank in report["ranks"][::2]] == ["node1", "node2", "node3", "node4"]'
}

# A link of a tenth of the others' rate is found and named.
slow_link() {
  local line
  rate 1gbit
  nsenter --target "${holder[node3]}" --net tc qdisc replace dev eth0 root tbf rate 100mbit burst 256k latency 20ms
  over_hosts "$four" 4 --map-by node prelu-dist doctor --model fashion-6 >log 2>&1
  rate none
  check "all three links of node3 are named" same "$(count log 'warning: node[123] – node[34]: [0-9.]+ MB/s, the best link has')" 3
  line=$(grep 'node1 – node2 ' log)
  echo "figure: at 1 Gbit/s: $(tr -s ' ' <<<"$line")"
  # A gigabit is 125 MB/s; the shaping lets a burst of 256 kB pass on top.
  check "the others have what they have" awk '{ exit !($(NF - 1) > 40 && $(NF - 1) < 160) }' <<<"$line"
}

unfit_hosts() {
  local status=0 set=/usr/share/datasets/fashion-mnist
  mkdir empty
  cp "$lab/bin/prelu-dist" other
  printf x >>other
  on node2 mount --bind "$PWD/other" "$lab/bin/prelu-dist"
  on node3 mount -t tmpfs tmpfs "$PWD/empty"
  on node4 mount -t tmpfs tmpfs /usr/share/datasets
  over_hosts "$four" 8 prelu-dist doctor --run empty --model fashion-6 >log 2>&1 || status=$?
  on node2 umount "$lab/bin/prelu-dist"
  on node3 umount "$PWD/empty"
  on node4 umount /usr/share/datasets
  check "the exit code is 69" same "$status" 69
  check "the other program is named" says log 'problem: host node2 \(rank 2\) runs another program'
  check "the missing data are named" says log "problem: host node4 does not have the data $set"
  check "the private folder is named" says log 'warning: .*/empty is not the same folder on node3'
}

# The doctor and the start both name a host whose ranks have little room for messages.
little_shared_memory() {
  local words='warning: host node2: expected 8.4 MB free in /dev/shm for the messages of 2 ranks, found [0-9.]+ [kM]B'
  on node2 mount -t tmpfs -o size=1m tmpfs /dev/shm
  over_hosts node1:2,node2:2 4 prelu-dist doctor --model fashion-6 >doctor.log 2>&1
  over_hosts node1:2,node2:2 4 prelu-dist train --run run --model fashion-6 --width 4 --iterations 2 >train.log 2>&1
  on node2 umount /dev/shm
  check "the doctor names it, once" same "$(count doctor.log "$words")" 1
  check "and so does the start" same "$(count train.log "$words")" 1
}

# A program for a processor that one host does not have ends there, by name. qemu is such a processor.
lacking_instructions() {
  local status=0
  qemu-x86_64 -cpu Haswell "$lab/bin/prelu-dist" --version >log 2>&1 || status=$?
  check "the exit code is 70" same "$status" 70
  check "the host and the instructions are named" says log \
    'prelu-dist: host [^ ]+: this program was built for a processor with AVX512.*scripts/install --levels v3,v4'
}

group_doctor() {
  local reason
  if ! reason=$(hosts_possible); then skip_cases "doctor on four hosts" "$reason"; return; fi
  hosts_up
  after_case=hosts_as_new
  run_case "doctor: sound hosts" sound_hosts
  ! $long || run_case "doctor: a slow link" slow_link
  run_case "doctor: unfit hosts" unfit_hosts
  run_case "doctor: little shared memory" little_shared_memory
  after_case=
  hosts_down
  if ! command -v qemu-x86_64 >/dev/null; then
    skip_cases "a processor without the instructions" "needs the package qemu-user"
  elif ! prelu-dist doctor --run "$work" | grep -q 'built for AVX-512'; then
    skip_cases "a processor without the instructions" "needs a program that was built for AVX-512"
  else
    run_case "a processor without the instructions" lacking_instructions
  fi
}
