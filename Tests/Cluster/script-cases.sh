# shellcheck shell=bash disable=SC2154  # sourced by scripts/test-cluster, after hosts.sh and checks.sh
# The scripts themselves; PBS and LSF, which Debian does not have, by faked environments and commands.

job_scripts() { printf '%s\n' "$root"/cluster/*.sbatch "$root"/cluster/*.sge "$root"/cluster/*.pbs "$root"/cluster/*.lsf; }

scripts_are_clean() {
  local file directive
  while read -r file; do
    check "bash reads ${file##*/}" bash -n "$file"
    # Schedulers stop reading their lines at the first command, without a word.
    directive=$(awk '/^#(SBATCH|PBS|BSUB|\$) / { if (command) print FILENAME ": " $0; next } /^[^#]/ { command = 1 }' "$file")
    check "no directive after a command in ${file##*/}" test -z "$directive"
    check "no absolute path of somebody's in ${file##*/}" test -z "$(grep -nE '(^|[ =])/(home|work|scratch|opt|usr/local)' "$file")"
  done < <(job_scripts)
  for file in "$root"/cluster/{prelu-job,train-hosts,*.sh,schedulers/*.sh,launchers/*.sh}; do
    check "bash reads ${file##*/}" bash -n "$file"
  done
  if command -v shellcheck >/dev/null; then
    # shellcheck disable=SC2046
    check "shellcheck is content" shellcheck $(job_scripts) "$root"/cluster/prelu-job "$root"/cluster/train-hosts \
      "$root"/cluster/*.sh "$root"/cluster/schedulers/*.sh "$root"/cluster/launchers/*.sh
  fi
}

# Every scheduler's file defines every function that none.sh does, and every launcher's, with what it reads, those of
# openmpi.sh.
schedulers_are_complete() {
  local kind file function
  for kind in launchers/openmpi.sh schedulers/none.sh; do
    for file in "$root"/cluster/"${kind%/*}"/*.sh; do
      for function in $(sed -n 's/^\([a-z_]*\)() .*/\1/p' "$root/cluster/$kind"); do
        check "${file##*/} has $function" bash -c ". '$file'; declare -F $function"
      done
    done
  done
}

wrong_calls() {
  local status
  status=0; prelu-job >out 2>&1 || status=$?
  check "nothing to do: 64" same "$status $(cat out)" "64 prelu-job: stopped: expected train or evaluate, found '' (see prelu-job --help)"
  status=0; PRELU_RESTARTS=often prelu-job train >out 2>&1 || status=$?
  check "a number is a number: 64" same "$status $(cat out)" "64 prelu-job: stopped: PRELU_RESTARTS is 'often'; it takes a number of 0 or more"
  status=0; PRELU_PROGRAM=no-such-program prelu-job train >out 2>&1 || status=$?
  check "no program: 66" says out "stopped: there is no no-such-program on the PATH"
  status=0; prelu-job --hostfile nowhere train >out 2>&1 || status=$?
  check "no host file: 64" same "$status $(cat out)" "64 prelu-job: stopped: the host file nowhere cannot be read"
  status=0; PRELU_NODES=3 prelu-job train >out 2>&1 || status=$?
  check "too few hosts: 64" same "$status $(cat out)" "64 prelu-job: stopped: PRELU_NODES is 3, but the job has 1 hosts"
  status=0; TMPDIR=$PWD/nowhere prelu-job train >out 2>&1 || status=$?
  check "no folder for temporary files: 73" same "$status $(cat out)" "73 prelu-job: stopped: expected a folder for temporary \
files, found none that can be written at $PWD/nowhere (TMPDIR): make it, or unset TMPDIR"
  status=0; PRELU_RUN=/proc/run prelu-job train >out 2>&1 || status=$?
  check "a run folder that cannot be: 73" same "$status" 73
}

