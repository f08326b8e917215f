# shellcheck shell=bash disable=SC2154  # sourced by prelu-job, whose variables these functions read
# Slurm. none.sh says what each function does.

job_id() { echo "$SLURM_JOB_ID"; }
job_name() {
  # The tasks of an array have the same name, but each has its own run.
  echo "${SLURM_JOB_NAME:-job}${SLURM_ARRAY_TASK_ID:+-$SLURM_ARRAY_TASK_ID}"
}
job_folder() { echo "${SLURM_SUBMIT_DIR:-$PWD}"; }
run_problem() { :; }
job_restarts() { echo "${SLURM_RESTART_COUNT:-0}"; }
job_hosts() {
  local names counts index=0
  names=$(scontrol show hostnames "$SLURM_JOB_NODELIST" 2>&1) || { echo "scontrol: $names"; return 1; }
  mapfile -t counts < <(numbers_of_hosts "$SLURM_TASKS_PER_NODE")
  for name in $names; do
    echo "$name ${counts[index++]:-1}"
  done
}
# "2(x3),1" means three hosts with two and one host with one.
numbers_of_hosts() { # TEXT
  local part
  for part in ${1//,/ }; do
    local times=1
    [[ $part == *'(x'* ]] && times=${part#*x} times=${times%)}
    for ((; times > 0; times--)); do echo "${part%%(*}"; done
  done
}
job_processors() {
  if [[ -n ${SLURM_JOB_CPUS_PER_NODE-} ]]; then
    numbers_of_hosts "$SLURM_JOB_CPUS_PER_NODE"
  else
    awk -v each="${SLURM_CPUS_PER_TASK:-1}" '{ print $2 * each }' "$scratch/hosts"
  fi
}
# Where a core has several hardware threads, each is a CPU to Slurm.
job_unit() { echo thread; }
job_seconds_left() { :; }
host_answers() { # HOST
  # With --overlap the step shares what the job has already. A dead node makes srun wait, hence the limit.
  timeout --kill-after=5 20 srun --overlap --immediate=15 --nodes=1 --ntasks=1 --nodelist="$1" --mpi=none true
}
scheduler_shell() { :; }
scheduler_component() { echo slurm; }
# While a signal is on its way to the steps of a job, the state of the job is SIGNALING.
job_is_canceled() { # SIGNAL
  local state
  state=$(squeue --noheader --jobs="$SLURM_JOB_ID" --format=%T 2>/dev/null)
  [[ $state != RUNNING && $state != SIGNALING ]]
}
# When a job is preempted, Slurm sends TERM to its steps at once, and to the job script only when the grace time ends. So
# the ranks of srun save, but mpirun's daemons on the other hosts end and leave their ranks one second.
job_is_preempted() { scontrol show job "$SLURM_JOB_ID" 2>/dev/null | grep -q 'PreemptTime=[0-9]'; }
requeue_job() {
  # Slurm ends this script when it queues the job again.
  scontrol requeue "$SLURM_JOB_ID" || return 1
  sleep 120
  exit 75
}
