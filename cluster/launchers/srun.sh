# shellcheck shell=bash disable=SC2034,SC2154  # sourced by prelu-job, whose variables these functions read
# Slurm's srun. openmpi.sh says what each function does. It starts the ranks by itself, and hands signals on to them.

launcher_words() { # RANKS
  printf '%s\n' srun --mpi="$(process_manager)" --kill-on-bad-exit=1 --nodes="${#hosts[@]}" --ntasks="$1" \
    --nodelist="$(IFS=,; echo "${hosts[*]}")" --cpus-per-task="$processors_of_a_rank" --distribution=block:block
}
# The plugin by which ranks find one another: PMIx for Open MPI, and the simpler PMI for MPICH.
process_manager() {
  if [[ -n ${PRELU_SRUN_MPI-} ]]; then
    echo "$PRELU_SRUN_MPI"
  elif [[ $mpi == mpich ]]; then
    echo pmi2
  else
    echo pmix
  fi
}
binding_words() { :; }
launcher_once_words() { # HOST...
  printf '%s\n' srun --overlap --mpi=none --cpu-bind=none --nodes="$#" --ntasks="$#" --ntasks-per-node=1
}
remote_shell() { :; }
launcher_code() { echo "$1"; } # CODE of the launcher
launcher_shell() { :; }
