# shellcheck shell=bash disable=SC2154  # sourced by scripts/test-cluster, after hosts.sh, slurm.sh and checks.sh
# The promises of cluster/README.md about Slurm, each kept by a real one.

# Submits cluster/train.sbatch from the case's folder. Options of sbatch, then --, then those of prelu-dist.
submit() {
  local options=()
  while [[ $1 != -- ]]; do options+=("$1"); shift; done
  shift
  on node1 sbatch --parsable "${options[@]}" "$root/cluster/train.sbatch" "$@"
}

# Of a job that has ended or not: CANCELLED, COMPLETED, FAILED, RUNNING, …
job_state() { on node1 scontrol show job "$1" | sed -n 's/.*JobState=\([A-Z_]*\).*/\1/p'; }
job_field() { on node1 scontrol show job "$1" | sed -nE "s/(^|.*[[:space:]])$2=([^ ]*).*/\\2/p" | head -n 1; }
has_ended() { case $(job_state "$1") in COMPLETED | CANCELLED | FAILED | TIMEOUT | NODE_FAIL | PREEMPTED | BOOT_FAIL) ;; *) return 1 ;; esac; }
is_running() { [[ $(job_state "$1") == RUNNING ]]; }
# Waits for a job's end. Slurm holds for two minutes what was queued again, so that nothing of the earlier start is left
# when it starts; here 5 seconds do.
job_ends() { # SECONDS JOB
  local until=$((SECONDS + patience * $1)) held=0
  until has_ended "$2"; do
    ((SECONDS < until)) ||
      { echo "NOT: job $2 has not ended: $(on node1 scontrol show job "$2" | grep JobState)"; on node1 sinfo; exit 1; }
    if [[ $(job_field "$2" Reason) == BeginTime ]]; then held=$((held + 1)); else held=0; fi
    ((held != 10)) || on node1 scontrol update JobId="$2" StartTime=now
    sleep 0.5
  done
  echo "ok: job $2 ended: $(job_state "$2")"
}

# Neither carriage returns nor escape codes, as a terminal would get them.
is_plain() { ! grep -aq $'[\r\e]' "$1"; }

# The time limit is shorter than the run. Slurm may send the signal up to a minute ahead of what is asked for.
limit_shorter_than_the_run() {
  local job log
  job=$(submit --time=1 --signal=B:USR1@20 -- "${settings[@]}")
  log=train-$job.log
  job_ends 240 "$job"
  check "the job is done" same "$(job_state "$job")" COMPLETED
  check "it was signalled" says "$log" 'prelu-job: .* USR1: asking the ranks to save'
  check "the ranks saved" says "$log" 'stopped by signal USR1 after [0-9]+ iterations; checkpoint saved'
  check "it was queued again by Slurm's own count" test "$(job_field "$job" Restarts)" -ge 1
  check "the log is plain text" is_plain "$log"
  check "the log holds all starts" same "$(count "$log" 'prelu-job: .* slurm job')" "$(($(job_field "$job" Restarts) + 1))"
  check "a later start went on" says "$log" "resumed from .*/train/checkpoint-"
  check "the last line says so" same "$(tail -n 1 "$log")" "prelu-job: done"
  check "the weights are those of one rank's unlimited run" same "$(digest train)" "$(reference)"
  echo "figure: a rank for each of 4 nodes, SLURM_RESTART_COUNT $(job_field "$job" Restarts), $(digest train | cut -c1-16) as with 1 rank"
}

limit_under_srun() {
  local job log
  job=$(PRELU_LAUNCHER=srun submit --time=1 --signal=B:USR1@20 -- "${settings[@]}")
  log=train-$job.log
  job_ends 240 "$job"
  check "the job is done" same "$(job_state "$job")" COMPLETED
  check "the log is plain text" is_plain "$log"
  check "the ranks were started by srun" says "$log" 'prelu-job: srun --mpi=pmix'
  check "the ranks saved" says "$log" 'stopped by signal USR1 after [0-9]+ iterations; checkpoint saved'
  check "it was queued again by Slurm's own count" test "$(job_field "$job" Restarts)" -ge 1
  check "the weights are those of one rank's unlimited run" same "$(digest train)" "$(reference)"
}

