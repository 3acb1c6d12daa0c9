#!/usr/bin/env bash
# The clients of fixtures/clients, as a stranger uses them: the programs of their README, compiled beside the copied file, with
# real processes and a real licence. Needs python3, mcs with mono, javac, and a built dist/. Prints one line per check; ends with
# 1 when one has FAILED. `.ci/other-languages.sh python` checks one of python, csharp, java.
set -uo pipefail

here=$(cd "$(dirname "$0")/.." && pwd)
. "$here/.ci/await.sh"
. "$here/.ci/app.sh"
work=$(mktemp -d)
failed=0
started=()

cleanup() {
  for pid in "${started[@]:-}"; do [ -n "$pid" ] && kill -9 "$pid"; done 2>/dev/null
  wait 2>/dev/null
  rm -rf "$work"
}
trap cleanup EXIT
fatal() {
  echo "FAILED $*"
  exit 1
}

[ -f "$here/dist/index.js" ] || fatal "dist/ is missing: npm run build"
for command in python3 mcs mono javac java; do
  command -v "$command" >/dev/null || fatal "THIS MACHINE CANNOT: $command is missing. Debian: python3 mono-mcs mono-runtime default-jdk-headless"
done
unset SEATFILE SEATFILE_USER SEATFILE_HOST SEATFILE_MACHINE
export SEATFILE_HOST=pc-1
mkdir "$work/bin"
ln -s "$here/bin/seatfile.js" "$work/bin/seatfile"
export PATH=$work/bin:$PATH

example() { awk -v fence="\`\`\`$1" '$0 == fence { on = 1; next } /^```/ { on = 0 } on' "$here/fixtures/clients/README.md"; }

# Each builds the program of the README in $place, and sets the command that starts it. `keeper` takes a seat and starts a process
# that outlives it: that process must not have the pipe.
build_python() {
  cp "$here/fixtures/clients/seatfile_client.py" . && example python >app.py
  cat >keeper.py <<'END'
import subprocess, sys, time
from seatfile_client import SeatfileClient
seat = SeatfileClient(sys.argv[1])
print(seat.answer()['event'], subprocess.Popen(['sleep', '60']).pid, flush=True)
time.sleep(60)
END
  app=(python3 app.py) keeper=(python3 keeper.py)
}
build_csharp() {
  cp "$here/fixtures/clients/SeatfileClient.cs" . && example csharp >App.cs
  cat >Keeper.cs <<'END'
using System;
using System.Diagnostics;
using System.Threading;
static class Keeper {
    static void Main(string[] words) {
        var seat = new SeatfileClient(words[0], said => { }, "seatfile", "hold");
        Console.WriteLine(seat.Answer.Result["event"] + " " + Process.Start("sleep", "60").Id);
        Thread.Sleep(60000);
    }
}
END
  mcs -langversion:7 -warnaserror App.cs SeatfileClient.cs && mcs Keeper.cs SeatfileClient.cs || return 1
  mcs -langversion:7 -warnaserror -define:SEATFILE_EXAMPLE SeatfileClient.cs || return 1
  app=(mono App.exe) keeper=(mono Keeper.exe)
}
build_java() {
  cp "$here/fixtures/clients/SeatfileClient.java" . && example java >App.java
  cat >Keeper.java <<'END'
public class Keeper {
    public static void main(String[] words) throws Exception {
        SeatfileClient seat = new SeatfileClient(words[0], event -> { }, "seatfile", "hold");
        System.out.println(seat.answer.get().get("event") + " " + new ProcessBuilder("sleep", "60").start().pid());
        Thread.sleep(60000);
    }
}
END
  javac -Xlint:all -Werror --release 11 App.java Keeper.java SeatfileClient.java || return 1
  app=(java App) keeper=(java Keeper)
}

seated() { seatfile status "$file" --json | node -e 'console.log(JSON.parse(require("fs").readFileSync(0)).seats.map((one) => one.user).join(" "))'; }
says() { grep -qF -- "$2" "$place/$1.out"; } # says NAME WORDS
said() { await 20 says "$@" || { echo "expected: $2; said:" && cat "$place/$1.out" "$place/$1.err"; return 1; }; }

