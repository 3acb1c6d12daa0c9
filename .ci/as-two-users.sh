#!/usr/bin/env bash
# Two users of this computer, both with umask 077, share one licence: by turns, at once, and while one of them is killed in
# mid-commit. Needs root, to make the users and to become them, and a built dist/. Prints one line per check; ends with 1
# when one has FAILED. Whatever it made, users and files, is removed again.
set -uo pipefail

here=$(cd "$(dirname "$0")/.." && pwd)
. "$here/.ci/app.sh"
ana=seatfile-ana-$$
ben=seatfile-ben-$$
group=seatfile-$$
work=$(mktemp -d)
failed=0

fatal() {
  echo "FAILED $*"
  exit 1
}

cleanup() {
  for pid in $(jobs -p); do kill -9 "$pid"; done 2>/dev/null
  wait 2>/dev/null
  for user in "$ana" "$ben"; do userdel "$user" 2>/dev/null; done
  for name in "$group" "$ana" "$ben"; do groupdel "$name" 2>/dev/null; done
  rm -rf "$work"
}
trap cleanup EXIT

# --- a copy that both may read ------------------------------------------------------------------------------------------

prepare() {
  [ "$(id -u)" = 0 ] || fatal "needs root, to make two users and become them"
  [ -f "$here/dist/index.js" ] || fatal "dist/ is missing: npm run build"
  chmod 755 "$work"
  app=$work/app
  copy_app "$here" "$work"
  mkdir -p "$app/test/processes"
  cp "$here/test/processes/hammer-worker.mjs" "$app/test/processes/"
  write_scripts
  chmod -R a+rX "$work"
}

write_scripts() {
  cat >"$app/make.mjs" <<'SCRIPT'
import { writeFileSync } from 'node:fs';
import { sealUnsigned } from './dist/modules/licence/entitlement.js';
import { formatLicence } from './dist/modules/licence/text.js';
import { firstLicence } from './dist/modules/licence/revision.js';
const modules = [{ module: 'M1', maxUsers: 1 }];
const sealed = sealUnsigned({ licenceId: 'two-users', issuedAt: '2026-01-01T00:00:00.000Z', modules });
const first = firstLicence(sealed, { checkIntervalSeconds: 1 }, { lineage: 'lineage', commit: 'first' });
writeFileSync(process.argv[2], formatLicence(first, 'pretty'));
SCRIPT
  cat >"$app/audit.mjs" <<'SCRIPT'
// What the logs say was done against what is in the table.
import { readdirSync, readFileSync } from 'node:fs';
const [file, logs] = process.argv.slice(2);
const top = readdirSync(`${file}.revisions`).filter((name) => /^\d{12}$/.test(name)).sort().at(-1);
const { tally } = JSON.parse(readFileSync(`${file}.revisions/${top}/licence.json`, 'utf8'));
const fates = new Map();
for (const name of readdirSync(logs))
  for (const line of readFileSync(`${logs}/${name}`, 'utf8').split('\n').filter(Boolean)) {
    const [fate, id] = line.split(' ');
    fates.set(id, fate);
  }
const complaints = [];
const times = new Map();
for (const id of tally) times.set(id, (times.get(id) ?? 0) + 1);
for (const [id, fate] of fates) {
  if (fate === 'ack' && !times.has(id)) complaints.push(`lost: ${id}`);
  if (fate !== 'ack' && fate !== 'try') complaints.push(`refused: ${id} ${fate}`);
}
for (const [id, count] of times) if (count > 1 || !fates.has(id)) complaints.push(`${count} times: ${id}`);
console.log(`${fates.size} changes tried, ${tally.length} in the table\n${complaints.join('\n')}`);
process.exit(complaints.length === 0 ? 0 : 1);
SCRIPT
}

make_users() { # make_users PRIMARY...: both in the group; with "shared" it is their only one
  groupadd "$group" || fatal "groupadd"
  local user
  for user in "$ana" "$ben"; do
    if [ "$1" = shared ]; then
      useradd --no-create-home --no-user-group --gid "$group" "$user" || fatal "useradd"
    else
      useradd --no-create-home --user-group --groups "$group" "$user" || fatal "useradd"
    fi
  done
}

remove_users() {
  userdel "$ana"
  userdel "$ben"
  groupdel "$group"
}

make_share() { # make_share MODE
  rm -rf "$work/share" "$work/logs"
  mkdir "$work/share" "$work/logs"
  file=$work/share/licence.json
  "$work/node" "$app/make.mjs" "$file" || fatal "make.mjs"
  chown "$ana:$group" "$work/share" "$file"
  chmod 660 "$file"
  chmod "$1" "$work/share"
  chmod 1777 "$work/logs"
}

# --- what they do -----------------------------------------------------------------------------------------------------

serial=0
new_name() { # a name for one process, and with it the beginnings of its changes' ids
  serial=$((serial + 1))
  name=$1-$serial
}