canceled() {
  local job log
  job=$(submit -- "${settings[@]}")
  log=train-$job.log
  within 60 "a checkpoint" reached train 20
  on node1 scancel "$job"
  job_ends 60 "$job"
  check "it is canceled" same "$(job_state "$job")" CANCELLED
  check "Slurm does not start it again" same "$(job_field "$job" Restarts)" 0
  check "the run folder is whole" test "$(digest train | cut -d' ' -f2)" -ge 20
  job=$(submit --job-name=train -- "${settings[@]}")
  job_ends 120 "$job"
  check "submitted again it goes on" says "train-$job.log" 'resumed from'
  check "and ends in the same bits" same "$(digest train)" "$(reference)"
}

saved_and_ended_by_int() {
  local job log before
  job=$(submit -- "${settings[@]}")
  log=train-$job.log
  within 60 "a checkpoint" reached train 20
  on node1 scancel --batch --signal=INT "$job"
  job_ends 60 "$job"
  check "it is not queued again" same "$(job_field "$job" Restarts)" 0
  check "the exit code says so" same "$(job_field "$job" ExitCode)" 75:0
  check "the ranks saved" says "$log" 'stopped by signal USR1 after [0-9]+ iterations; checkpoint saved'
  before=$(sed -n 's/stopped by signal USR1 after \([0-9]*\) iterations.*/\1/p' "$log")
  check "nothing was lost" same "$(digest train | cut -d' ' -f2)" "$before"
  check "the last line says why" says "$log" 'prelu-job: stopped with exit code 75: saved, as INT asked'
}

queued_again_by_hand() {
  local job log
  job=$(submit -- "${settings[@]}")
  log=train-$job.log
  within 60 "a checkpoint" reached train 20
  on node1 scontrol requeue "$job"
  job_ends 180 "$job"
  check "the job is done" same "$(job_state "$job")" COMPLETED
  check "Slurm counts it" same "$(job_field "$job" Restarts)" 1
  check "it went on" says "$log" 'resumed from'
  check "and ends in the same bits" same "$(digest train)" "$(reference)"
}

# Jobs of the partition "low" make room for those of the default one, with a grace time.
preempted() { # PATTERN of the log
  local job log other
  job=$(submit --partition=low -- "${settings[@]}")
  log=train-$job.log
  within 60 "a checkpoint" reached train 20
  other=$(on node1 sbatch --parsable --nodes=4 --ntasks-per-node=2 --time=1 --output=other.log --wrap "sleep 1")
  within 60 "Slurm wants its nodes" job_makes_room "$job"
  job_ends 240 "$job"
  check "the other job was run" same "$(job_state "$other")" COMPLETED
  check "the job is done" same "$(job_state "$job")" COMPLETED
  check "it was queued again once" same "$(job_field "$job" Restarts)" 1
  check "at once, and not after the grace time" says "$log" "$1"
  check "it was not started again inside the job" same "$(count "$log" 'starting again inside')" 0
  check "it went on" says "$log" "resumed from .*/train/checkpoint-"
  check "and ends in the same bits" same "$(digest train)" "$(reference)"
  echo "figure: it went on at $(sed -n 's/^resumed from .*checkpoint-\([0-9]*\).*/\1/p' "$log"); $(grep -ac 'checkpoint saved' "$log") saved because of it"
}
job_makes_room() { [[ $(job_field "$1" PreemptTime) == [0-9]* || $(job_field "$1" Restarts) == 1 ]]; }
# mpirun's daemons are ended by Slurm, which leaves the ranks a second: they may or may not have saved.
preempted_with_mpirun() { preempted '(being preempted|prelu-job: saved); asking slurm to run the job again'; }
preempted_with_srun() {
  export PRELU_LAUNCHER=srun
  preempted 'prelu-job: saved; asking slurm to run the job again'
  check "the ranks saved" says train-*.log 'stopped by .* after [0-9]+ iterations; checkpoint saved'
}

