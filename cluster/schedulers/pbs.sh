# shellcheck shell=bash disable=SC2154  # sourced by prelu-job, whose variables these functions read
# PBS: OpenPBS, PBS Professional, Torque. none.sh says what each function does.

job_id() { echo "$PBS_JOBID"; }
job_name() {
  local index=${PBS_ARRAY_INDEX:-${PBS_ARRAYID-}}
  echo "${PBS_JOBNAME:-job}${index:+-$index}"
}
job_folder() { echo "${PBS_O_WORKDIR:-$PWD}"; }
# qsub takes a list with commas, and versions of PBS differ in how a comma is quoted.
run_problem() { # RUN
  [[ $1 != *[,\"\'\\]* ]] || echo "PBS cannot hand on a run folder with a comma, a quote or a backslash in its path: $1"
}
# Each start is a job of its own, so PBS does not count.
job_restarts() { echo "$requeued"; return 1; }
job_hosts() {
  [[ -r ${PBS_NODEFILE-} ]] || { echo "PBS_NODEFILE (${PBS_NODEFILE-unset}) cannot be read"; return 1; }
  # The file has a line for each slot; the slots of a host need not follow one another.
  awk 'NF { if (!($1 in slots)) order[++count] = $1; slots[$1]++ } END { for (i = 1; i <= count; i++) print order[i], slots[order[i]] }' \
    "$PBS_NODEFILE"
}
# PBS sets NCPUS to ompthreads, or to the chunk's ncpus if that is not asked for. A slot has its share of them.
job_processors() {
  local slots each=1
  slots=$(awk 'NR == 1 || $2 < least { least = $2 } END { print least }' "$scratch/hosts")
  if [[ ${NCPUS-} =~ ^[1-9][0-9]*$ ]] && ((slots > 0 && NCPUS >= slots)); then each=$((NCPUS / slots)); fi
  awk -v each="$each" '{ print $2 * each }' "$scratch/hosts"
}
# What ncpus counts is the administrators' choice.
job_unit() { echo unknown; }
# PBS sends a signal only when it ends the job. Torque also gives the limit in the environment of the job.
job_seconds_left() {
  local limit
  limit=$(qstat -f "$PBS_JOBID" 2>/dev/null | sed -n 's/^ *Resource_List.walltime = //p' | head -n 1)
  limit=${limit:-${PBS_WALLTIME-}}
  [[ $limit =~ ^[0-9:]+$ ]] || return 1
  seconds "$limit"
}
host_answers() { # HOST
  [[ ${1%%.*} == "$(hostname -s)" ]] && return 0
  if command -v pbs_tmrsh >/dev/null; then
    timeout --kill-after=5 20 pbs_tmrsh "$1" true
  else
    timeout --kill-after=5 20 ssh -o BatchMode=yes -o ConnectTimeout=10 "$1" true
  fi
}
# Without pbs_tmrsh, a launcher that was built without PBS's library uses ssh.
scheduler_shell() { command -v pbs_tmrsh || true; }
scheduler_component() { echo tm; }
# qdel sends TERM. (qsig can send it too, but nobody is asked to use it.)
job_is_canceled() { return 0; } # SIGNAL
job_is_preempted() { return 1; }
# Submits the same script, which PBS has copied, as a new job; so it has the options that are in the script.
requeue_job() {
  local next
  [[ -n $script && -r $script ]] || { say "the job script ${script:-is not known (--script)} cannot be read" >&2; return 1; }
  next=$(cd "$(job_folder)" && qsub -N "${PBS_JOBNAME:-job}" -v "PRELU_RUN=$run" "$script") || return 1
  say "submitted $next"
  exit 75
}
