# shellcheck shell=bash disable=SC2154  # sourced by prelu-job, whose variables these functions read
# Hosts without a scheduler. Each file here defines these functions.

# A name for the job in the log.
job_id() { echo "$$"; }
# The run folder's name where the user gives none, and the folder that it is made in.
job_name() { echo "run"; }
job_folder() { pwd; }
# Why the run folder cannot be named to the next start; nothing where it can.
run_problem() { :; } # RUN
# How often the scheduler started this job again. Where it does not count, how often the run folder says, and 1 is returned.
job_restarts() { echo 0; }
# Lines "host slots". On failure the reason on standard output.
job_hosts() {
  if [[ -z $hostfile ]]; then
    echo "$(hostname) $(nproc)"
    return
  fi
  [[ -r $hostfile ]] || { echo "the host file $hostfile cannot be read"; return 1; }
  awk '/^[[:space:]]*(#|$)/ { next }
    { slots = 1; for (i = 2; i <= NF; i++) if ($i ~ /^slots=[0-9]+$/) slots = substr($i, 7); print $1, slots }' "$hostfile"
}
# The threads that each rank was given; nothing where the scheduler does not say.
job_threads() { :; }
# The seconds that the job may take from its start, for schedulers that send no signal ahead of that; nothing where there
# is no such limit, or a signal. Returns 1 where that cannot be found out.
job_seconds_left() { :; }
# Whether a program can be started on the host, within some seconds.
host_answers() { # HOST
  [[ $1 == "$(hostname)" || $1 == localhost ]] && return 0
  if [[ -n ${OMPI_MCA_plm_rsh_agent-} ]]; then
    timeout 15 "$OMPI_MCA_plm_rsh_agent" "$1" true
  else
    timeout 15 ssh -o BatchMode=yes -o ConnectTimeout=10 "$1" true
  fi
}
# Options for mpirun, one word a line.
launch_options() { :; }
# Whether the signal, TERM or USR2, means that the job must not be queued again from here.
job_is_cancelled() { return 0; } # SIGNAL
# Whether the scheduler is about to give the hosts to another job.
job_is_preempted() { return 1; }
# Has the job run again and ends this program, or returns 1.
requeue_job() { return 1; }
