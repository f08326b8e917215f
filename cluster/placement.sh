# shellcheck shell=bash disable=SC2034,SC2154  # sourced by prelu-job, which sets and reads the variables
# Where the ranks run: how many on each host of the job, on which of its cores, and with how many threads.

# Prints lines "HOST PROCESSORS CORES DOMAINS SOCKETS" for the job's hosts, as host-cores.sh finds them. A host that
# does not say is taken to be like the first one.
ask_hosts() {
  local names told='' count
  mapfile -t names < <(awk '{ print $1 }' "$scratch/hosts")
  count=${#names[@]}
  if ((count == 1)) && [[ ${names[0]%%.*} =~ ^("$(hostname -s)"|localhost)$ ]]; then
    told=$(sh "$folder/host-cores.sh")
  else
    local words
    mapfile -t words < <(launcher_once_words "${names[@]}")
    told=$(timeout 60 "${words[@]}" sh -c "$(cat "$folder/host-cores.sh")" 2>"$scratch/asking" </dev/null)
  fi
  told=$(grep -E '^[^ ]+( [0-9]+){4}$' <<<"$told")
  if [[ -z $told ]]; then
    say "the hosts do not say what cores they have; they are taken to be like this one" >&2
    told=$(sh "$folder/host-cores.sh")
  fi
  awk 'function short(name) { sub(/\..*/, "", name); return name }
    NR == FNR { rest = $2 " " $3 " " $4 " " $5; told[short($1)] = rest; if (!first) first = rest; next }
    { print $1, (short($1) in told) ? told[short($1)] : first }' - "$scratch/hosts" <<<"$told"
}

# Says whether the job has the whole host, or all of the part of it that it is confined to.
has_whole_host() { # GIVEN PROCESSORS CORES
  [[ $1 != all ]] || return 0
  (($1 >= $2)) || { [[ $(job_unit) == core ]] && (($1 >= $3)); }
}

# Sets what `choose` and the launcher read: lines "HOST PLACES" in the file `all`; `bind`, `bind_cores` and `crowded`;
# `threads`, empty where each rank counts its own cores; `processors_of_a_rank` for srun; `placement`, the words for all
# that.
#
# A rank is bound to its part only if the job has the whole host, or is confined to the cores that it has. Otherwise
# other jobs may run there, and two jobs would both bind to the first cores: then the ranks share what the scheduler
# gave.
place_ranks() {
  local host processors cores domains sockets given slots parts whole=true
  crowded=false
  local least_cores='' least_processors=''
  ask_hosts | paste -d' ' - <(job_processors) <(awk '{ print $2 }' "$scratch/hosts") >"$scratch/parts"
  while read -r host processors cores domains sockets given slots; do
    has_whole_host "$given" "$processors" "$cores" || whole=false
  done <"$scratch/parts"
  : >"$scratch/all"
  while read -r host processors cores domains sockets given slots; do
    if [[ $given == all ]] || ((given > processors)); then given=$processors; fi
    case $ranks_per in
      core) parts=$cores ;;
      numa) parts=$domains ;;
      socket) parts=$sockets ;;
      node) parts=1 ;;
    esac
    if ! $whole; then
      # There are as many ranks as parts that so many cores fill, the last perhaps not quite.
      local all_cores=$cores
      if [[ $(job_unit) == thread ]]; then cores=$((given * cores / processors)); fi
      ((cores <= given)) || cores=$given
      ((cores > 0)) || cores=1
      parts=$(((cores * parts + all_cores - 1) / all_cores))
    fi
    if [[ -n ${PRELU_RANKS-} ]]; then parts=$(((PRELU_RANKS + nodes - 1) / nodes)); fi
    echo "$host $parts" >>"$scratch/all"
    # A scheduler that gave one task of many processors gave mpirun one slot.
    [[ $slots == all ]] || ((parts <= slots)) || crowded=true
    least_cores=$(smaller $((cores / parts)) "$least_cores")
    least_processors=$(smaller $((given / parts)) "$least_processors")
  done <"$scratch/parts"
  processors_of_a_rank=$((least_processors > 0 ? least_processors : 1))
  bind_ranks "$least_cores"
  [[ $scheduler != none ]] || crowded=false
  threads=${PRELU_THREADS:-$threads}
}

# Prints the smaller one of a number and another one, which may be empty.
smaller() { if [[ -z $2 ]] || (($1 < $2)); then echo "$1"; else echo "$2"; fi; }

bind_ranks() { # CORES of the smallest rank
  local each="$1 cores each"
  (($1 != 1)) || each="1 core each"
  threads=''
  if (($1 == 0)); then
    bind=free threads=1 placement="more ranks than cores"
  elif ! $whole; then
    bind=free threads=$1 placement="$each, unbound, as other jobs may share the hosts"
  elif [[ -n ${PRELU_RANKS-} ]]; then
    bind=cores bind_cores=$1 placement=$each
  else
    bind=$ranks_per
    case $ranks_per in
      core) placement="one a core" ;;
      numa) placement="one a NUMA domain" ;;
      socket) placement="one a socket" ;;
      node) placement="one a host" ;;
    esac
  fi
}
