# shellcheck shell=bash disable=SC2154  # sourced by scripts/test-cluster, after hosts.sh, gridengine.sh and checks.sh
# The promises of cluster/README.md about Grid Engine, each kept by a real one.

# Submits cluster/train.sge from the case's folder. Options of qsub, then --, then those of prelu-dist.
qsubmit() {
  local options=()
  while [[ $1 != -- ]]; do options+=("$1"); shift; done
  shift
  on node1 qsub -terse "${options[@]}" "$root/cluster/train.sge" "$@"
}

no_jobs() { [[ -z $(on node1 qstat) ]]; }
is_gone() { ! on node1 qstat -j "$1" >/dev/null 2>&1; }

# On four hosts: prelu-job minds the hard limit itself.
limit_of_gridengine() {
  local job log
  job=$(qsubmit -l h_rt=0:1:30 -- "${settings[@]}" --iterations 400)
  log=train.log
  within 300 "all jobs have ended" no_jobs
  check "it minded the limit" says "$log" 'prelu-job: .* ALRM: asking the ranks to save'
  check "the ranks saved" says "$log" 'stopped by signal USR1 after [0-9]+ iterations; checkpoint saved'
  check "Grid Engine ran it again" test "$(count "$log" 'prelu-job: .* gridengine job')" -ge 2
  check "a later start went on" says "$log" 'resumed from .*/train/checkpoint-'
  check "the last line says so" same "$(tail -n 1 "$log")" "prelu-job: done"
  prelu-dist train --run one "${settings[@]}" --iterations 400 --threads 1 >one.log 2>&1
  check "the weights are those of one rank's unlimited run" same "$(digest train)" "$(digest one)"
  echo "figure: a rank for each of 4 hosts, $(count "$log" 'prelu-job: .* gridengine job') starts, $(digest train | cut -c1-16) as with 1 rank"
}

# On one host: by the signal of the soft limit. One rank needs no network, so it must be slow by itself. The second start
# ends in another way than the first.
soft_limit() {
  local log
  qsubmit -pe mpi 2 -l s_rt=0:0:15 -- "${settings[@]}" --iterations 10000000
  log=train.log
  within 60 "the job was run again" says "$log" 'resumed from .*/train/checkpoint-'
  within 60 "and again" says "$log" 'asking gridengine to run the job again \(number 2\)'
  within 60 "a third time" has_starts "$log" 3
  on node1 qdel -u "$(id -un)"
  within 60 "the jobs have ended" no_jobs
  check "its queue has no hard limit, and that is known" same "$(count "$log" 'no time limit')" 0
  check "it was signalled" says "$log" 'prelu-job: .* USR1: asking the ranks to save'
  check "the ranks saved" says "$log" 'stopped by signal USR1 after [0-9]+ iterations; checkpoint saved'
}

has_starts() { (($(count "$1" 'prelu-job: .* gridengine job') >= $2)); } # LOG NUMBER

rank_killed_in_gridengine() {
  local job log pid
  job=$(qsubmit -- "${settings[@]}")
  log=train.log
  within 60 "a checkpoint" reached train 20
  pid=$(ranks_on node3 "$PWD/train --resume auto.*" | sed -n 1p)
  check "there is a rank on node3" test -n "$pid"
  kill -KILL "$pid"
  within 120 "the job has ended" is_gone "$job"
  check "the ranks were started again" says "$log" 'prelu-job: starting again inside the job, 1 of 3'
  check "all hosts answered" test "$(count "$log" 'does not answer')" -eq 0
  check "the job was started once" same "$(count "$log" 'prelu-job: .* 1 of 3')" 1
  check "and it ends in the same bits" same "$(digest train)" "$(reference)"
}

