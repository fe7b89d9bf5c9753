#!/bin/sh
# First process of the lab's guests. Kernel arguments: lab.host=NAME lab.ip=ADDRESS/BITS
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mkdir -p /dev/pts && mount -t devpts devpts /dev/pts
echo 3 >/proc/sys/kernel/printk
for module in /modules/*.ko; do
    insmod "$module" 2>/dev/null
done

for word in $(cat /proc/cmdline); do
    case $word in
        lab.host=*) hostname "${word#*=}" ;;
        lab.ip=*) address=${word#*=} ;;
    esac
done
ip link set lo up
if [ -e /sys/class/net/eth0 ]; then
    ip link set eth0 up
    [ -z "$address" ] || ip address add "$address" dev eth0
fi

# A little disk and network traffic, so that the host has something to count.
while sleep 5; do
    [ ! -b /dev/vda ] || dd if=/proc/uptime of=/dev/vda bs=512 count=1 conv=fsync 2>/dev/null
    [ -z "$address" ] || ping -c 1 -w 1 "${address%.*}.1" >/dev/null 2>&1
done &

# Busybox's acpid turns the power button of `virsh shutdown` into a power-off.
mkdir -p /etc/acpi/PWRF
printf '#!/bin/sh\necho "power button: going down"\nsync\npoweroff -f\n' >/etc/acpi/PWRF/00000080
chmod 755 /etc/acpi/PWRF/00000080
acpid 2>/dev/null

while :; do
    printf '\n%s is up. Press Enter for a shell.\n' "$(hostname)"
    read -r _ </dev/ttyS0 || sleep 1
    setsid sh -c 'exec sh -l </dev/ttyS0 >/dev/ttyS0 2>&1'
done