rank_killed() {
  local job log pid
  job=$(submit -- "${settings[@]}")
  log=train-$job.log
  within 60 "a checkpoint" reached train 20
  pid=$(ranks_on node3 "$PWD/train --resume auto.*" | sed -n 1p)
  check "there is a rank on node3" test -n "$pid"
  kill -KILL "$pid"
  job_ends 120 "$job"
  check "the job is done" same "$(job_state "$job")" COMPLETED
  check "it stayed in its allocation" same "$(job_field "$job" Restarts)" 0
  check "the ranks were started again" says "$log" 'prelu-job: starting again inside the job, 1 of 3'
  check "all hosts answered" test "$(count "$log" 'does not answer')" -eq 0
  check "and it ends in the same bits" same "$(digest train)" "$(reference)"
}

# A rank for each NUMA domain of what Slurm gave, whether it gave it as tasks or as CPUs of a task; and the way back to one
# a core. Slurm's nodes here are told to have two CPUs; only where the machine has no more are they the whole host.
bound_to_cores() {
  local job log own=true domains
  [[ $(nproc) == 2 ]] || own=false
  domains=$(sh "$root/cluster/host-cores.sh" | cut -d' ' -f4)
  printf '%s\n' '#!/bin/sh' 'echo "rank $OMPI_COMM_WORLD_RANK on $(hostname): $(grep Cpus_allowed_list /proc/self/status)"' >tells
  chmod +x tells
  export PRELU_PROGRAM=$PWD/tells
  placed() { # PATTERN OPTIONS of sbatch
    job=$(submit "${@:2}" --)
    log=train-$job.log
    job_ends 60 "$job"
    check "$*" says "$log" "$1"
  }
  if $own && [[ $domains == 1 ]]; then
    placed 'mpirun .*-np 2 --map-by ppr:1:numa --bind-to numa .* train ' --nodes=2 --ntasks-per-node=1 --cpus-per-task=2
    check "on both nodes, on both cores" same "$(count "$log" '^rank [01] on node[12]: .*0-1$')" 2
    check "with a thread for each of its cores" same "$(count "$log" '--threads')" 0
    placed 'mpirun .*-np 1 --map-by ppr:1:numa --bind-to numa' --nodes=1 --ntasks-per-node=2 --cpus-per-task=1
    check "on both cores" same "$(count "$log" '^rank 0 on node1: .*0-1$')" 1
    export PRELU_RANKS_PER=core
    # One task, and still a rank for each of its CPUs.
    placed 'mpirun .*-np 2 --map-by core --bind-to core --oversubscribe' --nodes=1 --ntasks-per-node=1 --cpus-per-task=2
    check "on a core each" same "$(sed -n 's/^rank .*Cpus_allowed_list:\s*//p' "$log" | sort | tr '\n' ' ')" "0 1 "
  fi
  unset PRELU_RANKS_PER
  if [[ $(nproc) != 1 ]]; then
    placed 'mpirun .*-np 1 --map-by slot --bind-to none .* --threads 1' --nodes=1 --ntasks-per-node=1
  fi
}

# What a rank dies of every time ends the job after a bounded number of tries.
rank_that_always_dies() {
  local job log
  cat >dies <<'SH'
#!/bin/sh
echo "prelu-dist: rank of a broken memory" >&2
kill -KILL $$
SH
  chmod +x dies
  job=$(PRELU_PROGRAM=$PWD/dies PRELU_RESTARTS=1 submit --nodes=1 -- "${settings[@]}")
  log=train-$job.log
  job_ends 60 "$job"
  check "it failed" same "$(job_state "$job")" FAILED
  check "it was started twice" same "$(count "$log" 'prelu-job: .* slurm job')" 2
  check "the last line says why" says <(tail -n 1 "$log") \
    'stopped with exit code 137: ended by signal KILL; started again 1 time inside this job already; prelu-dist said: rank of a broken memory'
}

wrong_usage() {
  local job log
  job=$(submit --nodes=1 -- --model fashion-7)
  log=train-$job.log
  job_ends 60 "$job"
  check "the exit code is the program's" same "$(job_field "$job" ExitCode)" 64:0
  check "it was started once" same "$(count "$log" 'prelu-job: .* slurm job')" 1
  check "the last line says why" says <(tail -n 1 "$log") 'stopped with exit code 64: .*prelu-dist said: .*fashion-7'
}