deleted() {
  local job log
  job=$(qsubmit -- "${settings[@]}")
  log=train.log
  within 60 "a checkpoint" reached train 20
  on node1 qdel "$job"
  within 60 "the job has ended" is_gone "$job"
  check "the ranks saved before their end" says "$log" 'stopped by signal USR[12] after [0-9]+ iterations; checkpoint saved'
  within 10 "nothing waits to be run" no_jobs
  check "it is not run again" same "$(count "$log" 'prelu-job: .* gridengine job')" 1
  check "the run folder is whole" test "$(digest train | cut -d' ' -f2)" -ge 20
}

# Jobs for the hosts that are not Grid Engine's own, so that any of them may be cut off.
not_the_master=main.q@node2,main.q@node3,main.q@node4
# The job's second host, as the log lists them.
second_host() { sed -n 's/^prelu-job: .* hosts ([a-z0-9]*:[0-9]*,\([a-z0-9]*\):[0-9].*/\1/p' "$1" | head -n 1; }

# A copy of the job is run on the hosts that are left.
link_cut_in_gridengine() {
  local log=train.log cut
  qsubmit -pe mpi 4 -q "$not_the_master" -- "${settings[@]}"
  within 60 "a checkpoint" reached train 20
  cut=$(second_host "$log")
  check "it runs on two hosts" test -n "$cut"
  link "$cut" down
  within 90 "the host is missed" says "$log" "prelu-job: host $cut does not answer"
  within 60 "a copy is submitted" says "$log" 'Your job [0-9]+ \("train"\) has been submitted'
  within 300 "all jobs have ended" no_jobs
  link "$cut" up
  check "it was started twice" same "$(count "$log" 'prelu-job: .* gridengine job')" 2
  check "at last without the host" test "$(count "$log" "prelu-job: .* ranks on 2 hosts .*$cut:[0-9]")" -eq 1
  check "it went on" says "$log" 'resumed from'
  check "the last line says so" same "$(tail -n 1 "$log")" "prelu-job: done"
  check "and ends in the same bits" same "$(digest train)" "$(reference)"
  within 60 "$cut is back" host_is_back "$cut"
}
host_is_back() { on node1 qstat -f | grep -qE "^main.q@$1 .*lx-amd64 *$"; }

# Two of the job's three hosts are used; the cut one is replaced by the spare one inside the job.
link_cut_with_a_spare_host() {
  local log=train.log cut job
  job=$(PRELU_NODES=2 qsubmit -pe mpi 6 -q "$not_the_master" -- "${settings[@]}")
  within 60 "a checkpoint" reached train 20
  cut=$(second_host "$log")
  check "it runs on two hosts" test -n "$cut"
  link "$cut" down
  within 90 "the host is missed" says "$log" "prelu-job: host $cut does not answer"
  within 240 "the run is done" says "$log" '^prelu-job: done'
  link "$cut" up
  within 120 "the job has ended" is_gone "$job"
  check "it stayed in its hosts" same "$(count "$log" 'has been submitted')" 0
  check "it was started again inside the job" says "$log" 'prelu-job: starting again inside the job, 1 of 3'
  check "and ends in the same bits" same "$(digest train)" "$(reference)"
}

group_gridengine() {
  local reason
  if ! reason=$(hosts_possible && gridengine_possible); then skip_cases "Grid Engine" "$reason"; return; fi
  hosts_up
  if ! gridengine_up; then
    failed=$((failed + 1)); echo "test-cluster: FAILED: Grid Engine does not start"; hosts_down; return
  fi
  rate "$slow"
  run_case "Grid Engine: a soft limit on one host" soft_limit
  if $long; then
    run_case "Grid Engine: kill -9 of a rank" rank_killed_in_gridengine
    run_case "Grid Engine: a hard limit shorter than the run" limit_of_gridengine
    run_case "Grid Engine: qdel" deleted
    run_case "Grid Engine: a link is cut, no host is spare" link_cut_in_gridengine
    run_case "Grid Engine: a link is cut, a host is spare" link_cut_with_a_spare_host
  fi
  hosts_down
}
