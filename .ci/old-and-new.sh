#!/usr/bin/env bash
# An older version and this one on one licence folder: each reads what the other wrote, and each gives seats to the other's users.
# The older version is the last commit before the rooms of src/ were made. It is taken from the history of this repository.
set -u
old=8e2d7ea
cd "$(dirname "$0")/.."
if ! git cat-file -e "$old^{commit}" 2>/dev/null && ! git fetch -q --unshallow 2>/dev/null; then
  echo "THIS CLONE CANNOT: it has no history, so the older version ($old) cannot be built. NOT RUN."
  exit 0
fi
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
git archive "$old" src bin package.json tsconfig.json | tar -x -C "$place" || exit 1
ln -s "$PWD/node_modules" "$place/node_modules"
(cd "$place" && npm run --silent build) || exit 1
node .ci/old-and-new.mjs "$place/bin/seatfile.js" "$PWD/bin/seatfile.js"
