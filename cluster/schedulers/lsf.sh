# shellcheck shell=bash disable=SC2154  # sourced by prelu-job, whose variables these functions read
# LSF. none.sh says what each function does.

job_id() { echo "$LSB_JOBID"; }
job_name() {
  # An array's jobs are named "name[index]".
  local name=${LSB_JOBNAME:-job} index=${LSB_JOBINDEX:-0}
  name=${name%%\[*}
  if ((index > 0)); then echo "$name-$index"; else echo "$name"; fi
}
job_folder() { echo "${LS_SUBCWD:-$PWD}"; }
run_problem() { :; }
# LSB_RESTART says only whether the job was restarted, not how often.
job_restarts() { echo "$requeued"; return 1; }
job_hosts() {
  # "host slots host slots"; older versions list a host once for each slot.
  if [[ -n ${LSB_MCPU_HOSTS-} ]]; then
    local words
    read -ra words <<<"$LSB_MCPU_HOSTS"
    printf '%s %s\n' "${words[@]}"
  else
    [[ -n ${LSB_HOSTS-} ]] || { echo "neither LSB_MCPU_HOSTS nor LSB_HOSTS is set"; return 1; }
    tr ' ' '\n' <<<"$LSB_HOSTS" | awk 'NF { if (!($1 in slots)) order[++count] = $1; slots[$1]++ } END { for (i = 1; i <= count; i++) print order[i], slots[order[i]] }'
  fi
}
# A slot is a core.
job_processors() { awk '{ print $2 }' "$scratch/hosts"; }
job_unit() { echo core; }
job_seconds_left() { :; }
host_answers() { # HOST
  [[ ${1%%.*} == "$(hostname -s)" ]] && return 0
  timeout --kill-after=5 20 blaunch -z "$1" true
}
scheduler_shell() { command -v blaunch || true; }
scheduler_component() { echo lsf; }
# bkill sends INT and then TERM; either of them ends the job for good. USR2 announces the limit.
job_is_canceled() { [[ $1 != USR2 ]]; } # SIGNAL
job_is_preempted() { return 1; }
# LSF runs a job again that ends with an exit code named by its option -Q. It must be one that nothing else ends with,
# because 75 may also mean that the job shall not run again.
requeue_job() {
  exit "$requeue_code"
}
