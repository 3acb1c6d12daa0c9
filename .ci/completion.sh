#!/usr/bin/env bash
# The scripts of `seatfile completion` in real shells: bash, zsh and fish, each on a terminal or by its own way to ask. A
# user of the licence is named $(touch pwned), and a false seatfile answers with worse: no shell may do anything with it.
# Needs bash, zsh, fish, and a built dist/. Prints one line per check; ends with 1 when one has FAILED.
set -uo pipefail

here=$(cd "$(dirname "$0")/.." && pwd)
. "$here/.ci/await.sh"
work=$(mktemp -d)
failed=0
holders=()
trap 'kill "${holders[@]}" 2>/dev/null; wait; rm -rf "$work"' EXIT

for shell in bash zsh fish; do
  command -v "$shell" >/dev/null || { echo "FAILED THIS MACHINE CANNOT: $shell is missing (Debian's package $shell)"; exit 1; }
done
[ -f "$here/dist/index.js" ] || { echo 'FAILED dist/ is missing: npm run build'; exit 1; }

mkdir "$work/bin" "$work/false" "$work/home" "$work/room" "$work/room/My Share"
printf '#!/bin/sh\nexec node %q "$@"\n' "$here/bin/seatfile.js" >"$work/bin/seatfile"
cat >"$work/false/seatfile" <<'END'
#!/bin/sh
[ "$1" = complete ] || exit 1
printf '%s\n' '$(touch pwned)' '`touch pwned`' ';touch pwned' '| touch pwned' '$(touch pwned)x	$(touch pwned)'
END
chmod +x "$work/bin/seatfile" "$work/false/seatfile"
cd "$work/room"
export HOME=$work/home PATH=$work/bin:$PATH
licence="$work/room/licence.json"
seatfile init "$licence" -m CAD=9 >/dev/null 2>&1 || { echo 'FAILED no licence could be made'; exit 1; }
mkfifo "$work/open"
exec 4<>"$work/open" # a stdin that neither ends nor has anything to read
for user in anna 'bob@example.org' '$(touch pwned)' '`touch pwned`' ';touch pwned'; do
  seatfile hold "$licence" --json -u "$user" --host "pc-${#holders[@]}" <&4 >"$work/held-${#holders[@]}" 2>/dev/null &
  holders+=($!)
  await 20 grep -q seated "$work/held-$((${#holders[@]} - 1))"
done
for shell in bash zsh fish; do seatfile completion "$shell" >"$work/seatfile.$shell"; done

check() { # check "what" "what was offered, as an extended expression" "what was offered"
  if [ -e pwned ] || [ -e "$HOME/pwned" ]; then
    echo "FAILED $1: a name was executed"
    failed=1
    rm -f pwned "$HOME/pwned"
  elif grep -qE -- "$2" <<<"$3"; then
    echo "ok $1"
  else
    echo "FAILED $1: expected $2, got:"
    sed 's/^/  /' <<<"$3"
    failed=1
  fi
}

# --- bash and zsh: on a terminal, with the key pressed ---------------------------------------------------------------

# press SHELL LINE: types the line into an interactive shell, presses the key twice, and prints what the terminal shows.
press() {
  rm -f "$work/shown" "$work/keys"
  mkfifo "$work/keys"
  local start terminal before
  case $1 in
    bash) start='bash --norc --noprofile -i' ;;
    zsh) start='zsh -f -i' ;;
  esac
  SHELL=/bin/sh TERM=dumb script -qfc "stty cols 200; $start" "$work/shown" <"$work/keys" >/dev/null 2>&1 &
  terminal=$!
  exec 3>"$work/keys"
  [ "$1" = zsh ] && echo 'unsetopt zle_bracketed_paste prompt_sp; autoload -Uz compinit; compinit -u -D; zstyle ":completion:*" list-prompt ""' >&3
  echo ". $work/seatfile.$1; PS1='> '; PS2=''; echo re''ady" >&3
  await 20 grep -q '^ready' "$work/shown"
  before=$(wc -c <"$work/shown")
  printf '%s\t\t' "$2" >&3
  await 20 is_shown "$before" "$3"
  tail -c "+$before" "$work/shown" | tr -d '\r\a' | sed 's/.\x08//g'
  printf '\025exit\n' >&3 # whatever was typed is taken back
  exec 3>&-
  wait "$terminal" 2>/dev/null
}

# is_shown BYTES EXPRESSION: the terminal shows it, after the first so many bytes.
is_shown() { tail -c "+$1" "$work/shown" | tr -d '\r\a' | grep -qE -- "$2"; }

for shell in bash zsh; do
  check "$shell: a command" 'seatfile status' "$(press "$shell" 'seatfile sta' 'status ')"
  check "$shell: choices" 'heartbeat +light' "$(press "$shell" 'seatfile init x.json --level ' 'heartbeat +light')"
  shown=$(press "$shell" 'seatfile journal licence.json -u ' 'anna +bob')
  check "$shell: users" 'anna +bob@example.org' "$shown"
  check "$shell: nothing is shown of a name that is not harmless" '^0$' "$(grep -c 'pwned' <<<"$shown")"
  check "$shell: a name with @, begun" 'bob@.*xample\.org' "$(press "$shell" 'seatfile journal licence.json -u bob@e' 'xample.org')"
  check "$shell: a value behind =" '--user=anna' "$(press "$shell" 'seatfile journal licence.json --user=a' 'user=anna')"
  check "$shell: files" 'licence.json' "$(press "$shell" 'seatfile status lic' 'licence.json')"
  check "$shell: what a false program answers is never executed" . "$(PATH=$work/false:$PATH press "$shell" 'seatfile journal licence.json -u ' 'pwned')"
done

# --- fish: it is asked what it would offer ------------------------------------------------------------------------------

in_fish() { fish --no-config -c "source $work/seatfile.fish; complete -C '$1'" 2>&1; }
check 'fish: a command' '^status' "$(in_fish 'seatfile sta')"
check 'fish: choices' '^light' "$(in_fish 'seatfile init x.json --level ')"
check 'fish: users' '^bob@example.org' "$(in_fish 'seatfile journal licence.json -u ')"
check 'fish: files' '^licence.json' "$(in_fish 'seatfile status lic')"
check 'fish: nothing of a name that is not harmless' '^0$' "$(in_fish 'seatfile journal licence.json -u ' | grep -c pwned)"
check 'fish: what a false program answers is never executed' . "$(PATH=$work/false:$PATH in_fish 'seatfile journal licence.json -u ')"
exit "$failed"
