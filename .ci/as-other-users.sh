#!/usr/bin/env bash
# The place, as other users and other mounts see it: what init and doctor advise is typed to the letter, and must mend it; a
# licence.json that cannot be refreshed; one file mounted by itself; a volume without file entries. Needs root, and a built
# dist/. Prints one line per check, and how many there were; ends with 1 when one has FAILED. What it made is removed again.
set -uo pipefail

here=$(cd "$(dirname "$0")/.." && pwd)
. "$here/.ci/app.sh"
work=$(mktemp -d)
failed=0
mounts=()

fatal() {
  echo "FAILED $*"
  exit 1
}

cleanup() {
  for pid in $(jobs -p); do kill -9 "$pid"; done 2>/dev/null
  wait 2>/dev/null
  for point in "${mounts[@]:-}"; do [ -n "$point" ] && umount "$point"; done
  rm -rf "$work"
}
trap cleanup EXIT

prepare() {
  [ "$(id -u)" = 0 ] || fatal "needs root, to become other users and to mount"
  [ -f "$here/dist/index.js" ] || fatal "dist/ is missing: npm run build"
  chmod 755 "$work"
  copy_app "$here" "$work"
  export SEATFILE_REGISTER=
  unset SEATFILE SEATFILE_USER SEATFILE_HOST SEATFILE_MACHINE USER USERNAME LOGNAME
}

seatfile() { "$work/node" "$work/app/bin/seatfile.js" "$@"; }
other=23451
group=23450
as_other() { # in no group but that one, and with no name in the system's tables
  setpriv --reuid "$other" --regid "$group" --clear-groups "$work/node" "$work/app/bin/seatfile.js" "$@"
}

serial=0
new_place() { # new_place MODE: a directory, and the name of a licence in it
  serial=$((serial + 1))
  place="$work/the place $serial"
  mkdir -m "$1" "$place"
  chmod "$1" "$place"
  file=$place/licence.json
}
new_licence() { # new_licence MODE
  new_place "$1"
  seatfile init "$file" --module M1=3 --check-interval 300s >/dev/null 2>"$work/advice" || fatal init
}

is_fit() { seatfile doctor "$file" | head -1 | grep -q ': fit to hold seats\.$' || { seatfile doctor "$file" && return 1; }; }
is_not_fit() { ! grep -q ': fit to hold seats\.$' <<<"$(seatfile doctor "$file" | head -1)"; }
other_works() { # four commits and one clearing away by each
  local n
  for n in 1 2 3; do as_other run "$file" -- true || return 1; done
  as_other status "$file" >/dev/null && seatfile run "$file" -- true
}
mended() { is_fit && other_works && is_fit; }

# --- what is advised, to the letter ---------------------------------------------------------------------------------------

init_says_so_first() { # before it creates
  new_licence 755
  head -1 "$work/advice" | grep -q '^Warning: only its owner may write there' || { cat "$work/advice" && return 1; }
}
advised() { # advised "words before the command": what stands from there to the end of the sentence
  grep -o "$1: .*" "$work/advice" | head -1 | sed -E "s/^$1: //; s/\. For one group:.*//; s/GROUP/$group/g"
}
for_everybody() {
  eval "$(advised 'For everybody')" && mended
}
for_one_group() {
  new_licence 755
  eval "$(advised 'For one group')" && mended
}
only_the_directory() { # the first half of what init advised, and no more: doctor has the other half
  new_licence 755
  chmod 2777 "$place"
  is_not_fit && ! as_other run "$file" -- true && typed && mended
}
typed() { # what doctor says to type
  seatfile doctor "$file" >"$work/advice"
  local command
  command=$(advised 'Type')
  [ -n "$command" ] || { cat "$work/advice" && return 1; }
  eval "$command"
}
one_thing() { # one_thing PATH-IN-THE-FOLDER MODE: made less open by somebody
  new_licence 2777
  mkdir -p "$file.revisions/journal" "$file.revisions/$1"
  chmod 2777 "$file.revisions/journal"
  is_fit || return 1
  chmod "$2" "$file.revisions/$1"
  is_not_fit && typed && mended
}
another_group() {
  new_licence 2770
  chgrp "$group" "$place"
  is_not_fit && typed && mended
}
no_way_through() {
  new_licence 2777
  mkdir -m 700 "$work/closed"
  mv "$place" "$work/closed/"
  place="$work/closed/$(basename "$place")"
  file=$place/licence.json
  is_not_fit && typed && mended
}