# Two of the job's three hosts are used; the cut one is replaced by the spare one inside the job.
link_cut_with_a_spare_node() {
  local job log
  job=$(PRELU_NODES=2 submit --nodes=3 --no-kill -- "${settings[@]}")
  log=train-$job.log
  within 60 "a checkpoint" reached train 20
  link node2 down
  job_ends 180 "$job"
  link node2 up
  check "the job is done" same "$(job_state "$job")" COMPLETED
  check "it stayed in its allocation" same "$(job_field "$job" Restarts)" 0
  check "the host is named" says "$log" 'prelu-job: host node2 does not answer'
  check "the spare one is used" says "$log" 'prelu-job: .* [0-9]+ ranks on 2 hosts \(node1:[0-9]+,node3:[0-9]+\)'
  check "and it ends in the same bits" same "$(digest train)" "$(reference)"
  node_is_back node2
}

# Without a spare node Slurm runs the job on others.
link_cut() {
  local job log
  job=$(submit --nodes=2 -- "${settings[@]}")
  log=train-$job.log
  within 60 "a checkpoint" reached train 20
  check "it runs on node1 and node2" says "$log" 'prelu-job: .* \(node1:[0-9]+,node2:[0-9]+\)'
  link node2 down
  job_ends 240 "$job"
  link node2 up
  check "the job is done" same "$(job_state "$job")" COMPLETED
  check "it was queued again" test "$(job_field "$job" Restarts)" -ge 1
  check "it ran on other nodes" says "$log" 'prelu-job: .* restarted [1-9][0-9]* times?: [0-9]+ ranks on 2 hosts \(node[134]:[0-9]+,node[34]:[0-9]+\)'
  check "it went on" says "$log" 'resumed from'
  check "and it ends in the same bits" same "$(digest train)" "$(reference)"
  node_is_back node2
}

node_is_idle() { [[ $(on node1 sinfo --noheader --nodes="$1" --format=%t) == idle ]]; }
# After its cable was plugged in again Slurm takes a node back once its daemon has registered.
node_is_back() { # NODE
  on node1 scontrol update NodeName="$1" State=RESUME 2>/dev/null || true
  within 60 "$1 is back" node_is_idle "$1"
}

array_and_evaluation() {
  local job next
  sed -e 's/^models=.*/models=(fashion-6)/' "$root/cluster/train-array.sbatch" >array.sbatch
  job=$(on node1 sbatch --parsable --array=0-1 array.sbatch --width 4 --batch 32 --epochs 1 --iterations 30)
  next=$(on node1 sbatch --parsable --dependency="afterok:$job" "$root/cluster/evaluate.sbatch" array/fashion-6-seed-2 --json)
  job_ends 120 "$next"
  check "two runs with two results" test "$(digest array/fashion-6-seed-1)" != "$(digest array/fashion-6-seed-2)"
  check "each has its log" same "$(count <(cat array-"$job"_*.log) '^prelu-job: done')" 2
  check "the evaluation is done" same "$(job_state "$next")" COMPLETED
  check "it saw every image" says "evaluate-$next.log" '"images":10000'
}

# An evaluation that is not done within its limit ends there.
evaluation_at_its_limit() {
  local job log
  printf '%s\n' '#!/bin/sh' 'trap "exit 75" USR1' 'sleep 600 & wait' >evaluates
  chmod +x evaluates
  job=$(PRELU_PROGRAM=$PWD/evaluates on node1 sbatch --parsable --time=1 "$root/cluster/evaluate.sbatch" run)
  log=evaluate-$job.log
  job_ends 120 "$job"
  check "it was signalled" says "$log" 'prelu-job: .* USR1: asking the ranks to save'
  check "it failed" same "$(job_state "$job") $(job_field "$job" ExitCode)" "FAILED 75:0"
  check "it was not queued again" same "$(job_field "$job" Restarts)" 0
  check "the last line says what to do" says <(tail -n 1 "$log") 'the evaluation needs more time than its limit: ask for more time, or for more ranks'
}

