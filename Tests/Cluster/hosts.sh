# shellcheck shell=bash
# Hosts on this machine for tests: node1 … node4, each with a network, host name, /dev/shm and mounts of its own, on a
# bridge inside a further network. Nothing of it is visible outside, and no packet leaves it.
#
# hosts_up, hosts_down, on HOST COMMAND..., link HOST up|down, rate RATE|none, crash HOST. Needs root; uses the folder $lab.

nodes=(node1 node2 node3 node4)
# The process that each host lives by, and the switch.
declare -A holder=()
switch=

# Whether such hosts can be made here; on failure the reason on standard output.
hosts_possible() {
  ((EUID == 0)) || { echo "needs root"; return 1; }
  { command -v ip && command -v tc && command -v nsenter; } >/dev/null || { echo "needs the packages iproute2 and util-linux"; return 1; }
  unshare --net --uts --mount true 2>/dev/null || { echo "the system allows no namespaces"; return 1; }
  unshare --net ip link add type veth 2>/dev/null || { echo "the system has no veth devices"; return 1; }
}

# Starts a process in new namespaces; its number is then in `started`.
hold() { # OPTIONS of unshare
  unshare "$@" sleep infinity </dev/null >/dev/null 2>&1 &
  started=$!
  # unshare becomes sleep once the namespaces are there.
  until [[ $(<"/proc/$started/comm") == sleep ]]; do
    kill -0 "$started" || { echo "hosts: no namespace can be made" >&2; return 1; }
    sleep 0.01
  done
  # Its end is no news.
  disown "$started"
}

hosts_up() {
  local index=0 node
  hold --net
  switch=$started
  nsenter --target "$switch" --net sh -c 'ip link set lo up && ip link add bridge type bridge && ip link set bridge up'
  echo "127.0.0.1 localhost" >"$lab/etc-hosts"
  for node in "${nodes[@]}"; do echo "10.77.0.1$((++index)) $node" >>"$lab/etc-hosts"; done
  index=0
  for node in "${nodes[@]}"; do
    index=$((index + 1))
    hold --net --uts --mount
    holder[$node]=$started
    # Made inside the switch, so that this machine's own network never sees it.
    nsenter --target "$switch" --net sh -c "
      ip link add port$index type veth peer name eth0 netns $started
      ip link set port$index master bridge && ip link set port$index up"
    # Open MPI's shared memory of two hosts must not have one name; the schedulers look up their own host's name.
    on "$node" sh -c "
      hostname $node
      ip link set lo up; ip addr add 10.77.0.1$index/24 dev eth0; ip link set eth0 up
      mount -t tmpfs -o size=1g tmpfs /dev/shm
      mount --bind '$lab/etc-hosts' /etc/hosts"
  done
  # For mpirun's rsh agent, which is called as AGENT HOST WORDS and joins the words for a shell. Like that of ssh, the
  # process here can end without the one over there.
  {
    echo '#!/bin/bash'
    declare -p holder
    cat <<'SH'
host=$1
shift
# No further than the network reaches: a host that is there refuses the connection.
if [[ $host != "$(hostname)" && $(timeout 5 bash -c "exec 3<>/dev/tcp/$host/9" 2>&1) != *refused* ]]; then
  echo "shell: no route to $host" >&2
  exit 255
fi
exec nsenter --target "${holder[$host]:?no host $host}" --net --uts --mount --wd="$PWD" setsid --fork --wait sh -c "$*"
SH
  } >"$lab/shell"
  chmod +x "$lab/shell"
}

# Runs a command on a host.
on() { # HOST COMMAND...
  local host=$1
  shift
  nsenter --target "${holder[$host]}" --net --uts --mount --wd="$PWD" "$@"
}

# Plugs a host's cable in or out.
link() { # HOST up|down
  nsenter --target "$switch" --net ip link set "port${1#node}" "$2"
}

# Shapes both directions of every cable: 1gbit, 100mbit, none.
rate() { # RATE|none
  local node where device
  for node in "${nodes[@]}"; do
    for where in "${holder[$node]} eth0" "$switch port${node#node}"; do
      device=${where#* }
      nsenter --target "${where% *}" --net tc qdisc del dev "$device" root 2>/dev/null || true
      [[ $1 == none ]] ||
        nsenter --target "${where% *}" --net tc qdisc add dev "$device" root tbf rate "$1" burst 256k latency 20ms
    done
  done
}

# Bytes that a host has sent so far. (/sys shows the network that it was mounted in.)
sent_bytes() { # HOST
  on "$1" ip -s link show eth0 | awk 'found { print $1; exit } /TX:/ { found = 1 }'
}

# The processes on a host, known by its network; the one that holds it left out.
processes_on() { # HOST
  local own process
  own=$(readlink "/proc/${holder[$1]}/ns/net") || return 0
  for process in /proc/[0-9]*; do
    if [[ $(readlink "$process/ns/net" 2>/dev/null) == "$own" && ${process#/proc/} != "${holder[$1]}" ]]; then
      echo "${process#/proc/}"
    fi
  done
}

# Ends everything that runs on a host at once, as a power cut does; the host stays, for what starts there later.
crash() { # HOST
  local pids
  for _ in $(seq 20); do
    mapfile -t pids < <(processes_on "$1")
    ((${#pids[@]} > 0)) || return 0
    kill -KILL "${pids[@]}" 2>/dev/null || true
    sleep 0.05
  done
}

# Ends what runs on the hosts and plugs every cable in.
hosts_as_new() {
  local node
  for node in "${nodes[@]}"; do
    crash "$node"
    link "$node" up
  done
}

hosts_down() {
  local node
  for node in "${!holder[@]}"; do
    crash "$node"
    kill -KILL "${holder[$node]}" 2>/dev/null || true
  done
  [[ -z $switch ]] || kill -KILL "$switch" 2>/dev/null || true
  holder=() switch=''
}