# The folder that the options name is the one that is made, spoken of, handed on and looked into.
run_folders() {
  local status options
  program_that_stops 'echo "given: $*"; exit 0'
  export PRELU_PROGRAM=$PWD/stops
  for options in '--run r0' '--run=r0' '--run other --run r0 --resume auto' '--seed 3 --resume=auto --run r0'; do
    rm -rf r0
    # The variable holds several options.
    # shellcheck disable=SC2086
    PRELU_RUN=elsewhere prelu-job train --width 4 $options --batch 8 >log 2>&1
    check "$options: it is spoken of" says log "^prelu-job: run folder $PWD/r0\$"
    check "it is handed on once" same "$(sed -n 's/ --seed 3//; s/ --threads [0-9]*//; s/^given: //p' log)" \
      "train --run $PWD/r0 --resume auto --width 4 --batch 8"
    check "and only it is made" test -f r0/job-state -a ! -e elsewhere -a ! -e other -a ! -e run
  done
  # A start that ends by a signal of its own is followed by another, which finds what is in that folder.
  program_that_stops 'echo checkpoint-3.h5 >r0/latest; kill -KILL $$'
  PRELU_RESTARTS=1 prelu-job train --run r0 >log 2>&1 || true
  check "a restart looks there" says log "^prelu-job: run folder $PWD/r0, newest checkpoint-3.h5\$"
  program_that_stops 'echo "given: $*"; exit 0'
  prelu-job evaluate r0 --resume x --run y >log 2>&1
  check "an evaluation's options are its own" says log '^given: evaluate .*r0 --resume x --run y$'
  for options in '--resume r0' '--resume=r0/checkpoint-3.h5'; do
    status=0
    # shellcheck disable=SC2086
    prelu-job train $options >log 2>&1 || status=$?
    check "$options: 64" same "$status $(count log "stopped: --resume is 'r0.*'; prelu-job goes on by itself")" "64 1"
  done
  for options in --run --run= --resume; do
    status=0; prelu-job train $options >log 2>&1 || status=$?
    check "$options alone: 64" same "$status $(cat log)" "64 prelu-job: stopped: ${options%=} needs a value"
  done
}

# A job of an array trains the run of a sweep that has its number.
sweep_arrays() {
  local status=0
  printf '%s\n' 'settings: { recipe: fashion, model: { width: 4 } }' 'vary: { training.seed: [1, 2] }' >seeds.yaml
  mkdir -p faked
  # shellcheck disable=SC2016
  printf '%s\n' '#!/bin/sh' 'echo "$PRELU_RUN: $*"' >faked/prelu-job
  chmod +x faked/prelu-job
  PATH=$PWD/faked:$PATH SLURM_ARRAY_TASK_ID=2 bash "$root/cluster/sweep-array.sbatch" seeds.yaml >out || status=$?
  check "the second job trains the second run" same "$status $(cut -d' ' -f1,4- out)" \
    "0 seeds/2-seed=2: train --recipe seeds/2-seed=2.yaml"
  check "its recipe is there" says seeds/2-seed=2.yaml '^  seed: 2$'
  status=0; PATH=$PWD/faked:$PATH SLURM_ARRAY_TASK_ID=3 bash "$root/cluster/sweep-array.sbatch" seeds.yaml >out 2>&1 ||
    status=$?
  check "there is no third: 64" same "$status" 64
  check "it says so" says out 'expected a run from 1 to 2, found --prepare 3'
}

# What each scheduler tells, in its own form, becomes the same list of hosts, and of the processors that the job has
# there.
hosts_of_each_scheduler() {
  of() { # SCHEDULER FUNCTION
    # shellcheck disable=SC1090
    (source "$root/cluster/schedulers/$1.sh"; "$2")
  }
  # Hosts and processors, as prelu-job asks for them.
  both() { # SCHEDULER
    scratch=$PWD
    of "$1" job_hosts >hosts || return
    (source "$root/cluster/schedulers/$1.sh"; job_processors) | paste -d, hosts -
  }
  printf '%s\n' a b a b a >nodes
  check "PBS" same "$(PBS_NODEFILE=nodes NCPUS=4 both pbs)" $'a 3,6\nb 2,4'
  check "PBS, a slot is a core" same "$(PBS_NODEFILE=nodes NCPUS=1 both pbs)" $'a 3,3\nb 2,2'
  check "PBS, no such file" same "$(PBS_NODEFILE=nowhere of pbs job_hosts || true)" "PBS_NODEFILE (nowhere) cannot be read"
  printf '%s\n' 'a 2 all.q@a UNDEFINED' 'b 1 all.q@b UNDEFINED' 'a 1 long.q@a UNDEFINED' >pe
  check "Grid Engine" same "$(PE_HOSTFILE=pe both gridengine)" $'a 3,3\nb 1,1'
  check "LSF" same "$(LSB_MCPU_HOSTS="a 2 b 3" both lsf)" $'a 2,2\nb 3,3'
  check "LSF, older" same "$(LSB_HOSTS="a a b" both lsf)" $'a 2,2\nb 1,1'
  mkdir bin
  printf '%s\n' '#!/bin/sh' 'for h in a b c d; do echo $h; done' >bin/scontrol
  chmod +x bin/scontrol
  export PATH=$PWD/bin:$PATH SLURM_JOB_NODELIST='x' SLURM_TASKS_PER_NODE='2(x3),1'
  check "Slurm" same "$(SLURM_JOB_CPUS_PER_NODE='8,64(x3)' both slurm)" $'a 2,8\nb 2,64\nc 2,64\nd 1,64'
  check "Slurm, by its tasks" same "$(SLURM_CPUS_PER_TASK=4 both slurm)" $'a 2,8\nb 2,8\nc 2,8\nd 1,4'
  check "Slurm, one each" same "$(both slurm)" $'a 2,2\nb 2,2\nc 2,2\nd 1,1'
}

