#!/usr/bin/env bash
# Who is gone and who lives, where that is hard to tell: pid 1 in every container, with one host name and one machine id; a pid
# used again; a zombie; a /proc that hides others, or that of another pid namespace; a second mount of the same folder. In real namespaces, so it needs root, and a built dist/. Prints one line
# per check, and how many there were; ends with 1 when one has FAILED. Whatever it made, processes, mounts and files, is removed again.
set -uo pipefail

here=$(cd "$(dirname "$0")/.." && pwd)
. "$here/.ci/app.sh"
work=$(mktemp -d)
failed=0
nobody=65534

fatal() {
  echo "FAILED $*"
  exit 1
}

cleanup() { # a container's processes die with the first of them
  for pid in $(jobs -p) ${inits:-}; do kill -9 "$pid"; done 2>/dev/null
  wait 2>/dev/null
  rm -rf "$work"
}
trap cleanup EXIT

# --- containers, and who holds a seat in them ---------------------------------------------------------------------------

prepare() {
  [ "$(id -u)" = 0 ] || fatal "needs root, to make namespaces"
  [ -f "$here/dist/index.js" ] || fatal "dist/ is missing: npm run build"
  unshare --pid --uts --mount --fork true || fatal "THIS MACHINE CANNOT: unshare of pid, host and mount namespaces"
  chmod 755 "$work"
  mkdir "$work/said"
  chmod 1777 "$work/said"
  copy_app "$here" "$work"
  mkfifo "$work/open"
  exec 8<>"$work/open" # a stdin that never ends
  unset SEATFILE SEATFILE_USER SEATFILE_HOST SEATFILE_MACHINE
}

serial=0
new_licence() { # new_licence USERS
  serial=$((serial + 1))
  mkdir "$work/share-$serial"
  chmod 777 "$work/share-$serial" # nobody is one of the users
  file=$work/share-$serial/licence.json
  "$work/node" "$work/app/bin/seatfile.js" init "$file" --module "M1=$1" --check-interval 8s >/dev/null || fatal init
  chmod -R a+rwX "$work/share-$serial"
}

contained=(unshare --pid --uts --mount --fork --kill-child --mount-proc)
name_host='hostname same; exec "$@"'

new_container() { # its first process does nothing; $container is its pid out here
  "${contained[@]}" bash -c "$name_host" - sleep infinity 8>&- &
  local outer=$!
  soon pgrep -P "$outer" -x sleep >/dev/null || fatal "no container"
  container=$(pgrep -P "$outer" -x sleep)
  inits="${inits:-} $container"
}

within() { # within CONTAINER COMMAND...
  local container=$1
  shift
  nsenter --target "$container" --pid --uts --mount -- "$@"
}

hold() { # hold NAME USER: the command line of a holder, which tells its events to said/NAME
  holder=("$work/node" "$work/app/bin/seatfile.js" hold "$file" --user "$2" --json)
  said=$work/said/$1
}

soon() { # soon COMMAND...: within 20 s
  local n
  for n in $(seq 200); do
    "$@" 2>/dev/null && return 0
    sleep 0.1
  done
  echo "not within 20 s: $*"
  return 1
}

hears() { # hears NAME EVENT
  soon grep -q "\"event\":\"$2\"" "$work/said/$1" || { cat "$work/said/$1" && return 1; }
}

asks() { # asks seated|full USER COMMAND-PREFIX...: somebody new comes, is answered so, and goes
  local wanted=$1 answer
  hold "asks" "$2"
  shift 2
  answer=$("$@" "${holder[@]}" </dev/null 2>&1)
  grep -q "\"event\":\"$wanted\"" <<<"$answer" || { echo "expected $wanted, got: $answer" && return 1; }
}

in_table() { # in_table EXPRESSION: JavaScript on the newest revision as `table`
  local top
  top=$(find "$file.revisions" -maxdepth 1 -name '[0-9]*' | sort | tail -1)
  "$work/node" -e "
    const table = JSON.parse(require('fs').readFileSync('$top/licence.json', 'utf8'));
    const found = $1;
    if (found === true) process.exit(0);
    console.log(JSON.stringify({ found, instances: table.instances, gone: table.gone }, null, 1));
    process.exit(1)"
}

pid_of() { # pid_of USER: as the record says
  local top
  top=$(find "$file.revisions" -maxdepth 1 -name '[0-9]*' | sort | tail -1)
  "$work/node" -p "JSON.parse(require('fs').readFileSync('$top/licence.json','utf8')).instances.find(i=>i.user==='$1').pid"
}

