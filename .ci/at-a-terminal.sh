#!/usr/bin/env bash
# What keys and the end of a real terminal do to `run` and `hold`. Needs script(1) of util-linux for the terminal, and a built
# dist/. Prints one line per check; ends with 1 when one has FAILED.
set -uo pipefail

here=$(cd "$(dirname "$0")/.." && pwd)
. "$here/.ci/await.sh"
work=$(mktemp -d)
failed=0
trap 'rm -rf "$work"' EXIT

fatal() {
  echo "FAILED $*"
  exit 1
}

command -v script >/dev/null || fatal "THIS MACHINE CANNOT: a terminal needs script(1), of the package bsdutils"
[ -f "$here/dist/index.js" ] || fatal "dist/ is missing: npm run build"
seatfile() { node "$here/bin/seatfile.js" "$@"; }
licence=$work/licence.json
seatfile init "$licence" --module M1=1 --check-interval 8s 2>/dev/null || fatal "no licence could be made"

# The command on the terminal: says `up`, and of each Ctrl-C and Ctrl-\ that it came; the second Ctrl-C ends it.
cat >"$work/editor.mjs" <<'END'
let times = 0;
process.on('SIGINT', () => console.log('INT') ?? (++times === 2 && process.exit(4)));
process.on('SIGQUIT', () => console.log('QUIT'));
setInterval(() => {}, 1000);
console.log('up');
END

# at_terminal KEYS COMMAND...: the command on a terminal of its own, each of the keys pressed once the one before has shown
# something; `x` closes the terminal instead. Leaves what was shown in $shown, the status in $status.
at_terminal() {
  local keys=$1 key terminal
  shift
  printf 'node %q' "$here/bin/seatfile.js" >"$work/command.sh"
  printf ' %q' "$@" >>"$work/command.sh"
  rm -f "$work/status" "$work/shown" "$work/keys"
  mkfifo "$work/keys"
  # The shell that leads the session dies with its terminal, as a real one does; the one around the command stays to tell how that ended.
  # Whoever started us may ignore SIGHUP (nohup): that is inherited, and then no shell dies with its terminal.
  SHELL=/bin/sh env --default-signal=HUP script -qfc "(trap '' HUP; . $work/command.sh; echo \$? >$work/status); :" "$work/shown" <"$work/keys" >/dev/null 2>&1 &
  terminal=$!
  disown # its end is no news
  exec 3>"$work/keys"
  await 20 grep -qE 'up|seated|Every' "$work/shown"
  for key in $keys; do
    lines=$(wc -l <"$work/shown")
    if [ "$key" = x ]; then kill -9 "$terminal"; else printf "$key" >&3; fi
    await 20 is_heeded
  done
  await 20 test -s "$work/status"
  exec 3>&-
  shown=$(tr -d '\r' <"$work/shown")
  status=$(cat "$work/status")
}

is_heeded() { [ -s "$work/status" ] || [ "$(wc -l <"$work/shown")" -gt "$lines" ]; }

check() { # check "what" STATUS "what was shown, as an extended expression"
  local seated
  seated=$(seatfile status "$licence" --json | grep -c '"user"')
  if [ "$status" = "$2" ] && grep -qE -- "$3" <<<"$shown" && [ "$seated" = 0 ]; then
    echo "ok $1"
  else
    echo "FAILED $1: status ${status:-none} (expected $2), $seated seated (expected 0), shown (expected $3):"
    sed 's/^/  /' <<<"$shown"
    failed=1
  fi
}

