# shellcheck shell=bash disable=SC2154  # sourced by scripts/test-cluster, after hosts.sh and checks.sh
# mpirun over four hosts without a scheduler.

four=node1:2,node2:2,node3:2,node4:2

# mpirun on node1, whose daemons start through the hosts' own shell.
over_hosts() { # HOSTS RANKS COMMAND...
  local hosts=$1 ranks=$2
  shift 2
  OMPI_MCA_plm_rsh_agent=$lab/shell on node1 mpirun --bind-to none --host "$hosts" -np "$ranks" "$@"
}

# Figures: what a gigabit gives, and where the time goes.
training_at_a_gigabit() {
  rate 1gbit
  local before after
  before=$(sent_bytes node2)
  over_hosts "$four" 8 prelu-dist train --run eight --threads 1 --iterations 40 >eight.log 2>&1
  after=$(sent_bytes node2)
  prelu-dist train --run one --threads 1 --iterations 40 >one.log 2>&1
  check "the weights are one rank's" same "$(digest eight)" "$(digest one)"
  check "the network carried it" test $((after - before)) -gt 10000000
  echo "figure: 4 hosts at 1 Gbit/s, 8 ranks, 40 steps of the default recipe: $((after - before)) bytes sent by node2"
  echo "figure: $(grep 'time on rank 0' eight.log)"
  rate "$slow"
}

# The predicted step beside the measured one, on hosts with one rank each, which has all cores of its host, and links that
# are measured too. The hosts share this machine's cores, which the prediction is told by the contention that it measures.
scaling_predicted() {
  local speed hosts ranks log
  for speed in 1gbit 10gbit; do
    rate "$speed"
    for hosts in node1,node2 node1,node2,node3,node4; do
      ranks=$(tr , '\n' <<<"$hosts" | wc -l)
      log=$speed-$ranks.log
      over_hosts "$hosts" "$ranks" prelu-dist bench scaling --model fashion-8 --batch 128 --check-batch 128 --images 16 \
        --max-nodes "$ranks" >"$log" 2>&1
      check "the link is measured" says "$log" '^between nodes: latency [0-9.]+ µs \(measured\), bandwidth [0-9.]+ Gbit/s \(measured\)'
      check "the step is predicted and measured" says "$log" "$ranks ranks × [0-9]+ threads? here: predicted [0-9.]+ ms, measured [0-9.]+ ms"
      echo "figure: $ranks hosts at $speed: $(sed -n 's/^between nodes: //p' "$log")"
      echo "figure: $(grep "$ranks ranks × .* here" "$log")"
      # Where the time goes, predicted and measured.
      sed -n "/$ranks ranks × .* here/,\$ s/^ \{20\}/figure: /p" "$log"
    done
  done
  rate "$slow"
}

# Both ranks are on a host that is cut off and hangs, with mpirun's daemon, and the run goes on elsewhere. Then they wake up
# and go on too.
ranks_left_alive_cannot_damage_the_run() {
  cat >writes-errors <<SH
#!/bin/sh
exec "$lab/bin/prelu-dist" "\$@" 2>>$PWD/left-over.errors
SH
  chmod +x writes-errors
  local pids pids_of_host pid status=0 result
  over_hosts node2:2 2 --mca oob_tcp_keepalive_time 2 --mca oob_tcp_keepalive_intvl 1 --mca oob_tcp_keepalive_probes 3 \
    "$PWD/writes-errors" train --run run "${settings[@]}" --iterations 100000 --threads 1 >left-over.log 2>&1 &
  local launcher=$!
  within 60 "a checkpoint" reached run 20
  mapfile -t pids < <(ranks_on node2 "--run run .*")
  check "two ranks run on node2" same "${#pids[@]}" 2
  mapfile -t pids_of_host < <(processes_on node2)
  kill -STOP "${pids_of_host[@]}"
  link node2 down
  wait "$launcher" || status=$?
  check "mpirun noticed (exit code $status)" test "$status" -ne 0
  for pid in "${pids[@]}"; do check "rank $pid is still there" kill -0 "$pid"; done
  # They may have come past the reference's last step; then it has to go on to a later one.
  local reached_step last
  reached_step=$(digest run | cut -d' ' -f2)
  last=$((reached_step + 40))
  over_hosts node3:2,node4:2 4 prelu-dist train --run run "${settings[@]}" --iterations "$last" --resume auto --threads 1 \
    >taken-over.log 2>&1
  result=$(digest run)
  check "the run went on elsewhere" same "${result#* }" "$last"
  prelu-dist train --run one "${settings[@]}" --iterations "$last" --threads 1 >one.log 2>&1
  check "in the same bits as an undisturbed one" same "$result" "$(digest one)"
  find run -type f -exec sha256sum {} + | sort -k2 >before
  # The daemon sleeps on: it would end them before they can write.
  kill -CONT "${pids[@]}"
  within 60 "they find out at their next checkpoint" says left-over.errors 'run folder taken over by run'
  kill -CONT "${pids_of_host[@]}"
  within 60 "they end" none_alive "${pids[@]}"
  link node2 up
  find run -type f -exec sha256sum {} + | sort -k2 >after
  check "nothing in the run folder has changed" cmp before after
}
none_alive() { local pid; for pid; do ! kill -0 "$pid" 2>/dev/null || return 1; done; }

