# shellcheck shell=bash disable=SC2154  # sourced after hosts.sh
# Slurm on the hosts of hosts.sh: slurm_up; its commands then work by `on node1 sbatch …`. It ends with the hosts, but
# for munged, which slurm_down ends.

munged_pid=

slurm_possible() {
  local program
  for program in slurmctld slurmd sbatch munged; do
    command -v "$program" >/dev/null || { echo "needs the packages slurm-wlm and munge"; return 1; }
  done
}

slurm_up() {
  local node
  mkdir -p "$lab"/slurm/{state,munge,log}
  # munged refuses a socket that others cannot reach, and a key that they can.
  chmod 755 "$lab" "$lab/slurm" "$lab/slurm/munge"
  head -c 128 /dev/urandom >"$lab/slurm/munge/key"
  chmod 600 "$lab/slurm/munge/key"
  cat >"$lab/slurm/slurm.conf" <<CONF
ClusterName=test
SlurmctldHost=node1(10.77.0.11)
SlurmctldPort=16817
SlurmdPort=17001
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$lab/slurm/munge/socket
CredType=cred/munge
StateSaveLocation=$lab/slurm/state
SlurmdSpoolDir=$lab/slurm/spool.%n
TmpFS=$lab/slurm/tmp.%n
SlurmctldPidFile=$lab/slurm/slurmctld.pid
SlurmdPidFile=$lab/slurm/slurmd.%n.pid
SlurmctldLogFile=$lab/slurm/log/slurmctld
SlurmdLogFile=$lab/slurm/log/slurmd.%n
SlurmdParameters=config_overrides
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SwitchType=switch/none
TopologyPlugin=topology/none
MpiDefault=none
ReturnToService=2
SchedulerType=sched/backfill
SchedulerParameters=bf_interval=1,sched_interval=2,batch_sched_delay=0,sched_min_interval=0
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
KillWait=10
UnkillableStepTimeout=60
MinJobAge=300
InactiveLimit=0
SlurmdTimeout=10
JobRequeue=1
NodeName=node[1-4] CPUs=2 RealMemory=1000
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
PartitionName=main Nodes=node[1-4] Default=YES MaxTime=INFINITE State=UP PriorityTier=2 PreemptMode=OFF
PartitionName=low Nodes=node[1-4] MaxTime=INFINITE State=UP PriorityTier=1 PreemptMode=REQUEUE GraceTime=90
CONF
  for node in "${nodes[@]}"; do mkdir -p "$lab/slurm/spool.$node" "$lab/slurm/tmp.$node"; done
  export SLURM_CONF=$lab/slurm/slurm.conf
  munged --foreground --force --socket="$lab/slurm/munge/socket" --key-file="$lab/slurm/munge/key" \
    --pid-file="$lab/slurm/munge/pid" --log-file="$lab/slurm/munge/log" --seed-file="$lab/slurm/munge/seed" \
    --num-threads=2 </dev/null >"$lab/slurm/log/munged" 2>&1 &
  munged_pid=$!
  disown "$munged_pid"
  for _ in $(seq 100); do [[ -S $lab/slurm/munge/socket ]] && break; sleep 0.05; done
  on node1 slurmctld -D -i -f "$SLURM_CONF" </dev/null >"$lab/slurm/log/slurmctld.out" 2>&1 &
  disown $!
  for node in "${nodes[@]}"; do slurmd_up "$node"; done
  for _ in $(seq 100); do
    # --states=idle also finds nodes that are not there yet, marked with a *.
    [[ $(on node1 sinfo --noheader --states=idle --format=%D%t 2>/dev/null) == "4idle" ]] && return
    sleep 0.2
  done
  on node1 sinfo >&2
  tail -n 20 "$lab"/slurm/log/* >&2
  return 1
}

slurmd_up() { # NODE
  on "$1" slurmd -D -N "$1" -f "$SLURM_CONF" </dev/null >"$lab/slurm/log/slurmd.$1.out" 2>&1 &
  disown $!
}

slurm_down() {
  [[ -z $munged_pid ]] || kill "$munged_pid" 2>/dev/null || true
  munged_pid=
}