# Both have looked several times, at a look a second.
several_looks() { sleep 5; }

# --- pid 1 in two containers with one host name and one machine id --------------------------------------------------------

first_in_two_containers() {
  new_licence 2
  local user
  for user in ada bob; do
    hold "one-$user" "$user"
    "${contained[@]}" bash -c "$name_host" - "${holder[@]}" <&8 >"$said" 2>&1 &
    hears "one-$user" seated || return 1
  done
  in_table "table.instances.map(({ pid, host }) => pid + host).join() === '1same,1same'" || return 1
  several_looks
  in_table "table.instances.length === 2 && table.gone.length === 0"
}

nobody_comes_between() { asks full cyd "${contained[@]}" bash -c "$name_host" -; }

same_user_is_another() { # of one name in two containers: two seats, for nothing proves that it is one person's PC
  new_licence 2
  local name
  for name in two-a two-b; do
    hold "$name" ada
    "${contained[@]}" bash -c "$name_host" - "${holder[@]}" <&8 >"$said" 2>&1 &
    hears "$name" seated || return 1
  done
  in_table "new Set(table.instances.flatMap(({ seats }) => seats.map(({ id }) => id))).size === 2"
}

dead_next_door() { # killed with its container: a proof there, but for nobody in another one
  new_licence 1
  new_container
  hold three ada
  within "$container" "${holder[@]}" <&8 >"$said" 2>&1 &
  hears three seated || return 1
  kill -9 "$container"
  asks full bob "${contained[@]}" bash -c "$name_host" -
}

# --- in one container -------------------------------------------------------------------------------------------------------

held_in_container() { # held_in_container NAME: a licence for one, held by ada in a new container; $pid is her pid there
  new_licence 1
  new_container
  hold "$1" ada
  within "$container" "${holder[@]}" <&8 >"$said" 2>&1 &
  hears "$1" seated || return 1
  pid=$(pid_of ada)
}

dead_beside() {
  held_in_container four || return 1
  asks full bob within "$container" || return 1
  within "$container" kill -9 "$pid"
  asks seated bob within "$container"
}

killed() { # killed PID: in $container, and nobody has this pid any more
  within "$container" kill -9 "$1"
  soon within "$container" test ! -e "/proc/$1"
}

with_pid() { # with_pid PID COMMAND...: runs it in $container under this very pid
  local wanted=$1
  shift
  : >"$work/got" # of an earlier one
  within "$container" bash -c 'echo $(($1 - 1)) >/proc/sys/kernel/ns_last_pid; shift; "$@" <&8 & echo $! >&9; wait' \
    - "$wanted" "$@" 9>"$work/got" &
  soon test -s "$work/got" || return 1
  [ "$(cat "$work/got")" = "$wanted" ] || { echo "wanted pid $wanted, got $(cat "$work/got")" >&2 && return 1; }
}

pid_used_again() {
  held_in_container five || return 1
  killed "$pid"
  with_pid "$pid" sleep infinity || return 1
  asks seated bob within "$container" || return 1
  in_table "table.gone.length === 1 && table.gone[0].reason === 'process gone' && table.gone[0].user === 'ada'" || return 1
  within "$container" kill -0 "$pid"
}

pid_used_again_by_a_holder() { # the record of the dead goes, that of the living with the same pid stays
  held_in_container six || return 1
  killed "$pid"
  hold six-bob bob
  with_pid "$pid" "${holder[@]}" >"$said" || return 1
  hears six-bob seated || return 1
  in_table "table.instances.length === 1 && table.instances[0].user === 'bob' && table.instances[0].pid === $pid" || return 1
  asks full cyd within "$container" || return 1
  several_looks
  in_table "table.instances.length === 1 && table.instances[0].user === 'bob'"
}

zombie() { # its parent does not ask what became of it
  new_licence 1
  new_container
  hold seven ada
  within "$container" bash -c '"$@" <&8 & exec sleep infinity' - "${holder[@]}" >"$said" 2>&1 &
  hears seven seated || return 1
  pid=$(pid_of ada)
  within "$container" kill -9 "$pid"
  soon within "$container" grep -q '^State:.Z' "/proc/$pid/status" || return 1
  asks seated bob within "$container" || return 1
  within "$container" grep '^State:.Z' "/proc/$pid/status"
}

# --- a /proc that shows nobody but oneself ---------------------------------------------------------------------------------

