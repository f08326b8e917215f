# shellcheck shell=bash disable=SC1091,SC2034,SC2154  # sourced by prelu-job, whose variables these functions read
# Open MPI's mpirun from series 5 on, whose launcher is PRRTE: what differs from series 4. This follows the documentation
# of Open MPI 5 (mpirun(1), and "MCA parameter changes between 4.x and 5.x"); nobody has run it.
. "${BASH_SOURCE[0]%/*}/openmpi.sh"

launcher_words() { # RANKS
  printf '%s\n' env -u SLURM_CPUS_PER_TASK "$mpiexec" --host "$list" -np "$1"
  if ((ranks <= all_places)); then binding_words; else printf '%s\n' --map-by slot:OVERSUBSCRIBE --bind-to none; fi
  # Ranks on other hosts do not see it otherwise.
  [[ -z ${PRELU_LEVEL-} ]] || printf '%s\n' -x PRELU_LEVEL
  remote_shell
}
# A socket is called a package, and oversubscription is a modifier of the mapping.
binding_words() {
  local more=''
  ! $crowded || more=:OVERSUBSCRIBE
  case $bind in
    core) printf '%s\n' --map-by "core$more" --bind-to core ;;
    numa) printf '%s\n' --map-by "ppr:1:numa$more" --bind-to numa ;;
    socket) printf '%s\n' --map-by "ppr:1:package$more" --bind-to package ;;
    node) printf '%s\n' --map-by "ppr:1:node$more" --bind-to none ;;
    cores) printf '%s\n' --map-by "slot:PE=$bind_cores$more" --bind-to core ;;
    free) printf '%s\n' --map-by "slot$more" --bind-to none ;;
  esac
}
remote_shell() {
  local shell
  shell=$(scheduler_shell)
  if [[ -n $shell ]] && ! prte_info --parsable 2>/dev/null | grep -q "^mca:plm:$(scheduler_component):"; then
    printf '%s\n' --prtemca plm_ssh_agent "$shell"
  fi
}
launcher_shell() { echo "${PRTE_MCA_plm_ssh_agent-}"; }