at_terminal '\003' hold "$licence"
check 'Ctrl-C: hold gives its seat back, 0' 0 'released'
at_terminal '\004' hold "$licence"
check 'Ctrl-D: hold gives its seat back, 0' 0 'released'
at_terminal x hold "$licence"
check 'a terminal that is closed: hold gives its seat back and dies of it, without a core dump' 129 'seated'
at_terminal '\003' run "$licence" -- sh -c 'echo up; exec sleep 60'
check 'Ctrl-C: the command dies of it, and run says so' 130 'up'
at_terminal '\003 \034 \003' run "$licence" -- node "$work/editor.mjs"
check 'Ctrl-C and Ctrl-\ reach a command that listens, once each, and run ends with it' 4 'up'
[ "$(grep -oE 'INT|QUIT' <<<"$shown" | tr '\n' ' ')" = 'INT QUIT INT ' ] || { echo "FAILED they came as: $shown"; failed=1; }
at_terminal x run "$licence" -- sh -c 'echo up; exec sleep 60'
check 'a terminal that is closed: the command dies of it, and the seat is given back' 129 'up'

# A question: a seat of a process that is gone, and that nobody removes by a key.
at_question() { # at_question KEY STATUS "what is shown"
  local terminal asked
  seatfile set "$licence" --level light >/dev/null
  node "$here/bin/seatfile.js" hold "$licence" --json </dev/zero >"$work/held" 2>/dev/null & # by itself: its pid is to be killed
  asked=$!
  await 20 grep -q seated "$work/held"
  kill -9 "$asked"
  wait "$asked" 2>/dev/null
  printf 'node %q remove %q --all' "$here/bin/seatfile.js" "$licence" >"$work/command.sh"
  rm -f "$work/status" "$work/shown" "$work/keys"
  mkfifo "$work/keys"
  SHELL=/bin/sh script -qfc "(. $work/command.sh; echo \$? >$work/status); :" "$work/shown" <"$work/keys" >/dev/null 2>&1 &
  terminal=$!
  exec 3>"$work/keys"
  await 20 grep -q 'y/N' "$work/shown"
  printf "$1" >&3
  await 20 test -s "$work/status"
  exec 3>&-
  wait "$terminal" 2>/dev/null
  shown=$(tr -d '\r' <"$work/shown")
  status=$(cat "$work/status")
  if [ "$status" = "$2" ] && grep -q "$3" <<<"$shown" && ! grep -q '^    at ' <<<"$shown" && [ "$(seatfile status "$licence" --json | grep -c '"pid": [0-9]')" = 1 ]; then
    echo "ok a question answered with $1: $2, and nothing is removed"
  else
    echo "FAILED a question answered with $1: status ${status:-none} (expected $2), shown (expected $3):"
    sed 's/^/  /' <<<"$shown"
    failed=1
  fi
  seatfile remove "$licence" --all --yes >/dev/null
}
at_question '\003' 130 'Nothing was done'
at_question '\004' 1 'Nothing was removed'

# What Prometheus says of our metrics: promtool, of the Debian package prometheus. It prints what it would have otherwise.
command -v promtool >/dev/null || { apt-get update && apt-get install -y --no-install-recommends prometheus; } >/dev/null 2>&1
if ! command -v promtool >/dev/null; then
  echo 'FAILED THIS MACHINE CANNOT: promtool of the package prometheus could not be installed (root, Debian)'
  failed=1
elif said=$(seatfile status "$licence" --format prometheus | promtool check metrics 2>&1) && [ -z "$said" ]; then
  echo 'ok promtool finds nothing wrong with the metrics of status'
else
  echo "FAILED promtool check metrics: $said"
  failed=1
fi

# A watched status at a terminal: it draws on the second screen, and Ctrl-C brings the first one back.
at_terminal '\003' status "$licence" --watch 1s
enter=$(printf '\033[?1049h') leave=$(printf '\033[?25h\033[?1049l')
if [ "$status" = 0 ] && [[ $shown == *"$enter"*"Every 1 s"*"$leave"* ]] && ! grep -q '^    at ' <<<"$shown"; then
  echo 'ok Ctrl-C: a watched status ends 0, and the screen is as it was'
else
  echo "FAILED a watched status: status ${status:-none} (expected 0)"
  failed=1
fi
exit "$failed"
