#!/bin/bash
# Installs what the rig needs from Debian, with no service started, and makes $1 of xstate.c. Prints nothing when all is there.
set -eu
packages=(user-mode-linux iproute2 kmod cifs-utils nfs-common samba nfs-ganesha nfs-ganesha-vfs rpcbind faketime gcc libc6-dev)
missing=()
for package in "${packages[@]}"; do
  dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q '^install ok installed' || missing+=("$package")
done
install() {
  echo "installing ${missing[*]}"
  policy=/usr/sbin/policy-rc.d
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
    trap 'rm -f "$policy"' EXIT
  fi
  export DEBIAN_FRONTEND=noninteractive
  { apt-get update && apt-get install -y --no-install-recommends "${missing[@]}"; } >/dev/null
}

[ ${#missing[@]} -eq 0 ] || install
gcc -shared -fPIC -O2 -o "$1" "$(dirname "$0")/xstate.c"