# The README's section, word for word, by somebody with a home of their own, on hosts without the default data.
first_ten_minutes() {
  local set=/usr/share/datasets node
  "$root/scripts/install" --program "$lab/bin/prelu-dist" --prefix "$PWD/home/.local"
  check "scripts/install installs a manual page for each command" same \
    "$(grep -l '^\.Fl \|^\.It Fl ' home/.local/share/man/man1/prelu-dist{,.bench.step,.evaluate,.train}.1 | wc -l)" 4
  check "with the command's options" says home/.local/share/man/man1/prelu-dist.train.1 '^\.It Fl -resume'
  mkdir modules home/fashion-mnist
  printf '%s\n' '#%Module' >modules/openmpi
  cp -L "$set"/fashion-mnist/{train,t10k}-{images-idx3,labels-idx1}-ubyte.gz home/fashion-mnist/
  awk '/^<!-- not run: .*first-ten-minutes -->/ { found = 1; next } found && /^```sh/ { inside = 1; next }
    inside && /^```/ { exit } inside' "$root/cluster/README.md" >section
  check "the README has the section" test "$(wc -l <section)" -ge 8
  rate none
  for node in "${nodes[@]}"; do on "$node" mount -t tmpfs tmpfs "$set"; done
  # Without the test's own copies on the PATH.
  PATH=${PATH#"$lab/bin:$root/cluster:"} HOME=$PWD/home MODULEPATH=$PWD/modules on node1 \
    bash -c 'source /etc/profile.d/modules.sh && set -eo pipefail && source ./section' >session.log 2>&1 || true
  for node in "${nodes[@]}"; do on "$node" umount "$set"; done
  rate "$slow"
  check "the doctor saw two hosts" says session.log 'ranks +4 on 2 hosts'
  check "and found no problem" same "$(count session.log '^  problem:')" 0
  check "training was done" says session.log '^prelu-job: done'
  check "with a test error" says session.log 'test error of the best checkpoint: [0-9.]+ / [0-9.]+ %'
  check "the evaluation says the same images" says session.log 'top-1 error [0-9.]+ %, top-5 error [0-9.]+ % \([0-9]+ and [0-9]+ of 10000 images\)'
  echo "figure: $(grep -a 'test error of the best' session.log)"
}

group_slurm() {
  local reason
  if ! reason=$(hosts_possible && slurm_possible); then skip_cases "Slurm" "$reason"; return; fi
  hosts_up
  if ! slurm_up; then failed=$((failed + 1)); echo "test-cluster: FAILED: Slurm does not start"; hosts_down; return; fi
  rate "$slow"
  run_case "Slurm: a time limit shorter than the run" limit_shorter_than_the_run
  if [[ -f /etc/profile.d/modules.sh ]]; then
    run_case "Slurm: the README's first ten minutes" first_ten_minutes
  else
    skip_cases "Slurm: the README's first ten minutes" "needs the package environment-modules"
  fi
  run_case "Slurm: kill -9 of a rank" rank_killed
  run_case "Slurm: wrong usage" wrong_usage
  if $long; then
    run_case "Slurm: a rank that always dies" rank_that_always_dies
    run_case "Slurm: ranks bound to cores" bound_to_cores
    run_case "Slurm: array, then evaluation" array_and_evaluation
    run_case "Slurm: an evaluation at its limit" evaluation_at_its_limit
    run_case "Slurm: scancel, submitted again" canceled
    run_case "Slurm: saved and ended by INT" saved_and_ended_by_int
    run_case "Slurm: scontrol requeue" queued_again_by_hand
    run_case "Slurm: the limit, under srun" limit_under_srun
    run_case "Slurm: preempted with a grace time" preempted_with_mpirun
    run_case "Slurm: preempted with a grace time, under srun" preempted_with_srun
    run_case "Slurm: a link is cut, a node is spare" link_cut_with_a_spare_node
    run_case "Slurm: a link is cut, no node is spare" link_cut
  fi
  hosts_down
  slurm_down
}
