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
# Prints lines "host slots", in which "all" stands for as many slots as the host has cores. On failure, prints the reason and returns 1.
job_hosts() {
  if [[ -z $hostfile ]]; then
    echo "$(hostname) all"
    return
  fi
  [[ -r $hostfile ]] || { echo "the host file $hostfile cannot be read"; return 1; }
  # Editors of other systems leave a byte-order mark and carriage returns. A host without slots has all its cores, as
  # mpirun has it; one that is named again adds to them.
  sed -e $'1s/^\xEF\xBB\xBF//' -e 's/\r$//' -e 's/#.*//' -e 's/[[:space:]]*=[[:space:]]*/=/g' "$hostfile" | awk -v file="$hostfile" '
    NF == 0 { next }
    { host = $1; number = 0 }
    host ~ /=/ { wrong = host }
    { for (i = 2; i <= NF; i++)
        if ($i ~ /^slots=[1-9][0-9]*$/) number = substr($i, 7)
        else if ($i !~ /^max[_-]slots=[0-9]+$/) wrong = $i }
    wrong != "" {
      printf "line %d of the host file %s: expected \"host slots=CORES\", found \"%s\"; correct it\n", NR, file, wrong
      failed = 1
      exit
    }
    { if (!(host in slots)) order[++count] = host
      lines[host]++; given[host] += number > 0; slots[host] += number > 0 ? number : 1 }
    END {
      if (failed) exit 1
      for (i = 1; i <= count; i++) {
        host = order[i]
        print host, lines[host] == 1 && !given[host] ? "all" : slots[host]
      }
    }'
}
# Prints for each of these hosts the processors that the job has there, or "all".
job_processors() { awk '{ print $2 }' "$scratch/hosts"; }
# Prints what the scheduler counts as a processor: a core, a hardware thread, or unknown.
job_unit() { echo core; }
# Prints the seconds that the job may take from its start, for schedulers that send no signal ahead of the limit. Prints
# nothing if there is no limit or if there is a signal. Returns 1 if that cannot be found out.
job_seconds_left() { :; }
# Says whether a program can be started on the host within some seconds.
host_answers() { # HOST
  [[ $1 == "$(hostname)" || $1 == localhost ]] && return 0
  local shell
  shell=$(launcher_shell)
  if [[ -n $shell ]]; then
    timeout 15 "$shell" "$1" true
  else
    timeout 15 ssh -o BatchMode=yes -o ConnectTimeout=10 "$1" true
  fi
}
# Prints the scheduler's own remote shell, for launchers that were built without the scheduler's library, if there is
# one; and Open MPI's name for that library.
scheduler_shell() { :; }
scheduler_component() { :; }
# Says whether the signal, TERM or USR2, means that the job must not be queued again from here.
job_is_canceled() { return 0; } # SIGNAL
# Says whether the scheduler is about to give the hosts to another job.
job_is_preempted() { return 1; }
# Makes the scheduler run the job again and ends this program, or returns 1.
requeue_job() { return 1; }
