# shellcheck shell=bash disable=SC2034,SC2154  # sourced by prelu-job, whose variables these functions read
# Open MPI's mpirun, of series 4. Each file in this folder defines these functions.

# Prints the words that start so many ranks on the hosts; the program and its arguments follow them.
launcher_words() { # RANKS
  # Slurm's variable would hold each rank to as many threads as the job asked processors for a task.
  printf '%s\n' env -u SLURM_CPUS_PER_TASK "$mpiexec" --host "$list" -np "$1"
  if ((ranks <= all_places)); then binding_words; else printf '%s\n' --oversubscribe --bind-to none; fi
  # A host that is cut off is noticed after 20 seconds instead of hours.
  printf '%s\n' --mca oob_tcp_keepalive_time 10 --mca oob_tcp_keepalive_intvl 3 --mca oob_tcp_keepalive_probes 3
  # Ranks on other hosts do not see it otherwise.
  [[ -z ${PRELU_LEVEL-} ]] || printf '%s\n' -x PRELU_LEVEL
  remote_shell
}
# Prints the options for what `bind` says: the part of a host that a rank is bound to, or "cores" and `bind_cores`, or
# "free". `crowded` tells that there are more ranks than the scheduler gave slots.
binding_words() {
  case $bind in
    core) printf '%s\n' --map-by core --bind-to core ;;
    numa | socket) printf '%s\n' --map-by "ppr:1:$bind" --bind-to "$bind" ;;
    node) printf '%s\n' --map-by ppr:1:node --bind-to none ;;
    cores) printf '%s\n' --map-by "slot:PE=$bind_cores" --bind-to core ;;
    free) printf '%s\n' --map-by slot --bind-to none ;;
  esac
  ! $crowded || echo --oversubscribe
}
# Prints the words that start one process on each of these hosts, which all of them are free to bind.
launcher_once_words() { # HOST...
  printf '%s\n' "$mpiexec" --host "$(IFS=,; echo "${*/%/:1}")" -np "$#" --map-by ppr:1:node --bind-to none
  remote_shell
}
# The scheduler's own remote shell, where this Open MPI was built without the scheduler's library.
remote_shell() {
  local shell
  shell=$(scheduler_shell)
  if [[ -n $shell ]] && ! ompi_info --parsable 2>/dev/null | grep -q "^mca:plm:$(scheduler_component):"; then
    printf '%s\n' --mca plm_rsh_agent "$shell"
  fi
}
# Prints the exit code that the ranks, or the launcher itself, ended with.
launcher_code() { echo "$1"; } # CODE of the launcher
# The remote shell that the user names for hosts without a scheduler.
launcher_shell() { echo "${OMPI_MCA_plm_rsh_agent-}"; }