# The same program file in the same place, but for a byte on one host.
another_program_on_a_host() {
  local status=0
  cp "$lab/bin/prelu-dist" other
  printf x >>other
  on node3 mount --bind "$PWD/other" "$lab/bin/prelu-dist"
  over_hosts "$four" 8 prelu-dist train --run run --iterations 2 >log 2>&1 || status=$?
  on node3 umount "$lab/bin/prelu-dist"
  check "the exit code is 70" same "$status" 70
  check "the host is named" says log 'prelu-dist: host node3 \(rank 4\) runs another program than rank 0 on host node1: digest [0-9a-f]{64}, rank 0.s is [0-9a-f]{64}'
  check "once" same "$(count log 'runs another program')" 1
  check "nothing was begun" test ! -e run
}

# The data set at the same path, but with other labels on one host.
other_data_on_a_host() {
  local status=0 set=/usr/share/datasets/fashion-mnist
  mkdir data
  cp -L "$set"/*.gz data/
  gunzip -c data/train-labels-idx1-ubyte.gz >labels
  printf '\x07' | dd of=labels bs=1 seek=1000 conv=notrunc status=none
  gzip -c labels >data/train-labels-idx1-ubyte.gz
  on node2 mount --bind "$PWD/data" "$set"
  over_hosts "$four" 8 prelu-dist train --run run --iterations 2 >log 2>&1 || status=$?
  on node2 umount "$set"
  check "the exit code is 65" same "$status" 65
  check "the host is named" says log 'prelu-dist: on rank 2, host node2 .*its data differ from those of rank 0 on host node1'
}

# Another kernel of the matrix library on one host, as another processor would choose.
another_kernel_on_a_host() {
  cat >kernel <<'SH'
#!/bin/sh
[ "$(hostname)" != node4 ] || export OPENBLAS_CORETYPE=Sandybridge
exec prelu-dist "$@"
SH
  chmod +x kernel
  over_hosts "$four" 8 "$PWD/kernel" train --run run --model fashion-6 --width 4 --iterations 2 >log 2>&1
  check "it is warned of, once" same "$(count log 'warning: host node4 \(rank 6\) has another BLAS kernel than host node1: Sandybridge')" 1
}

# The host file's launcher: a rank dies, then a host is cut off, and fewer hosts suffice.
hosts_without_a_scheduler() {
  local pid
  cp "$root/cluster/train-hosts" .
  # As an editor of another system leaves it.
  printf '%s\r\n' $'\xef\xbb\xbf# our machines' 'node1 slots = 2' 'node2 slots=2 # the new one' >hosts
  (
    export OMPI_MCA_plm_rsh_agent=$lab/shell PRELU_MIN_NODES=1 PRELU_RUN=train
    on node1 ./train-hosts "${settings[@]}" </dev/null
  ) >out 2>&1 &
  local launcher=$!
  within 60 "a checkpoint" reached train 20
  pid=$(ranks_on node2 "train --resume auto.*" | sed -n 1p)
  check "there is a rank on node2" test -n "$pid"
  kill -KILL "$pid"
  within 60 "it is started again" says train.log 'starting again inside the job, 1 of 3'
  within 60 "it goes on" says train.log 'resumed from'
  link node2 down
  within 90 "the host is missed" says train.log 'host node2 does not answer'
  wait "$launcher"
  link node2 up
  check "it went on with the ranks of one host" says train.log 'prelu-job: .* [0-9]+ ranks on 1 host \(node1:[0-9]+\), one a NUMA domain'
  check "the last line says so" same "$(tail -n 1 train.log)" "prelu-job: done"
  check "and it ends in the same bits" same "$(digest train)" "$(reference)"
}

group_network() {
  local reason
  if ! reason=$(hosts_possible); then skip_cases "mpirun over four hosts" "$reason"; return; fi
  hosts_up
  rate "$slow"
  after_case=hosts_as_new
  run_case "hosts: ranks left alive on a cut-off host" ranks_left_alive_cannot_damage_the_run
  run_case "hosts: another program on one" another_program_on_a_host
  run_case "hosts: other data on one" other_data_on_a_host
  run_case "hosts: training at 1 Gbit/s" training_at_a_gigabit
  run_case "hosts: the step predicted" scaling_predicted
  if $long; then
    run_case "hosts: another BLAS kernel on one" another_kernel_on_a_host
    run_case "hosts: a host file, a rank and a host lost" hosts_without_a_scheduler
  fi
  after_case=
  hosts_down
}
