#!/bin/sh
# First process of the lab's guests. Kernel arguments: lab.host=NAME lab.ip=ADDRESS/BITS
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mkdir -p /dev/pts && mount -t devpts devpts /dev/pts
echo 3 >/proc/sys/kernel/printk
# Each pass loads what the one before made loadable.
for _ in 1 2 3; do
    for module in /modules/*.ko; do
        insmod "$module" 2>/dev/null
    done
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

# The power button, which is what `virsh shutdown` presses: one event, and down it goes.
button=$(sed -n '/Name="Power Button"/,/^$/s/.*\(event[0-9]*\).*/\1/p' /proc/bus/input/devices)
[ -z "$button" ] || (
    dd if="/dev/input/$button" bs=24 count=1 of=/dev/null 2>/dev/null
    echo 'Power button pressed: going down.' >/dev/ttyS0
    sync
    poweroff -f
) &

while :; do
    printf '\n%s is up. Press Enter for a shell.\n' "$(hostname)"
    read -r _ </dev/ttyS0 || sleep 1
    setsid sh -c 'exec sh -l </dev/ttyS0 >/dev/ttyS0 2>&1'
done