hidden() { # hidden COMMAND...: as another user, who cannot see the holder
  within "$container" setpriv --reuid="$nobody" --regid="$nobody" --clear-groups "$@"
}

hide() {
  within "$container" mount -o remount,hidepid=2 /proc || return 1
  ! hidden test -e "/proc/$pid"
}

hidden_and_alive() {
  held_in_container eight || return 1
  hide && asks full bob hidden
}

hidden_and_dead() {
  within "$container" kill -9 "$pid"
  asks seated bob hidden
}

hidden_and_used_again() { # by whom cannot be seen: no proof
  held_in_container nine && hide || return 1
  killed "$pid"
  with_pid "$pid" sleep infinity || return 1
  asks full bob hidden
}

# --- a pid namespace with the /proc of the one outside, where /proc/1 is another process --------------------------------------

outside_proc() { # the container that new_container makes then sees it
  local contained=(unshare --pid --uts --mount --fork --kill-child)
  held_in_container "$1" || return 1
  [ "$(within "$container" readlink /proc/self)" -gt 1000 ] || { echo 'this is its own /proc' && return 1; }
}

outside_proc_and_alive() { # /proc/PID is a process out here, or none
  outside_proc eleven || return 1
  in_table "table.instances[0].processStart === null" || return 1
  asks full bob within "$container" || return 1
  several_looks
  in_table "table.instances.length === 1 && table.gone.length === 0"
}

outside_proc_and_dead() {
  within "$container" kill -9 "$pid"
  asks seated bob within "$container"
}

# --- users whom the system's tables do not name -----------------------------------------------------------------------------

nameless() { # nameless NUMBER COMMAND...
  local number=$1
  shift
  setpriv --reuid="$number" --regid="$nobody" --clear-groups env -u USER -u USERNAME -u LOGNAME "$@"
}

nameless_are_two() { # max 1: the other one is refused, and the same one shares its own seat
  new_licence 1
  said=$work/said/twelve
  holder=("$work/node" "$work/app/bin/seatfile.js" hold "$file" --json)
  nameless 23451 "${holder[@]}" <&8 >"$said" 2>&1 &
  hears twelve seated || return 1
  in_table "table.instances[0].user === 'uid-23451'" || return 1
  local answer
  answer=$(nameless 23452 "${holder[@]}" </dev/null 2>&1)
  grep -q '"event":"full"' <<<"$answer" || { echo "expected full, got: $answer" && return 1; }
  answer=$(nameless 23451 "${holder[@]}" </dev/null 2>&1)
  grep -q '"event":"seated"' <<<"$answer" || { echo "expected seated, got: $answer" && return 1; }
}

# --- one folder by two names ----------------------------------------------------------------------------------------------

bound() { # another name of the folder
  new_licence 3
  local here=$work/share-$serial
  mkdir "$work/bound"
  hold ten ada
  "${holder[@]}" <&8 >"$said" 2>&1 &
  hears ten seated || return 1
  file=$work/bound/licence.json
  hold ten-bob bob
  unshare --mount bash -c 'mount --bind "$1" "$2"; shift 2; exec "$@"' - "$here" "$work/bound" "${holder[@]}" <&8 >"$said" 2>&1 &
  hears ten-bob seated || return 1
  file=$here/licence.json
  in_table "table.instances.length === 2"
}

prepare
check 'pid 1 in two containers, one host name, one machine id: neither frees the other' first_in_two_containers
check 'who comes in a third one is refused' nobody_comes_between
check 'one user name in two containers: two seats' same_user_is_another
check 'killed in another container: nobody here frees it at once' dead_next_door
check 'killed in the same container: free at once, and not before' dead_beside
check 'its pid used again by anything: free at once, by the start time' pid_used_again
check 'its pid used again by another holder: the dead goes, the living stays' pid_used_again_by_a_holder
check 'a zombie is gone' zombie
check 'hidden /proc: a living one of another user is not freed' hidden_and_alive
check 'hidden /proc: a dead one is freed' hidden_and_dead
check 'hidden /proc: a pid used again by another user proves nothing' hidden_and_used_again
check 'the /proc of another pid namespace: a living one is not freed' outside_proc_and_alive
check 'the /proc of another pid namespace: a dead one is freed' outside_proc_and_dead
check 'two users without names are two, and each of them one' nameless_are_two
check 'a bind mount of the folder is the same table' bound
printf '%d checks\n' "$checks"
[ "$failed" -eq 0 ] && [ "$checks" -eq 15 ]
