# shellcheck shell=bash disable=SC2154  # sourced by prelu-job, whose variables these functions read
# Grid Engine and its descendants. none.sh says what each function does.

job_id() { echo "${JOB_ID:-?}"; }
job_name() {
  local task=${SGE_TASK_ID:-undefined}
  [[ $task == undefined ]] && task=
  echo "${JOB_NAME:-job}${task:+-$task}"
}
job_folder() { echo "${SGE_O_WORKDIR:-$PWD}"; }
run_problem() { :; }
# RESTARTED says only whether the job was restarted, not how often.
job_restarts() { echo "$requeued"; return 1; }
job_hosts() {
  if [[ -z ${PE_HOSTFILE-} ]]; then
    echo "$(hostname) ${NSLOTS:-1}"
    return
  fi
  # "host slots queue processors"; a host has a line for each queue.
  awk '{ if (!($1 in slots)) order[++count] = $1; slots[$1] += $2 } END { for (i = 1; i <= count; i++) print order[i], slots[order[i]] }' \
    "$PE_HOSTFILE" 2>&1
}
# A slot is a core.
job_processors() { awk '{ print $2 }' "$scratch/hosts"; }
job_unit() { echo core; }
# For a job on several hosts, the soft limit is no warning: Grid Engine 8.1.9 ends the job at once, as at the hard limit.
# So the hard limit is watched from within the job.
job_seconds_left() {
  local told limit
  told=$(qstat -j "${JOB_ID:-?}" 2>/dev/null) || return 1
  limit=$(sed -n 's/^hard[ _]resource_list:.*\<h_rt=\([0-9]*\).*/\1/p' <<<"$told" | head -n 1)
  # A job that asks for no limit has its queue's.
  limit=${limit:-$(qconf -sq "${QUEUE:-?}" 2>/dev/null | awk '$1 == "h_rt" { print $2 }')}
  [[ $limit != INFINITY ]] || return 0
  [[ $limit =~ ^[0-9:]+$ ]] || return 1
  seconds "$limit"
}
host_answers() { # HOST
  [[ $1 == "$(hostname)" ]] && return 0
  timeout --kill-after=5 20 qrsh -inherit -nostdin -V "$1" true
}
scheduler_shell() { :; }
scheduler_component() { echo gridengine; }
# qdel and qmod -rj announce themselves by USR2 if the job asked for -notify; in any case the state of the job shows them.
# A job that qmod -rj runs again anyway must not be submitted once more, and must end with 99, or it stays where it is. A
# limit sends USR2 too, and leaves the state as it is.
job_is_canceled() { # SIGNAL
  local state
  [[ $1 == USR2 ]] || return 0
  state=$(qstat 2>/dev/null | awk -v id="$JOB_ID" '$1 == id { print $5; exit }')
  if [[ $state == *[qt]* ]]; then
    say "saved; Grid Engine runs the job again"
    exit "$requeue_code"
  fi
  [[ -z $state || $state == *d* ]]
}
job_is_preempted() { return 1; }
# A job that ends with 99 is run again, unless the cluster forbids it (qmaster_params FORBID_RESCHEDULE). But in Grid
# Engine 8.1.9, a job on several hosts then waits forever "until clean up of a previous run has finished", which a copy of
# it does not. And a job that was told by USR2 that it reaches its soft limit is dropped, whether it ends with 99 or not,
# on every start but the first.
requeue_job() {
  if ((all > 1)) || [[ $requested == USR2 ]]; then qresub "$JOB_ID" && exit 75; fi
  exit "$requeue_code"
}
