# shellcheck shell=bash disable=SC2154  # sourced after hosts.sh
# Grid Engine on the hosts of hosts.sh: gridengine_up; its commands then work by `on node1 qsub …`. It ends with the
# hosts. Its folders are copies of those that the packages made, which each host sees in their places.

gridengine_possible() {
  local program
  for program in sge_qmaster sge_execd qsub; do
    command -v "$program" >/dev/null || { echo "needs the packages gridengine-master and gridengine-exec"; return 1; }
  done
  [[ -f /var/lib/gridengine/default/common/bootstrap ]] || { echo "needs a cell, which the package gridengine-master makes"; return 1; }
}

# Changes lines "NAME VALUE" of what `qconf -s…` shows, for `qconf -M…`.
changed() { # FILE NAME=VALUE...
  local file=$1 setting
  shift
  for setting in "$@"; do sed -i "s|^${setting%%=*} .*|${setting%%=*} ${setting#*=}|" "$file"; done
}

gridengine_up() {
  local node folder folders
  export SGE_ROOT=/var/lib/gridengine SGE_CELL=default SGE_QMASTER_PORT=6444 SGE_EXECD_PORT=6445 SGE_ND=1
  mkdir -p "$lab/gridengine/log"
  chmod 755 "$lab" "$lab/gridengine"
  for folder in lib spool; do cp -a "/var/$folder/gridengine" "$lab/gridengine/$folder"; done
  echo node1 >"$lab/gridengine/lib/default/common/act_qmaster"
  for node in "${nodes[@]}"; do
    on "$node" sh -c "
      mount --bind '$lab/gridengine/lib' /var/lib/gridengine
      mount --bind '$lab/gridengine/spool' /var/spool/gridengine"
  done
  on node1 sge_qmaster </dev/null >"$lab/gridengine/log/qmaster" 2>&1 &
  disown $!
  for _ in $(seq 100); do on node1 qconf -sh >/dev/null 2>&1 && break; sleep 0.1; done
  (
    cd "$lab/gridengine"
    for node in "${nodes[@]}"; do
      on node1 qconf -ah "$node"
      on node1 qconf -as "$node"
      printf '%s\n' "hostname $node" "load_scaling NONE" "complex_values NONE" "user_lists NONE" "xuser_lists NONE" \
        "projects NONE" "xprojects NONE" "usage_scaling NONE" "report_variables NONE" >"$node"
      on node1 qconf -Ae "$node"
    done
    printf '%s\n' "group_name @nodes" "hostlist ${nodes[*]}" >group
    on node1 qconf -Ahgrp group
    printf '%s\n' "pe_name mpi" "slots 99" "user_lists NONE" "xuser_lists NONE" "start_proc_args NONE" \
      "stop_proc_args NONE" "allocation_rule 2" "control_slaves TRUE" "job_is_first_task FALSE" "urgency_slots min" \
      "accounting_summary FALSE" "qsort_args NONE" >environment
    on node1 qconf -Ap environment
    on node1 qconf -sq >queue
    # Each host a folder of its own, as /tmp is elsewhere: a task's end on one must not clear away those of the others.
    folders=$lab/gridengine
    for node in "${nodes[@]}"; do
      mkdir -m 1777 "$lab/gridengine/tmp.$node"
      folders+=",[$node=$lab/gridengine/tmp.$node]"
    done
    changed queue "tmpdir=$folders" qname=main.q hostlist=@nodes slots=2 pe_list=mpi shell_start_mode=unix_behavior load_thresholds=NONE \
      shell=/bin/bash notify=00:00:20
    on node1 qconf -Aq queue
    on node1 qconf -ssconf >scheduler
    changed scheduler schedule_interval=0:0:1
    on node1 qconf -Msconf scheduler
    on node1 qconf -sconf >global
    # A job that was run on several hosts waits for their reports before it is run again.
    # A host that it has not heard of for a while gets no jobs.
    changed global load_report_time=00:00:03 max_unheard=00:00:30 min_uid=0 min_gid=0 rsh_daemon=builtin rsh_command=builtin qlogin_daemon=builtin
    on node1 qconf -Mconf global
  ) >"$lab/gridengine/log/qconf" 2>&1
  for node in "${nodes[@]}"; do
    on "$node" sge_execd </dev/null >"$lab/gridengine/log/execd.$node" 2>&1 &
    disown $!
  done
  # A host that is there has a load.
  for _ in $(seq 150); do
    [[ $(on node1 qhost | grep -cE "^node[1-4] .*[0-9]G ") == 4 && $(on node1 qstat -f | grep -cE "^main.q@.*lx-amd64 *$") == 4 ]] && return
    sleep 0.2
  done
  on node1 qhost >&2
  on node1 qstat -f >&2
  tail -n 20 "$lab"/gridengine/log/* >&2
  return 1
}
