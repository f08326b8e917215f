# shellcheck shell=bash disable=SC2154  # sourced by prelu-job, whose variables these functions read
# Hosts without a scheduler. Each file in this folder defines these functions.

# Prints a name for the job, for the log.
job_id() { echo "$$"; }
# Prints the name of the run folder if the user gives none, and the folder in which it is created.
job_name() { echo "run"; }
job_folder() { pwd; }
# Prints why the run folder cannot be named to the next start, or nothing if it can.
run_problem() { :; } # RUN
# Prints how often the scheduler started this job again. If the scheduler does not count, prints what the run folder says
# and returns 1.
job_restarts() { echo 0; }
# Prints lines "host slots". On failure, prints the reason and returns 1.
job_hosts() {
  if [[ -z $hostfile ]]; then
    echo "$(hostname) $(nproc)"
    return
  fi
  [[ -r $hostfile ]] || { echo "the host file $hostfile cannot be read"; return 1; }
  awk '/^[[:space:]]*(#|$)/ { next }
    { slots = 1; for (i = 2; i <= NF; i++) if ($i ~ /^slots=[0-9]+$/) slots = substr($i, 7); print $1, slots }' "$hostfile"
}
# Prints the number of threads that each rank was given, or nothing if the scheduler does not say.
job_threads() { :; }
# Prints the seconds that the job may take from its start, for schedulers that send no signal ahead of the limit. Prints
# nothing if there is no limit or if there is a signal. Returns 1 if that cannot be found out.
job_seconds_left() { :; }
# Says whether a program can be started on the host within some seconds.
host_answers() { # HOST
  [[ $1 == "$(hostname)" || $1 == localhost ]] && return 0
  if [[ -n ${OMPI_MCA_plm_rsh_agent-} ]]; then
    timeout 15 "$OMPI_MCA_plm_rsh_agent" "$1" true
  else
    timeout 15 ssh -o BatchMode=yes -o ConnectTimeout=10 "$1" true
  fi
}
# Prints options for mpirun, one word per line.
launch_options() { :; }
# Says whether the signal, TERM or USR2, means that the job must not be queued again from here.
job_is_canceled() { return 0; } # SIGNAL
# Says whether the scheduler is about to give the hosts to another job.
job_is_preempted() { return 1; }
# Makes the scheduler run the job again and ends this program, or returns 1.
requeue_job() { return 1; }
