# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# Guests whose backends serve other guests. Needs dom0.sh.

XENPV=/xpv/programs/xenpv

__driver_domain_load() {
	guest_run "$1" 'for i in xen-blkback xen-netback xen-9pback pvcalls-back; do
			[ ! -f /modules/$i.ko ] || insmod /modules/$i.ko || exit 1
		done'
}

# driver_domain_begin NAME: make a guest that has booted one
driver_domain_begin() {
	__driver_domain_load "$1" && guest_run "$1" 'setsid devd >/tmp/devd.log 2>&1 </dev/null &
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

# devd_domain NAME [KEY=VALUE]...: one as an administrator makes it: xl knows it as a driver
# domain, and in it runs xl devd, which has the distribution's hotplug scripts set up
# devices. These are dom0's own files, as distro_guest has them: needs distro.sh. That of
# disks waits for ever for a lock, unless there is a /dev/stdin.
devd_domain() {
	distro_guest "$@" memory=192 config='driver_domain = 1' && __driver_domain_load "$1" &&
		guest_run "$1" 'modprobe -a xen-evtchn xen-gntdev xen-privcmd' || return 1
	distro_run "$1" 'for number in 0:stdin 1:stdout 2:stderr; do
			ln -s "/proc/self/fd/${number%:*}" "/dev/${number#*:}"
		done
		mkdir -p /run/xen /run/lock && mount -t tmpfs tmpfs /var/log && mkdir /var/log/xen &&
		mount -t tmpfs tmpfs /var/lib/xen || exit 1
		PATH=$(echo /usr/lib/xen-4.*/bin):$PATH
		xl devd -p /run/devd.pid && sleep 1 && kill -0 "$(cat /run/devd.pid)" && exit
		cat /var/log/xen/*
		exit 1'
}

# driver_domain_bridge NAME: br0 in it, of which its own interface is the way out
driver_domain_bridge() {
	guest_run "$1" 'modprobe bridge; for i in $(seq 50); do [ -d /sys/class/net/eth0 ] && break; sleep 0.1; done
		ip link add br0 type bridge && ip link set eth0 master br0 && ip link set eth0 up && ip link set br0 up'
}

# driver_domain_panics NAME: its kernel does, and xl, which is told to destroy what crashed,
# destroys it. It says that it crashed, rather than that it boots again, if it was created
# with extra=xen_legacy_crash; what it prints a test allows:
# allow: sysrq triggered crash|Call Trace:
driver_domain_panics() {
	guest_start "$1" 'sleep 0.5; echo c >/proc/sysrq-trigger'
	wait_for 20 "! guest_exists $1" || __complain "$1 does not go"
}

# backend_closes DIRECTORY: of a device that the toolstack detaches; devd takes it away then
backend_closes() {
	wait_for 10 "[ \"\$(xenstore-read $1/state 2>/dev/null || echo 6)\" = 6 ]"
}

# driver_domain_disk NAME PATH [VDEV]: the guest's VDEV, or xvdb, which is PATH in a driver domain
driver_domain_disk() {
	echo "format=raw,vdev=${3:-xvdb},access=rw,backendtype=phy,backend=$1,target=$2"
}

# xl_lists GUEST block|network DOMAIN [NUMBER]: xl knows who serves all of them, or that one
xl_lists() {
	xl "$2-list" "$1"
	[ "$(xl "$2-list" "$1" | awk -v d="$4" '$1 ~ /^[0-9]/ && (d == "" || $1 == d) { print $2 }' | sort -u)" = "$3" ]
}

# rehome GUEST DEVICE BACKEND [KEY=VALUE]...
rehome() {
	$XENPV rehome "$@"
}
