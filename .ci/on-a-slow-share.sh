#!/usr/bin/env bash
# Commands on a share of which one system call is slow, or never returns: each must end with its own status and leave nothing behind.
# Needs strace of Debian, which delays the calls, and a built dist/. NODE names another Node. Prints one line per check; ends with 1
# when one has FAILED.
set -uo pipefail

here=$(cd "$(dirname "$0")/.." && pwd)
. "$here/.ci/await.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export SEATFILE_REGISTER=

fatal() {
  echo "FAILED $*"
  exit 1
}

command -v strace >/dev/null || fatal 'THIS MACHINE CANNOT: slow system calls need strace, of the package of that name'
[ -f "$here/dist/index.js" ] || fatal 'dist/ is missing: npm run build'
node=${NODE:-node}
seatfile() { "$node" "$here/bin/seatfile.js" "$@"; }

# place NAME: a directory of its own with a licence; $dir, $file
place() {
  dir=$work/$1
  file=$dir/licence.json
  mkdir -p "$dir"
  seatfile init "$file" --module M1=2 --check-interval 300s >/dev/null 2>&1 || fatal "no licence for $1"
}

# The calls that are slow: `open` and `close` are those of the folder of revisions, because Node itself makes hundreds.
injecting() { # injecting CALL DELAY: the options of strace
  local call=$1
  case $call in
    open) options=(-P "$file.revisions" -e trace=openat) call=openat ;;
    close) options=(-P "$file.revisions" -e trace=close) ;;
    *) options=(-e "trace=$call") ;;
  esac
  options+=(-f -qq -o /dev/null -e "inject=$call:delay_enter=$2")
}

check() { # check "what" STATUS "expected, as an extended expression": the seats and what is left are looked at as well
  local seated left
  seated=$(seatfile status "$file" --json 2>/dev/null | grep -c '"lastBeatSecondsAgo"')
  left=$(ls "$file.revisions" | grep -vE '^[0-9]{12}$|^journal$' | tr '\n' ' ')
  if grep -qxE "$3" <<<"$2" && { [ -n "${hung:-}" ] || [ "$seated$left" = 0 ]; }; then
    echo "ok $1: $2"
  else
    echo "FAILED $1: status $2 (expected $3), $seated seats left, left behind: $left"
    sed 's/^/  /' "$dir/said"
  fi
}

# slow CALL DELAY STATUS COMMAND...: everything of the command is slow from its beginning
slow() {
  local call=$1 delay=$2 expected=$3
  shift 3
  place "slow-$call-$delay-$1"
  injecting "$call" "$delay"
  sleep "${held:-0}" | timeout 170 strace "${options[@]}" "$node" "$here/bin/seatfile.js" "$1" "$file" "${@:2}" >"$dir/said" 2>&1
  check "every $call takes $delay us: $1" "${PIPESTATUS[1]}" "$expected"
}

# A command that waits for `go`, so that the share can become slow meanwhile.
waits='echo up; until [ -e "$SEATFILE.go" ]; do sleep 0.1; done; exit 7'

# later CALL DELAY SIGNAL WITHIN STATUS VERB: the share becomes slow, or hangs, when the seat is held; then the end comes
later() {
  local call=$1 delay=$2 signal=$3 within=$4 expected=$5 verb=$6 pid helper tracer started hung=yes
  place "later-$call-$delay-$signal-$verb"
  injecting "$call" "$delay"
  mkfifo "$dir/in"
  if [ "$verb" = run ]; then
    "$node" "$here/bin/seatfile.js" run "$file" -- sh -c "$waits" <"$dir/in" >"$dir/said" 2>&1 &
  else
    "$node" "$here/bin/seatfile.js" hold "$file" --json <"$dir/in" >"$dir/said" 2>&1 &
  fi
  pid=$!
  exec 4>"$dir/in"
  await 30 grep -qE 'up|seated' "$dir/said"
  sleep 2 # what goes on behind the answer is over
  helper=$(pgrep -P "$pid" -f disk.js)
  strace "${options[@]}" -p "$pid" ${helper:+-p "$helper"} 2>/dev/null 4>&- &
  tracer=$!
  disown # its end is no news
  sleep 1
  started=$SECONDS
  touch "$file.go"
  if [ "$signal" = none ] || [ "$verb" = run ]; then exec 4>&-; fi
  if [ "$signal" != none ]; then
    if [ "$verb" = run ]; then await 20 ended; fi
    kill -s "$signal" "$pid"
  fi
  wait "$pid"
  local status=$? took=$((SECONDS - started))
  exec 4>&-
  kill -9 "$tracer" 2>/dev/null # it would wait for what it delays
  [ "$took" -le "$within" ] || status="$status after $took s"
  check "$call hangs for $delay us when the seat is held, $signal: $verb" "$status" "$expected"
}

ended() { grep -q 'Waiting for the share' "$dir/said"; } # the command is over, and what hangs is told

exec 3>&1 >"$work/all"
for call in fsync rename mkdir unlink open close; do slow "$call" 2500000 7 run -- sh -c 'exit 7' & done
wait
slow getdents64 1000000 7 run -- sh -c 'exit 7' &
slow fsync 8000000 7 run -- sh -c 'exit 7' &
held=4 slow fsync 2500000 0 hold --json &
held=4 slow fsync 8000000 0 hold --json &
slow mkdir 2500000 0 set --check-interval 90s &
slow fsync 8000000 0 set --check-interval 90s &
slow getdents64 1000000 0 status &
slow rename 2500000 1 remove --all --yes &
wait
for call in fsync rename mkdir getdents64; do
  later "$call" 1000000000 none 40 7 run &
  later "$call" 1000000000 TERM 6 7 run &
done
wait
for signal in INT HUP; do
  later fsync 1000000000 "$signal" 6 7 run &
  later fsync 1000000000 "$signal" 6 6 hold &
  later fsync 2500000 "$signal" 12 0 hold &
done
later mkdir 1000000000 none 40 6 hold &
later fsync 1000000000 TERM 6 6 hold &
later fsync 2500000 TERM 12 0 hold &
wait
cat "$work/all" >&3
! grep -q FAILED "$work/all"