commit_as() { # commit_as USER NAME COMMITS [OPTIONS]: becomes the process that commits, so that $! is its id
  umask 077
  local job
  job=$(printf '{"file":"%s","log":"%s/logs/%s","name":"%s","commits":%d,"boundMs":20000,"eventEvery":4,"options":%s}' \
    "$file" "$work" "$2" "$2" "$3" "${4-{\}}")
  cd / && exec setpriv --reuid="$1" --regid="$(id -g "$1")" --init-groups "$work/node" "$app/test/processes/hammer-worker.mjs" "$job"
}

run_as() { # run_as USER COMMITS [OPTIONS]: in a process of its own, to its end
  new_name "$1"
  (commit_as "$1" "$name" "$2" "${3-{\}}") >/dev/null
}

by_turns() {
  local n
  for n in $(seq 30); do
    run_as "$ana" 1 || return 1
    run_as "$ben" 1 || return 1
  done
}

at_once() {
  local first second
  new_name "$ana"
  (commit_as "$ana" "$name" 30) >/dev/null &
  first=$!
  new_name "$ben"
  (commit_as "$ben" "$name" 30) >/dev/null &
  second=$!
  wait "$first" && wait "$second"
}

kill_one() { # kill_one VICTIM OTHER: in the middle of some commit; the other must get on within three seconds
  local victim took
  new_name "$1"
  mkfifo "$work/said"
  (commit_as "$1" "$name" 100000) >"$work/said" &
  victim=$!
  exec 3<"$work/said"
  read -r -u 3 # its first commit is done
  sleep "0.0$((RANDOM % 50 + 10))"
  kill -9 "$victim"
  wait "$victim" 2>/dev/null
  exec 3<&-
  rm "$work/said"
  run_as "$2" 1 || return 1
  took=$(awk '$1 == "ack" { print $4 }' "$work/logs/$name")
  [ "$took" -gt "$worst" ] && worst=$took
  [ "$took" -lt 3000 ] || echo "took $took ms"
  [ "$took" -lt 3000 ]
}

kill_often() {
  local n
  worst=0
  for n in $(seq 5); do
    kill_one "$ana" "$ben" || return 1
    kill_one "$ben" "$ana" || return 1
  done
}

# --- what must hold -----------------------------------------------------------------------------------------------------

rights() { # rights DIRECTORY-MODE: group and mode of the licence file, the folder, and all that was published in it
  local odd
  odd=$(cd "$work/share" && find licence.json licence.json.revisions -regextype posix-extended \
    -regex 'licence.json|licence.json.revisions(/[0-9]{12}(/.*)?)?' \
    \( -type d ! -perm "$1" -o -type f ! -perm 660 -o ! -group "$group" \) -printf '%m %u:%g %p\n')
  [ -z "$odd" ] || { echo "$odd" && return 1; }
}

both_wrote() {
  local user
  for user in "$ana" "$ben"; do
    [ -n "$(find "$work/share/licence.json.revisions" -user "$user" -print -quit)" ] || { echo "nothing of $user" && return 1; }
  done
}

unreadable_remains() { # as of one killed after making something, before setting its rights: mode 700, and 600
  setpriv --reuid="$ben" --regid="$(id -g "$ben")" --init-groups bash -c "
    umask 077
    mkdir '$work/share/licence.json.revisions/stage-00000000-999999-$(printf '%032d' 0)'
    echo half >'$work/share/licence.json.4000000001'"
}

tidy() { # what the killed left is cleared by somebody else: two rounds, and nothing is too young
  local left
  run_as "$ana" 48 '{"stealMs":300,"clearing":{"keepRevisions":64,"supersededMs":0,"abandonedMs":0}}' || return 1
  left=$(find "$work/share" -regextype posix-extended \( -name 'stage-*' -o -name 'clearing-*' -o -name 'licence.json.stage-*' \
    -o -name lock -o -regex '.*/licence[.]json[.][0-9]+' \) -printf '%M %u %P\n' | grep -Ev "$kept")
  [ -z "$left" ] || { echo "$left" && return 1; }
}

# A name like a date or a count may be somebody's backup, and is nobody's to clear.
kept='licence[.]json[.]([0-9]{1,7}|(19|20)[0-9]{6}|1[5-9][0-9]{8}|2[01][0-9]{8})$'

story() { # story MODE PRIMARY
  local what="mode $1"
  make_users "$2"
  make_share "$1"
  check "$what: thirty commits each, by turns" by_turns
  check "$what: both have written" both_wrote
  check "$what: thirty commits each, at once" at_once
  check "$what: rights after that" rights "$1"
  check "$what: one killed in mid-commit, ten times; the other goes on at once" kill_often
  echo "   the slowest went on within ${worst:-?} ms"
  check "$what: rights after that" rights "$1"
  unreadable_remains
  check "$what: what the killed left is cleared by the other" tidy
  check "$what: rights after that" rights "$1"
  check "$what: nothing refused, lost or done twice" "$work/node" "$app/audit.mjs" "$file" "$work/logs"
  remove_users
}

prepare
story 2770 own
story 0770 shared
exit "$failed"