# --- a licence.json that stays behind -------------------------------------------------------------------------------------

not_refreshed() { # the other user may write in the folder alone
  new_licence 2777
  chmod 755 "$place"
  as_other run "$file" -- true 2>"$work/said"
  grep -q 'licence.json could not be refreshed' "$work/said" || { cat "$work/said" && return 1; }
  sleep 11
  as_other status "$file" 2>&1 | grep -q 'licence.json still shows revision 1' || return 1
  as_other doctor "$file" | grep -q 'behind, and was not refreshed'
}

# --- mounts -----------------------------------------------------------------------------------------------------------------

mounted_alone() { # of a licence that nobody has used
  new_licence 2777
  mkdir "$work/container"
  touch "$work/container/licence.json"
  cp "$file.revisions/000000000000/licence.json" "$work/unused.json"
  mount --bind "$work/unused.json" "$work/container/licence.json" || return 1
  mounts+=("$work/container/licence.json")
  file=$work/container/licence.json
  ! seatfile run "$file" -- true 2>"$work/said" && grep -q 'is a mount point by itself' "$work/said" || return 1
  [ ! -e "$file.revisions" ] && grep -q 'UNFIT to hold seats' <<<"$(seatfile doctor "$file")"
}

bound() { # another mount point of the place is the place; a copy is not
  new_place 755
  mkdir "$work/keys" "$work/elsewhere" "$work/copied"
  seatfile keygen --out "$work/keys" --no-passphrase >/dev/null 2>"$work/said" || { cat "$work/said" && return 1; }
  seatfile issue "$file" --key "$work/keys/private.pem" --module M1=3 --bind-path "$place" --yes >/dev/null 2>"$work/said" || { cat "$work/said" && return 1; }
  mount --bind "$place" "$work/elsewhere" || return 1
  mounts+=("$work/elsewhere")
  seatfile run "$file" -- true && seatfile run "$work/elsewhere/licence.json" -- true || return 1
  cp -r "$place/." "$work/copied/"
  ! seatfile run "$work/copied/licence.json" -- true 2>"$work/said" && grep -q "belongs to $place, and was opened at" "$work/said"
}

no_file_entries() {
  mkdir "$work/small"
  mount -t tmpfs -o nr_inodes=12,size=1g tmpfs "$work/small" || return 1
  mounts+=("$work/small")
  file=$work/small/licence.json
  seatfile init "$file" --module M1=3 >/dev/null 2>"$work/said" && return 1
  grep -q 'file entries (inodes) left' "$work/said"
}

# --- what people type ---------------------------------------------------------------------------------------------------------

directory_deleted() {
  new_licence 2777
  mkdir "$work/gone"
  (cd "$work/gone" && rmdir "$work/gone" && seatfile run "$file" -- true && ! seatfile status licence.json 2>"$work/said") || return 1
  [ "$(wc -l <"$work/said")" = 1 ] && grep -q 'the working directory was deleted' "$work/said"
}

prepare
check 'init in a place that only its owner may write says so before it creates' init_says_so_first
check 'what init advises for everybody, typed: fit, and another user works' for_everybody
check 'what init advises for one group, typed: the same' for_one_group
check 'only the directory was opened: not fit, and what doctor says to type mends it' only_the_directory
check 'a folder that others may not write' one_thing . 755
check 'a journal that others may not write' one_thing journal 755
check 'a folder with the sticky bit' one_thing . 3777
check 'a folder of another group' another_group
check 'a directory above that others cannot pass' no_way_through
check 'a licence.json that is not refreshed: told by run, status and doctor' not_refreshed
check 'one file mounted by itself: refused, and no table begins' mounted_alone
check 'a licence bound to a directory: another mount point of it gives seats, a copy none' bound
check 'no file entries left: told' no_file_entries
check 'a working directory that was deleted: a whole path works, a relative one gets one line' directory_deleted
printf '%d checks\n' "$checks"
[ "$failed" -eq 0 ] && [ "$checks" -eq 14 ]
