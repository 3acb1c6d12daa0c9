# Sourced by what waits for other processes.
await() { # await SECONDS command...: until it is so
  local end=$((SECONDS + $1))
  shift
  until "$@" 2>/dev/null; do
    [ "$SECONDS" -lt "$end" ] || return 1
    sleep 0.1
  done
}