new_licence() { # new_licence: for one user of M1, T = 4 s, in a directory of its own with a name that needs quotes
  serial=$((serial + 1))
  mkdir "$place/the share $serial"
  file="$place/the share $serial/licence & \"file\".json"
  seatfile init "$file" --module M1=1 --check-interval 4s >/dev/null 2>&1 || fatal "no licence could be made"
}
start() { # start NAME COMMAND...: in the background, as user NAME unless SEATFILE_USER says another; enter NAME presses Enter there
  local name=$1
  shift
  mkfifo "$place/$name.in"
  SEATFILE_USER=${SEATFILE_USER-$name} "$@" <>"$place/$name.in" >"$place/$name.out" 2>"$place/$name.err" &
  pid=$!
  started+=("$pid")
}
enter() { echo >"$place/$1.in"; }

takes_and_gives_back() {
  new_licence
  start ada "${app[@]}" "$file"
  said ada seated && [ "$(seated)" = ada ] || return 1
  enter ada
  wait "$pid" && [ "$(seated)" = '' ]
}
queue() { # full, with the holders; then waiting, and seated when the holder goes
  new_licence
  start bob "${app[@]}" "$file"
  said bob seated || return 1
  start cyd "${app[@]}" "$file"
  said cyd 'no seat, used by: bob@pc-1' && wait "$pid" || return 1
  start dee "${app[@]}" "$file" 10m
  said dee 'waiting, place 1' && enter bob && said dee seated
}
removed() { # dee still sits there
  seatfile remove "$file" --user dee --reason 'gone "home"' --yes >/dev/null || return 1
  said dee 'lost: removed' && said dee '@pc-1 gone "home"' && enter dee && wait "$pid"
}
share_away() {
  new_licence
  start eve "${app[@]}" "$file"
  said eve seated && mv "$file.revisions" "$file.away" && said eve 'save now' && said eve suspended || return 1
  mv "$file.away" "$file.revisions" && said eve safe && enter eve && wait "$pid"
}
killed() {
  new_licence
  start fay "${keeper[@]}" "$file"
  said fay seated || return 1
  local other
  other=$(sed 's/.* //' "$place/fay.out")
  started+=("$other")
  kill -9 "$pid"
  sleep 1.2 # and the command that looks takes its time: within 2 s
  kill -0 "$other" && [ "$(seated)" = '' ]
}
hold_killed() {
  new_licence
  start gus "${app[@]}" "$file"
  said gus seated && pkill -9 -P "$pid" && said gus 'lost: hold ended' && enter gus
}
hostile_name() {
  new_licence
  local nasty='","event":"lost","reason":"removed"}\'
  SEATFILE_USER=$nasty start hal "${app[@]}" "$file"
  said hal seated || return 1
  start ida "${app[@]}" "$file"
  said ida "no seat, used by: $nasty@pc-1" && enter hal && wait "${started[-2]}" && ! says hal lost: && ! says ida lost:
}
no_such_licence() {
  start jon "${app[@]}" "$place/none.json"
  wait "$pid"
  said jon 'error:' && said jon 'status 3' && said jon 'no licence file there'
}
not_installed() {
  start kim env PATH=/usr/bin:/bin "${app[@]}" "$place/none.json"
  wait "$pid"
  said kim 'error:' && said kim seatfile
}

for language in ${1:-python csharp java}; do
  place=$work/$language serial=0
  mkdir "$place" && cd "$place"
  "build_$language" || fatal "$language: the program of the README does not compile"
  check "$language: a seat is taken, shown by status, and given back" takes_and_gives_back
  check "$language: full, with the holders; waiting, and seated when the holder leaves" queue
  check "$language: a removed user is told by whom and why" removed
  check "$language: the share goes away: told before the seat is lost, and when it is safe again" share_away
  check "$language: killed by SIGKILL, the seat is free within 2 s, though another process of it lives" killed
  check "$language: hold itself is killed, and the program is told" hold_killed
  check "$language: a user whose name looks like an event is a user" hostile_name
  check "$language: no licence there: the words and the status" no_such_licence
  check "$language: seatfile is not installed: said so" not_installed
done
echo "$checks checks in $SECONDS s"
exit "$failed"
