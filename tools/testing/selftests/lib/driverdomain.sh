# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# Guests whose backends serve other guests. Needs dom0.sh.

XENPV=/xpv/programs/xenpv

# driver_domain_begin NAME: make a guest that has booted one
driver_domain_begin() {
	guest_run "$1" 'for i in xen-blkback xen-netback xen-9pback pvcalls-back; do
			[ ! -f /modules/$i.ko ] || insmod /modules/$i.ko || exit 1
		done
		setsid devd >/tmp/devd.log 2>&1 </dev/null &
		for i in $(seq 50); do pidof xenstore-watch >/dev/null && exit; sleep 0.1; done
		exit 1'
}

# driver_domains 'NAME...' [KEY=VALUE]...: guests, all alike, see guest_create, with our
# backends and what sets up their devices. Another guest's disk says backend=NAME.
driver_domains() {
	__domains=$1
	shift
	for __domain in $__domains; do
		guest_create $__domain memory=192 "$@" boot=nowait || return 1
	done
	for __domain in $__domains; do
		guest_wait_boot $__domain && driver_domain_begin $__domain || return 1
	done
}

# driver_domain_bridge NAME: br0 in it, of which its own interface is the way out
driver_domain_bridge() {
	guest_run "$1" 'modprobe bridge; for i in $(seq 50); do [ -d /sys/class/net/eth0 ] && break; sleep 0.1; done
		ip link add br0 type bridge && ip link set eth0 master br0 && ip link set eth0 up && ip link set br0 up'
}

# driver_domain_disk NAME PATH: the guest's xvdb, which is PATH in a driver domain
driver_domain_disk() {
	echo "format=raw,vdev=xvdb,access=rw,backendtype=phy,backend=$1,target=$2"
}

# rehome GUEST DEVICE BACKEND [KEY=VALUE]...
rehome() {
	$XENPV rehome "$@"
}
