# Sourced by what plays several users: the built program where all of them can read it; the clone itself may lie where they may not.
# copy_app CLONE TARGET: TARGET/app with dist/, bin/ and the packages, and TARGET/node. With those that the shipped files have inside:
# what starts from dist/modules needs them.
copy_app() {
  local modules path
  mkdir -p "$2/app"
  cp -r "$1/dist" "$1/bin" "$1/package.json" "$2/app/"
  modules=$(cd "$1" && {
    npm ls --omit=dev --all --parseable
    npm ls --parseable proper-lockfile graceful-fs retry signal-exit write-file-atomic
  } 2>/dev/null | grep '/node_modules/' | sort -u)
  for path in $modules; do
    mkdir -p "$(dirname "$2/app/${path#"$1"/}")"
    cp -r "$path" "$2/app/${path#"$1"/}"
  done
  cp "$(node -p process.execPath)" "$2/node" # may be in somebody's home
  chmod -R a+rX "$2"
}

checks=0
# check WHAT COMMAND...: one line, and what the command said if it failed. Needs $work; counts in $checks, and sets $failed.
check() {
  local what=$1
  shift
  checks=$((checks + 1))
  if "$@" >"$work/complaint" 2>&1; then
    echo "ok $what"
  else
    echo "FAILED $what"
    sed 's/^/  /' "$work/complaint"
    failed=1
  fi
}
