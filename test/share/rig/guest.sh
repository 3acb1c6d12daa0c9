#!/bin/bash
# Process 1 of a guest: its own /run and /tmp, its drivers, its two network cards, then the agent; power off when that ends.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
argument() { sed -n "s/.*rig[.]$1=\([^ ]*\).*/\1/p" /proc/cmdline; }

mount -t proc proc /proc
mount -t sysfs sys /sys
for place in /run /tmp /var/lib/nfs; do mount -t tmpfs none "$place"; done
chmod 1777 /tmp
number=$(argument number)
hostname "client-$number"

# Debian keeps the guest kernel's drivers apart; the wrapper lets the kernel itself ask for more of them.
mkdir -p /run/modules/lib
ln -s /usr/lib/uml/modules /run/modules/lib/modules
printf '#!/bin/sh\nexec /sbin/modprobe -d /run/modules "$@"\n' >/run/modprobe
chmod 755 /run/modprobe
echo /run/modprobe >/proc/sys/kernel/modprobe

ip link set lo up
ip addr add "10.99.0.1$number/24" dev vec0 # to the file server
ip addr add "10.98.0.1$number/24" dev vec1 # to the controller: never cut
ip link set vec0 up
ip link set vec1 up

cd /tmp && /mnt/node "$(argument agent)" "$number"
echo o >/proc/sysrq-trigger
sleep 10
