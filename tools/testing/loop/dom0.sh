# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# In the place of selftests/lib/dom0.sh, where dom0 is its only guest: domain 0, in which
# both ends of a device are. Its programs are dom0's, and see dom0's files.

. /run/xpv/dom0.sh
. /xpv/loop/modprobe.sh

# What the test before left mounted would keep the frontend.
__only_front() {
	awk '$3 == "9p" { print $2 }' /proc/mounts | xargs -r umount
	! module_loaded 9pnet_xen || rmmod 9pnet_xen || __complain 'the frontend does not unload' || return 1
	case $1 in
	none) ;;
	ours) insmod "$XPV_MODULES/9pnet_xen.ko" ;;
	*) __complain "guest_create: no $1 frontend here" ;;
	esac
}

guest_create() {
	__name=$1 __front=${XPV_FRONT:-none}
	for __option; do
		case $__option in front=*) __front=${__option#*=} ;; esac
	done
	mkdir -p "$XPV_RUN/guests/$__name"
	echo 0 >"$XPV_RUN/guests/$__name/domid"
	: >"$XPV_RUN/guests/$__name/log"
	__only_front "$__front"
}

guest_run() {
	(cd / && exec timeout -s KILL $((${3:-60} * ${XPV_SLOW:-1})) sh -c ". /xpv/loop/modprobe.sh; $2")
}

guest_log() {
	echo "$XPV_RUN/guests/$1/log"
}

guest_exists() {
	[ -d "$XPV_RUN/guests/$1" ]
}

guest_destroy() {
	__complain 'the only guest cannot be destroyed'
}