# Host files as people and editors write them.
host_files() {
  of_file() { (hostfile=hosts; source "$root/cluster/schedulers/none.sh"; job_hosts); }
  printf '%s\n' '# ours' '' 'a slots=4' 'b' 'c max_slots=9 slots=2' >hosts
  check "slots, none, and more" same "$(of_file)" $'a 4\nb all\nc 2'
  printf '\xef\xbb\xbfa slots = 4 # the old one\r\n\r\n  b slots= 2\t\r\n# c slots=9\r\n' >hosts
  check "a byte-order mark, carriage returns, blanks, comments" same "$(of_file)" $'a 4\nb 2'
  printf '%s\n' a a b 'c slots=2' 'c slots=3' >hosts
  check "hosts that are named again" same "$(of_file)" $'a 2\nb all\nc 5'
  printf 'a slots=2' >hosts
  check "no line end" same "$(of_file)" 'a 2'
  local wrong
  for wrong in 4 slots=0 slots=two slot=2 slots; do
    printf '%s\n' '# ours' "a $wrong" >hosts
    check "what is none: $wrong" same "$(of_file || echo "code $?")" \
      "line 2 of the host file hosts: expected \"host slots=CORES\", found \"$wrong\"; correct it"$'\n'"code 1"
  done
  PRELU_PROGRAM=true prelu-job --hostfile hosts train >log 2>&1 || wrong=$?
  check "it ends the job: 64" same "$wrong" 64
}

# A host of two sockets with two NUMA domains each, eight cores a domain and two hardware threads a core: cores 0 … 31,
# whose second threads are 32 … 63. One domain has memory and no processors.
host_of_many_cores() { # FOLDER ALLOWED
  local processor core domain socket sys=$1/sys/devices/system
  mkdir -p "$1/proc/self"
  printf 'Name:\tsh\nCpus_allowed:\tff\nCpus_allowed_list:\t%s\n' "$2" >"$1/proc/self/status"
  for processor in $(seq 0 63); do
    mkdir -p "$sys/cpu/cpu$processor/topology"
    core=$((processor % 32)) socket=$((processor % 32 / 16))
    echo "$core,$((core + 32))" >"$sys/cpu/cpu$processor/topology/core_cpus_list"
    echo "$((16 * socket))-$((16 * socket + 15)),$((16 * socket + 32))-$((16 * socket + 47))" \
      >"$sys/cpu/cpu$processor/topology/package_cpus_list"
  done
  for domain in 0 1 2 3; do
    mkdir -p "$sys/node/node$domain"
    core=$((8 * domain))
    echo "$core-$((core + 7)),$((core + 32))-$((core + 39))" >"$sys/node/node$domain/cpulist"
  done
  mkdir -p "$sys/node/node4"
  echo >"$sys/node/node4/cpulist"
}

cores_of_a_host() {
  tells() { # ALLOWED
    rm -rf machine
    host_of_many_cores machine "$1"
    SLURMD_NODENAME=a sh "$root/cluster/host-cores.sh" machine
  }
  check "all" same "$(tells 0-63)" "a 64 32 4 2"
  check "one hardware thread of each core" same "$(tells 0-31)" "a 32 32 4 2"
  check "five cores of two domains" same "$(tells 5-9)" "a 5 5 2 1"
  check "both threads of a core" same "$(tells 3,35)" "a 2 1 1 1"
  rm -rf machine/sys
  check "a host that does not say" same "$(SLURMD_NODENAME=a sh "$root/cluster/host-cores.sh" machine)" "a 2 2 1 2"
}

