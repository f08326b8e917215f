# shellcheck shell=bash disable=SC2154  # sourced by scripts/test-cluster, after hosts.sh, slurm.sh and checks.sh
# MPICH's launchers: Hydra over four hosts, and Slurm's srun, with a program that was built with MPICH.

# Puts the program that PRELU_MPI=mpich scripts/test has built first on the PATH; on failure the reason is on standard
# output.
mpich_possible() {
  local program=$root/.build-mpich/release/prelu-dist
  command -v mpiexec.mpich >/dev/null || { echo "needs the package mpich"; return 1; }
  [[ -x $program ]] || { echo "needs what PRELU_MPI=mpich scripts/test builds"; return 1; }
  mkdir -p "$lab/mpich"
  cp "$program" "$lab/mpich/"
}

# Runs prelu-job on a host, with the variables by which Hydra reaches the others. It takes the place of the shell, so that
# a signal sent to it in the background reaches it.
job_by_hydra() { # HOST ARGUMENTS of prelu-job
  export HYDRA_LAUNCHER=rsh HYDRA_LAUNCHER_EXEC=$lab/shell PRELU_RUN=train
  exec nsenter --target "${holder[$1]}" --net --uts --mount --wd="$PWD" prelu-job "${@:2}" </dev/null
}

# A rank dies and is started again, and a signal makes the ranks save.
hydra_without_a_scheduler() {
  local pid launcher status=0
  printf '%s slots=2\n' node1 node2 >hosts
  job_by_hydra node1 --hostfile hosts train "${settings[@]}" >train.log 2>&1 &
  launcher=$!
  within 60 "a checkpoint" reached train 20
  check "the launcher is Hydra" says train.log '^prelu-job: env .* mpiexec.(mpich|hydra) -hosts node1:1,node2:1 -n 2 '
  pid=$(ranks_on node2 "train --resume auto.*" | sed -n 1p)
  check "there is a rank on node2" test -n "$pid"
  kill -KILL "$pid"
  within 60 "it is started again" says train.log 'exit code 137: ended by signal KILL'
  within 60 "it goes on" says train.log 'resumed from'
  kill -USR1 "$launcher"
  wait "$launcher" || status=$?
  check "the ranks saved" says train.log 'stopped by signal USR1 after [0-9]+ iterations; checkpoint saved'
  check "and prelu-job says so" same "$status" 75
  (job_by_hydra node1 --hostfile hosts train "${settings[@]}") >again.log 2>&1
  check "the last line says so" same "$(tail -n 1 again.log)" "prelu-job: done"
  check "and it ends in the bits of Open MPI's program" same "$(digest train)" "$(reference)"
}

# An error of a rank ends the others, with its own exit code.
hydra_hands_on_exit_codes() {
  local status=0
  (PRELU_RESTARTS=0 job_by_hydra node1 train --data nowhere) >log 2>&1 || status=$?
  check "a missing input: 66" same "$status" 66
  check "by name" says log 'stopped with exit code 66: an input is missing; prelu-dist said: '
}

# srun starts the ranks by the simpler process manager that MPICH knows.
mpich_under_srun() {
  local job log
  job=$(PRELU_LAUNCHER=srun submit --time=3 -- "${settings[@]}")
  log=train-$job.log
  job_ends 240 "$job"
  check "the job is done" same "$(job_state "$job")" COMPLETED
  check "the ranks were started by srun" says "$log" 'prelu-job: srun --mpi=pmi2'
  check "the ranks are one world" says "$log" '^ranks +4 × '
  check "the weights are those of Open MPI's program" same "$(digest train)" "$(reference)"
}

mpich_by_hydra_in_slurm() {
  local job log
  job=$(submit --time=3 -- "${settings[@]}")
  log=train-$job.log
  job_ends 240 "$job"
  check "the job is done" same "$(job_state "$job")" COMPLETED
  check "the ranks were started by Hydra" says "$log" 'prelu-job: env .* mpiexec.(mpich|hydra) -hosts '
  check "the weights are those of Open MPI's program" same "$(digest train)" "$(reference)"
}

group_mpich() {
  local reason path=$PATH
  if ! reason=$(hosts_possible) || ! reason=$(mpich_possible); then
    skip_cases "MPICH" "$reason"
    return
  fi
  hosts_up
  # It is what Open MPI's program computes.
  reference >/dev/null
  export PATH=$lab/mpich:$PATH
  rate "$slow"
  after_case=hosts_as_new
  run_case "MPICH: Hydra, a rank killed, a signal" hydra_without_a_scheduler
  run_case "MPICH: Hydra's exit codes" hydra_hands_on_exit_codes
  after_case=
  if ! reason=$(slurm_possible); then
    skip_cases "MPICH under Slurm" "$reason"
  elif ! slurm_up; then
    failed=$((failed + 1))
    echo "test-cluster: FAILED: Slurm does not start"
  else
    run_case "MPICH: srun --mpi=pmi2" mpich_under_srun
    run_case "MPICH: Hydra in a job of Slurm" mpich_by_hydra_in_slurm
    slurm_down
  fi
  hosts_down
  PATH=$path
}
