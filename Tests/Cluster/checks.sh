# shellcheck shell=bash
# What the cluster tests are made of: a case is a function, run by `run_case`; inside it `check` counts nothing but
# fails the case.

passed=0 failed=0 skipped=0
# What to do after each case, however it ended.
after_case=

# Runs a case in a folder of its own and says how it went. The case's output is shown where it fails.
run_case() { # NAME FUNCTION
  local start=$SECONDS status=0
  [[ $1 == *"$only"* ]] || return 0
  mkdir -p "$work/$2"
  # Not in a list with ||, in which -e would have no effect.
  set +e
  (
    set -euo pipefail
    cd "$work/$2"
    "$2"
  ) >"$work/$2.out" 2>&1
  status=$?
  set -e
  $after_case
  if ((status == 0)); then
    passed=$((passed + 1))
    echo "test-cluster: passed: $1 ($((SECONDS - start)) s)"
    sed -n 's/^figure: /              /p' "$work/$2.out"
  else
    failed=$((failed + 1))
    echo "test-cluster: FAILED: $1 ($((SECONDS - start)) s)"
    sed 's/^/              /' "$work/$2.out"
    for log in "$work/$2"/*.log; do [[ ! -f $log ]] || sed "s|^|              ${log##*/}: |" "$log"; done
  fi
}

skip_cases() { # NAME REASON
  skipped=$((skipped + 1))
  echo "test-cluster: SKIPPED: $1: $2"
}

# Ends the case unless the command succeeds.
check() { # WHAT COMMAND...
  local what=$1
  shift
  if "$@"; then echo "ok: $what"; else echo "NOT: $what ($*)"; exit 1; fi
}

# The longest waits of the cases are meant for a machine of their own; another one may take so many times as long.
patience=4

# Waits until the command succeeds.
within() { # SECONDS WHAT COMMAND...
  local until=$((SECONDS + patience * $1)) what=$2 start=$SECONDS
  shift 2
  until "$@" >/dev/null 2>&1; do
    if ((SECONDS >= until)); then echo "NOT within $((SECONDS - start)) s: $what"; exit 1; fi
    sleep 0.2
  done
  echo "ok after $((SECONDS - start)) s: $what"
}

same() { [[ $1 == "$2" ]]; }
# Whether the file has a line with the pattern; and how many have.
says() { grep -aqE -- "$2" "$1"; }
count() { grep -acE -- "$2" "$1" || true; }

# A run of $steps steps whose ranks exchange little but wait for a slow network: it lasts, and leaves the processors
# alone. The same settings on one rank are done in seconds.
steps=160
settings=(--model fashion-6 --width 4 --batch 32 --learning-rate 0.02 --iterations "$steps" --checkpoint-every 10)
slow=2mbit

# The digest of all parameters and momentum, with the iteration.
digest() { # RUN
  prelu-dist inspect "$1" --json | sed -E 's/.*"digest":"([^"]*)".*"iteration":([0-9]+).*/\1 \2/'
}

# The digest that every run with $settings must end in: of one rank, without a scheduler, straight through.
reference() {
  if [[ ! -f $work/reference ]]; then
    prelu-dist train --run "$work/one-rank" "${settings[@]}" --threads 1 >"$work/one-rank.log" 2>&1 || return 1
    digest "$work/one-rank" >"$work/reference"
  fi
  cat "$work/reference"
}

# Whether the run has come to a checkpoint at or after an iteration.
reached() { # RUN ITERATION
  local name
  name=$(cat "$1/latest" 2>/dev/null) || return 1
  name=${name#checkpoint-}
  ((${name%.h5} >= $2))
}

# The ranks of a run on a host, by the run's name on their command line.
ranks_on() { # HOST RUN
  local pid
  for pid in $(processes_on "$1"); do
    if tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | grep -qE "^[^ ]*prelu-dist (train|evaluate) .*$2( |$)"; then echo "$pid"; fi
  done
}