# What mpirun does with the options is in the second part: hwloc takes a description for the machine.
placement_of_ranks() {
  # shellcheck source=/dev/null
  source "$root/cluster/placement.sh"
  # shellcheck source=/dev/null
  source "$root/cluster/launchers/openmpi.sh"
  local asked shares unit
  ask_hosts() { printf '%s\n' "${asked[@]}"; }
  job_processors() { printf '%s\n' "${shares[@]}"; }
  # As many slots as processors, but where a scheduler gave one task of many.
  local scheduler=slurm slots=(all all)
  job_unit() { echo "$unit"; }
  places() { # PART UNIT GIVEN… : for as many hosts as there are numbers
    local scratch=$PWD nodes=$(($# - 2)) ranks_per=$1
    unit=$2
    shift 2
    shares=("$@")
    printf 'host %s\n' "${slots[@]:0:${#shares[@]}}" >hosts
    place_ranks
    printf '%s' "$(awk '{ print $2 }' all | paste -sd,) $(binding_words | paste -sd' ')${threads:+ threads $threads}"
  }
  asked=("a 64 32 4 2")
  check "a rank a domain" same "$(places numa core all)" "4 --map-by ppr:1:numa --bind-to numa"
  check "a rank a core" same "$(places core core all)" "32 --map-by core --bind-to core"
  check "a rank a socket" same "$(places socket core 32)" "2 --map-by ppr:1:socket --bind-to socket"
  check "a rank a host" same "$(places node thread 64)" "1 --map-by ppr:1:node --bind-to none"
  check "more slots than cores" same "$(places numa core 99)" "4 --map-by ppr:1:numa --bind-to numa"
  check "5 of 32 cores, of which we do not know which" same "$(places numa core 5)" \
    "1 --map-by slot --bind-to none threads 5"
  check "12 of 32 cores" same "$(places numa core 12)" "2 --map-by slot --bind-to none threads 6"
  check "32 of Slurm's 64" same "$(places numa thread 32)" "2 --map-by slot --bind-to none threads 8"
  check "a rank for each of five" same "$(places core core 5)" "5 --map-by slot --bind-to none threads 1"
  check "ranks by number" same "$(PRELU_RANKS=8 places numa core all)" "8 --map-by slot:PE=4 --bind-to core"
  check "more ranks than cores" same "$(PRELU_RANKS=40 places numa core all)" \
    "40 --map-by slot --bind-to none threads 1"
  check "threads by number" same "$(PRELU_THREADS=3 places numa core all)" \
    "4 --map-by ppr:1:numa --bind-to numa threads 3"
  slots=(1)
  check "one task of 64 processors" same "$(places numa thread 64)" \
    "4 --map-by ppr:1:numa --bind-to numa --oversubscribe"
  check "and one rank" same "$(places node thread 64)" "1 --map-by ppr:1:node --bind-to none"
  slots=(all all)
  asked=("a 5 5 2 1")
  check "confined to five cores" same "$(places numa thread 5)" "2 --map-by ppr:1:numa --bind-to numa"
  asked=("a 64 32 4 2" "b 8 8 1 1")
  check "unequal hosts" same "$(places numa core 32 8)" "4,1 --map-by ppr:1:numa --bind-to numa"
  check "unequal hosts, one shared with others" same "$(places numa core 16 8)" \
    "2,1 --map-by slot --bind-to none threads 8"
  check "unequal hosts, a rank a core" same "$(places core core all all)" "32,8 --map-by core --bind-to core"
  asked=("a 2 2 1 1" "b 2 2 1 1")
  check "hosts of one domain" same "$(places numa thread 2 2)" "1,1 --map-by ppr:1:numa --bind-to numa"

  # The same in the words of other launchers.
  asked=("a 64 32 4 2")
  # shellcheck source=/dev/null
  source "$root/cluster/launchers/openmpi5.sh"
  slots=(1)
  check "Open MPI 5: a rank a socket" same "$(places socket core all)" \
    "2 --map-by ppr:1:package:OVERSUBSCRIBE --bind-to package"
  check "Open MPI 5: ranks by number" same "$(PRELU_RANKS=8 places numa core all)" \
    "8 --map-by slot:PE=4:OVERSUBSCRIBE --bind-to core"
  # shellcheck source=/dev/null
  source "$root/cluster/launchers/hydra.sh"
  slots=(all all)
  check "Hydra: a rank a domain" same "$(places numa core all)" "4 -bind-to numa -map-by numa"
  check "Hydra: a rank a host" same "$(places node thread 64)" "1 -bind-to none"
  check "Hydra: ranks by number" same "$(PRELU_RANKS=8 places numa core all)" "8 -bind-to core:4 -map-by core:4"
  check "Hydra: shared with others" same "$(places numa core 12)" "2 -bind-to none threads 6"

  # Prints the number of ranks, and the sorted sets of cores that they are bound to.
  bound() { # OPTIONS of mpirun
    HWLOC_SYNTHETIC="package:2 numa:2 core:8 pu:2" \
      timeout 20 mpirun --do-not-launch --display-map "$@" true 2>/dev/null |
      sed -n 's/.*Bound: \(.*\):\[.*/\1/p' | awk '{ n = gsub(/core/, "&"); print n }' | sort | uniq -c | tr -s ' \n' ' '
  }
  check "mpirun: a rank a domain" same "$(bound --host localhost:4 -np 4 --map-by ppr:1:numa --bind-to numa)" " 4 8 "
  check "mpirun: fewer of them" same "$(bound --host localhost:4 -np 2 --map-by ppr:1:numa --bind-to numa)" " 2 8 "
  check "mpirun: a rank a socket" same "$(bound --host localhost:2 -np 2 --map-by ppr:1:socket --bind-to socket)" \
    " 2 16 "
  check "mpirun: a rank a core" same "$(bound --host localhost:32 -np 32 --map-by core --bind-to core)" " 32 1 "
  check "mpirun: ranks of four cores" same "$(bound --host localhost:8 -np 8 --map-by slot:PE=4 --bind-to core)" " 8 4 "
}

# Variables that limit threads do not change how a job starts.
thread_variables() {
  program_that_stops 'echo "limits: ${OMP_NUM_THREADS-}/${OMP_THREAD_LIMIT-}/${SLURM_CPUS_PER_TASK-}"; exit 0'
  export PRELU_PROGRAM=$PWD/stops
  started() { sed -n 's/^prelu-job: \(env .*\)/\1/p' log; }
  local plain
  prelu-job train >log 2>&1
  plain=$(started)
  check "it is started" test -n "$plain"
  OMP_NUM_THREADS=1 OMP_THREAD_LIMIT=1 prelu-job train >log 2>&1
  check "the same command" same "$(started)" "$plain"
  check "whose ranks see none of them" same "$(count log '^limits: //$')" 1
  prelu-job --ranks-per node train >log 2>&1
  check "an option" says log 'mpirun .*-np 1 --map-by ppr:1:node --bind-to none'
  PRELU_LEVEL=v3 prelu-job train >log 2>&1
  check "the level is handed on" says log 'mpirun .* -x PRELU_LEVEL '
  PRELU_RANKS_PER=core prelu-job train >log 2>&1
  check "a variable" says log 'mpirun .* --map-by core --bind-to core .*'
  local status=0
  prelu-job --ranks-per machine train >log 2>&1 || status=$?
  check "another word: 64" same "$status $(cat log)" \
    "64 prelu-job: stopped: --ranks-per (PRELU_RANKS_PER) is 'machine'; it takes core, numa, socket or node"
}

# Where hosts are lost, a run goes on with ranks that give the same bits, if it had such ranks.
ranks_of_fewer_hosts() {
  eval "$(sed -n '/^leaves() {/,/^}/p; /^choose() {/,/^}/p' "$root/cluster/prelu-job")"
  lose() { # RANKS SLOTS-LEFT
    (unset PRELU_RANKS; nodes=9 run=$PWD/run full_ranks=$1; choose <<<"a $2"; echo "$ranks")
  }
  mkdir run
  check "eight leaves, before the run has begun" same "$(lose 8 7) $(lose 8 8) $(lose 16 15) $(lose 6 5)" "4 8 15 5"
  printf 'training:\n  batch: 128\n  leaves: 32\n  epochs: 14\n' >run/config.yaml
  check "32 leaves" same "$(lose 32 31) $(lose 16 15) $(lose 64 63) $(lose 24 23)" "16 8 63 23"
  printf 'training:\n  batch: 128\n  leaves: 1\n' >run/config.yaml
  check "one leaf" same "$(lose 8 7) $(lose 1 1)" "7 1"
}

# A limit that cannot be found out is missed, by name; one that is given is minded.
unknown_limits() {
  local status=0
  mkdir bin
  printf '%s\n' '#!/bin/sh' 'exit 1' >bin/qstat
  cp bin/qstat bin/qsub
  chmod +x bin/*
  hostname >nodefile
  echo "$(hostname) 1 main.q UNDEFINED" >pe
  printf '%s\n' '#!/bin/sh' 'trap "echo saved; exit 75" USR1' '[ -z "$PRELU_TIME_LIMIT" ] || for i in $(seq 600); do sleep 0.1; done' >waits
  chmod +x waits
  export PATH=$PWD/bin:$PATH PRELU_PROGRAM=$PWD/waits
  export PBS_JOBID=1 PBS_NODEFILE=$PWD/nodefile PBS_O_WORKDIR=$PWD
  prelu-job train >log 2>&1
  check "PBS: it is said" same "$(count log 'no time limit of this job can be found.* set PRELU_TIME_LIMIT')" 1
  PBS_WALLTIME=7200 prelu-job train >log 2>&1
  check "Torque's variable will do" same "$(count log 'no time limit')" 0
  PRELU_TIME_LIMIT=0:00:08 prelu-job train >log 2>&1 || status=$?
  check "the limit that is given is minded" says log 'ALRM: asking the ranks to save'
  check "and ends the job" same "$status $(count log '^saved')" "75 1"
  status=0
  PRELU_RUN=$PWD/a,b prelu-job train >log 2>&1 || status=$?
  check "PBS: a comma in the run folder is refused" same "$status" 64
  check "by name" says log 'PBS cannot hand on a run folder with a comma, a quote or a backslash in its path: .*/a,b'
  unset PBS_JOBID
  PE_HOSTFILE=pe JOB_ID=1 prelu-job train >log 2>&1
  check "Grid Engine: it is said" says log 'no time limit of this job can be found.* set PRELU_TIME_LIMIT'
  printf '%s\n' '#!/bin/sh' 'echo "job_number: 1"' >bin/qstat
  printf '%s\n' '#!/bin/sh' 'echo "h_rt      $LIMIT"' >bin/qconf
  chmod +x bin/qconf
  LIMIT=INFINITY PE_HOSTFILE=pe JOB_ID=1 prelu-job train >log 2>&1
  check "Grid Engine: a queue without a limit" same "$(count log 'no time limit')" 0
  status=0
  check "Grid Engine: a queue's limit" same "$(
    # shellcheck disable=SC1091
    source "$root/cluster/schedulers/gridengine.sh"
    eval "$(grep '^seconds()' "$root/cluster/prelu-job")"
    LIMIT=04:00:00 JOB_ID=1 job_seconds_left
  )" 14400
}

# A PBS of which only qsub and qstat are there: what qsub is given is run next.
pbs_chain() {
  local job=1
  mkdir bin
  cat >bin/qsub <<SH
#!/bin/bash
printf '%s\n' "\$*" >>"$PWD/qsub.log"
while [[ \$1 == -* ]]; do [[ \$1 == -v ]] && echo "\${2}" >"$PWD/variables"; shift 2; done
cp "\$1" "$PWD/queued"
echo 2.server
SH
  # Too little for the whole run, and then enough.
  cat >bin/qstat <<SH
#!/bin/sh
echo "Job Id: \$2"
[ -e "$PWD/enough" ] && echo "    Resource_List.walltime = 01:00:00" || echo "    Resource_List.walltime = 00:00:16"
SH
  ln -s "$lab/shell" bin/pbs_tmrsh
  chmod +x bin/*
  sed "s/^options=.*/options=(${settings[*]})/" "$root/cluster/train.pbs" >train.pbs
  cp train.pbs queued
  for node in "${nodes[@]}"; do printf '%s\n%s\n' "$node" "$node"; done >nodefile
  while [[ -f queued ]]; do
    ((job <= 4)) || { echo "NOT: too many jobs"; exit 1; }
    mv queued script
    ((job == 1)) || touch enough
    (
      # Kept from job to job, as -V would.
      # shellcheck disable=SC2030
      [[ ! -f variables ]] || export "$(cat variables)"
      export PATH=$PWD/bin:$PATH PBS_JOBID=$job.server PBS_JOBNAME=train PBS_O_WORKDIR=$PWD PBS_NODEFILE=$PWD/nodefile NCPUS=2
      on node1 bash script
    ) || status=$?
    echo "job $job ended with ${status:-0}"
    job=$((job + 1)) status=
  done
  check "the second job was submitted by the first, once" same "$(count qsub.log .)" 1
  check "with its script and run folder" says qsub.log "-N train -v PRELU_RUN=$PWD/train .*script"
  check "the ranks saved ahead of the limit" says train.log 'stopped by signal USR1 after [0-9]+ iterations; checkpoint saved'
  check "the other hosts were reached by PBS's own shell" says train.log 'plm_rsh_agent .*/pbs_tmrsh'
  check "there is a rank on each host" says train.log '[0-9]+ ranks on 4 hosts .*, one a NUMA domain'
  check "the second went on" says train.log 'resumed from'
  check "the last line says so" same "$(tail -n 1 train.log)" "prelu-job: done"
  check "the weights are those of one rank's unlimited run" same "$(digest train)" "$(reference)"
}

# What train.lsf has LSF run again.
lsf_requeue_code() { sed -n 's/^#BSUB .*-Q \([0-9]*\).*/\1/p' "$root/cluster/train.lsf"; }

# An LSF of which only blaunch is there. It sends USR1 ahead of the limit and runs again what ends with train.lsf's code.
lsf_chain() {
  local requeue status start=0
  requeue=$(lsf_requeue_code)
  check "train.lsf names a code" test -n "$requeue"
  status=$requeue
  mkdir bin elsewhere
  printf '%s\n' '#!/bin/sh' '[ "$1" = -z ] && shift' "exec '$lab/shell' \"\$@\"" >bin/blaunch
  chmod +x bin/blaunch
  sed "s/^options=.*/options=(${settings[*]})/" "$root/cluster/train.lsf" >train.lsf
  while ((status == requeue)); do
    start=$((start + 1))
    ((start <= 3)) || { echo "NOT: too many starts"; exit 1; }
    (
      export PATH=$PWD/bin:$PATH LSB_JOBID=7 LSB_JOBNAME=train LSB_JOBINDEX=0 LS_SUBCWD=$PWD
      export LSB_MCPU_HOSTS="node1 2 node2 2 node3 2 node4 2"
      # The job's own process, as on the first host, in another folder, its output dropped.
      exec nsenter --target "${holder[node1]}" --net --uts --mount --wd="$PWD/elsewhere" bash "$PWD/train.lsf"
    ) >/dev/null 2>&1 &
    local job=$!
    if ((start == 1)); then
      within 60 "a checkpoint" reached train 20
      kill -USR1 "$job"
    fi
    status=0
    wait "$job" || status=$?
  done
  check "it is done" same "$status" 0
  check "at the second start" same "$start" 2
  check "the log holds both starts" same "$(count train.log 'prelu-job: .* lsf job')" 2
  check "the ranks saved at USR1" says train.log 'stopped by signal USR1 after [0-9]+ iterations; checkpoint saved'
  check "the other hosts were reached by LSF's own shell" says train.log 'plm_rsh_agent .*/blaunch'
  check "the last line says so" same "$(tail -n 1 train.log)" "prelu-job: done"
  check "the weights are those of one rank's unlimited run" same "$(digest train)" "$(reference)"
}

# A program in this folder that saves nothing and asks for the next start.
program_that_stops() {
  printf '%s\n' '#!/bin/sh' 'trap "" USR1' "${1:-exit 75}" >stops
  chmod +x stops
}
# One start of it as a job of LSF; its exit code is then in `status`, its output in `log`. INT is as a scheduler leaves it: a
# shell that runs these tests behind itself has it ignored, which no script below can take back.
lsf_start() {
  status=0
  PRELU_PROGRAM=$PWD/stops LSB_JOBID=7 LSB_MCPU_HOSTS="$(hostname) 1" LS_SUBCWD=$PWD \
    env --default-signal=INT prelu-job train >log 2>&1 || status=$?
}

# Starts that save nothing are not repeated for ever.
no_progress() {
  local start status requeue
  requeue=$(lsf_requeue_code)
  program_that_stops
  for start in 1 2 3 4; do
    lsf_start
    ((status == requeue)) || break
  done
  check "the third start ends it" same "$start" 3
  check "with a code that LSF does not run again" same "$status" 75
  check "with the reason in the last line" says <(tail -n 1 log) 'stopped with exit code 75: three starts in a row saved nothing new'
}

# Each launcher is given its own options, by what it says of itself; an unknown one those of Open MPI 4, with one
# warning, however often it is started.
another_launcher() {
  mkdir bin
  program_that_stops 'exit 0'
  cat >bin/mpirun <<'SH'
#!/bin/sh
if [ "$1" = --version ]; then echo "$VERSION"; else exit 1; fi
SH
  chmod +x bin/mpirun
  export PATH=$PWD/bin:$PATH PRELU_PROGRAM=$PWD/stops PRELU_RESTARTS=1
  VERSION="mpirun (Open MPI) 5.0.3" prelu-job --ranks-per socket train >log 2>&1 || true
  check "it was started twice" same "$(count log 'prelu-job: .* none job')" 2
  check "Open MPI 5" says log '^prelu-job: env .* mpirun --host .* --map-by ppr:1:package --bind-to package'
  VERSION="mpirun (Open MPI) 4.1.6" prelu-job --ranks-per socket train >log 2>&1 || true
  check "Open MPI 4" says log '^prelu-job: env .* mpirun --host .* --map-by ppr:1:socket --bind-to socket'
  VERSION="HYDRA build details:" prelu-job --ranks-per socket train >log 2>&1 || true
  check "MPICH" says log '^prelu-job: env .* mpirun -hosts .* -n 1 -bind-to socket -map-by socket'
  check "a signal by its number is one" same "$(kind=hydra; source "$root/cluster/launchers/hydra.sh"; launcher_code 9)" 137
  VERSION="Intel(R) MPI Library for Linux* OS, Version 2021.9" prelu-job train >log 2>&1 || true
  check "Intel MPI" says log '^prelu-job: env .* mpirun -hosts '
  check "none of them is warned of" same "$(count log 'warning')" 0
  VERSION="something else" prelu-job train >log 2>&1 || true
  check "what is unknown is" same "$(count log 'warning: mpirun is no launcher that is known here')" 1
}

# Neither are those that were asked for often enough, or that a person ended.
no_more_starts() {
  local status requeue
  requeue=$(lsf_requeue_code)
  program_that_stops
  PRELU_REQUEUES=1 lsf_start
  check "the first is run again" same "$status" "$requeue"
  PRELU_REQUEUES=1 lsf_start
  check "the second is not" same "$status" 75
  check "and says why" says <(tail -n 1 log) 'this has been queued again 1 time already \(PRELU_REQUEUES\)'
  program_that_stops 'kill -INT "$(ps -o ppid= -p $PPID)"; sleep 1; exit 75'
  lsf_start
  check "INT ends it" same "$status" 75
  check "and says so" says <(tail -n 1 log) 'saved, as INT asked'
  program_that_stops 'exit 99'
  PRELU_RESTARTS=0 lsf_start
  check "a program's own code has nothing run again" same "$status" 70
}

# An evaluation keeps nothing: it is run again after preemption, as often as Slurm's count allows, and not after its limit.
evaluation_under_slurm() {
  local status
  mkdir bin
  # Like the real one it ends the job script.
  cat >bin/scontrol <<SH
#!/bin/sh
case \$1 in
  show) [ "\$2" = job ] || hostname ;;
  requeue) echo requeue >>"$PWD/calls"; kill -KILL \$PPID ;;
