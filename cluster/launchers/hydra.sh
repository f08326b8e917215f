# shellcheck shell=bash disable=SC2034,SC2154  # sourced by prelu-job, whose variables these functions read
# Hydra, the mpiexec of MPICH, Intel MPI and MVAPICH. openmpi.sh says what each function does.
#
# Hydra hands USR1 and TERM on to every rank. It does not notice a host that is cut off: the ranks' own watch does.

launcher_words() { # RANKS
  printf '%s\n' env -u SLURM_CPUS_PER_TASK "$mpiexec" -hosts "$list" -n "$1"
  if ((ranks <= all_places)); then binding_words; else printf '%s\n' -bind-to none; fi
  remote_shell
}
# The hosts' list says how many ranks each gets; it may be more than the cores.
binding_words() {
  case $bind in
    core | numa | socket) printf '%s\n' -bind-to "$bind" -map-by "$bind" ;;
    cores) printf '%s\n' -bind-to "core:$bind_cores" -map-by "core:$bind_cores" ;;
    node | free) printf '%s\n' -bind-to none ;;
  esac
}
launcher_once_words() { # HOST...
  printf '%s\n' "$mpiexec" -hosts "$(IFS=,; echo "${*/%/:1}")" -n "$#" -bind-to none
  remote_shell
}
# Under Slurm, LSF and Grid Engine, Hydra finds out by itself how to start its proxies.
remote_shell() {
  local shell
  shell=$(scheduler_shell)
  [[ $scheduler != pbs || -z $shell ]] || printf '%s\n' -launcher rsh -launcher-exec "$shell"
}
# Where a signal ends a rank, Hydra ends with the signal's number instead of 128 more.
launcher_code() { if (($1 > 0 && $1 < 32)); then echo $((128 + $1)); else echo "$1"; fi; } # CODE of the launcher
launcher_shell() { echo "${HYDRA_LAUNCHER_EXEC-}"; }
