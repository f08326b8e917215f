#!/bin/sh
# Prints what a process may use of its host: "NAME PROCESSORS CORES DOMAINS SOCKETS". The hardware threads of a core are
# several processors; DOMAINS and SOCKETS count those NUMA domains and sockets that have one of the processors.
#
# usage: host-cores.sh [FOLDER]   (FOLDER: where proc and sys lie, for tests)
#
# prelu-job hands this file's text to a shell on each host, so it needs nothing that lies beside it.
root=${1-}
system=$root/sys/devices/system

# Prints the numbers of a list such as "0-3,8", one on each line.
numbers() { tr , '\n' | awk -F- 'NF { for (i = $1; i <= $NF; i++) print i }'; }

# Prints how many of the lists on standard input, one a line, have a member among the processors; each list counts once.
reached() {
  sort -u | while read -r list; do
    echo "$list" | numbers | grep -qxF "$allowed" && echo reached
  done | wc -l
}

# The words of each processor's file, the first name that there is.
topology() { # NAME OLDER-NAME
  for processor in $allowed; do
    cat "$system/cpu/cpu$processor/topology/$1" 2>/dev/null ||
      cat "$system/cpu/cpu$processor/topology/$2" 2>/dev/null || echo "$processor"
  done
}

allowed=$(sed -n 's/^Cpus_allowed_list:[[:space:]]*//p' "$root/proc/self/status" 2>/dev/null | numbers)
[ -n "$allowed" ] || allowed=$(seq 0 $(($(getconf _NPROCESSORS_ONLN) - 1)))
domains=$(cat "$system"/node/node*/cpulist 2>/dev/null | reached)
[ "$domains" -gt 0 ] || domains=1
cores=$(topology core_cpus_list thread_siblings_list | reached)
sockets=$(topology package_cpus_list core_siblings_list | reached)
echo "${SLURMD_NODENAME:-$(hostname)} $(echo "$allowed" | wc -l) $cores $domains $sockets"