esac
SH
  printf '%s\n' '#!/bin/sh' 'echo RUNNING' >bin/squeue
  chmod +x bin/*
  start() { # SIGNAL RESTARTS
    status=0
    : >calls
    program_that_stops 'kill -'"$1"' "$(ps -o ppid= -p $PPID)"; sleep 1; exit 75'
    PATH=$PWD/bin:$PATH PRELU_PROGRAM=$PWD/stops SLURM_JOB_ID=7 SLURM_JOB_NODELIST=x SLURM_TASKS_PER_NODE=1 \
      SLURM_RESTART_COUNT=$2 prelu-job evaluate run >log 2>&1 || status=$?
  }
  start USR1 0
  check "the limit's signal ends it" same "$status $(count calls .)" "75 0"
  check "and says what to do" says <(tail -n 1 log) 'the evaluation needs more time than its limit: ask for more time, or for more ranks'
  start TERM 9
  check "after preemption it is queued again" same "$status $(count calls .)" "137 1"
  start TERM 10
  check "but not for ever" same "$status $(count calls .)" "75 0"
  check "and says so" says <(tail -n 1 log) 'this has been queued again 10 times already \(PRELU_REQUEUES\)'
}

group_scripts() {
  local reason
  run_case "scripts: bash, shellcheck, directives before commands" scripts_are_clean
  run_case "scripts: every scheduler's file is complete" schedulers_are_complete
  run_case "scripts: wrong calls" wrong_calls
  run_case "scripts: the run folder that the options name" run_folders
  run_case "scripts: sweeps as arrays of jobs" sweep_arrays
  run_case "scripts: hosts as each scheduler tells them" hosts_of_each_scheduler
  run_case "scripts: host files" host_files
  run_case "scripts: the cores of a host" cores_of_a_host
  run_case "scripts: where ranks run" placement_of_ranks
  run_case "scripts: variables that limit threads" thread_variables
  run_case "scripts: ranks where hosts are lost" ranks_of_fewer_hosts
  run_case "scripts: limits that cannot be found out" unknown_limits
  run_case "scripts: other launchers" another_launcher
  run_case "scripts: starts that save nothing" no_progress
  run_case "scripts: starts that are not run again" no_more_starts
  run_case "scripts: an evaluation at its limit and preempted" evaluation_under_slurm
  if ! $long; then return; fi
  if ! reason=$(hosts_possible); then skip_cases "PBS and LSF, faked" "$reason"; return; fi
  hosts_up
  rate "$slow"
  after_case=hosts_as_new
  run_case "scripts: a chain of jobs under a faked PBS" pbs_chain
  run_case "scripts: a chain of starts under a faked LSF" lsf_chain
  after_case=
  hosts_down
}
