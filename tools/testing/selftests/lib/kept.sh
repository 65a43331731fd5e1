# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# Guests that need not boot. An emulated guest boots for five to ten seconds, and
# what most tests are about comes after that. So a PV guest is booted once, with
# neither devices nor frontends, and saved; what a test creates in the short form is
# that one, restored with the devices of its own, which then loads its frontends.
# Needs dom0.sh.

XPV_KEPT=$XPV_RUN/kept
KEPT_MEMORY=144		# of all but a few tests; each kept guest takes as much of dom0's

# kept_fits: whether the guest of the last guest_config may be one: a PV guest of the
# usual kernel and memory, with nothing of its own to be told as it boots. Those of the long
# form boot.
kept_fits() {
	[ -z "$XPV_LONG$__config$__version" ] && [ "$__gtype" = pv ] && [ "$__memory" = $KEPT_MEMORY ] || return 1
	for __word in $__extra; do
		case $__word in
		xenbus-mt.* | xen-blkfront.* | xen-netfront.* | 9pnet_xen.* | pvcalls-front.*) ;;
		*) return 1 ;;
		esac
	done
}

# __kept_make VCPUS: print where the saved one is, made if there is none
__kept_make() {
	__saved=$XPV_KEPT/$1
	if [ ! -f "$__saved" ]; then
		mkdir -p "$XPV_KEPT"
		(XPV_DISKS='' XPV_VIFS='' XPV_KERNEL='' guest_create "kept$1" pv front=none "vcpus=$1" memory=$KEPT_MEMORY boot=real &&
			xl save "kept$1" "$__saved.new") >"$__saved.log" 2>&1 && mv "$__saved.new" "$__saved" || {
			cat "$__saved.log" >&2
			rm -f "$__saved.new"
			return 1
		}
	fi
	echo "$__saved"
}

# __kept_plug NAME: have it see its devices. The kernel looks for what there is as it
# boots, and from then on for what is written.
__kept_plug() {
	xenstore-ls -f "/local/domain/$(__guest "$1" domid)/device" |
		sed -n 's|/backend-id = "\(.*\)"|/backend-id \1|p' | xargs -r xenstore-write
}

# __kept_unconnected NAME: those of its devices that are not connected
__kept_unconnected() {
	xenstore-ls -f "/local/domain/$(__guest "$1" domid)/device" 2>/dev/null | grep '/state = ' | grep -v '= "4"'
}

# __kept_settle NAME: wait for its devices, as a guest that boots comes upon them before
# it serves; not long, for there are tests of those that do not connect
__kept_settle() {
	[ "$__front" = none ] || wait_for 5 "! __kept_unconnected $1 >/dev/null" || {
		echo 'not connected:'
		__kept_unconnected "$1" || return 0
	}
}

# kept_restore NAME: have the guest of the last guest_config, with its frontends
kept_restore() {
	__saved=$(__kept_make "$__vcpus") || __complain 'no guest can be kept' || return 1
	xl restore "$XPV_RUN/guests/$1/config" "$__saved" >"$XPV_RUN/guests/$1/xl.log" 2>&1 || {
		cat "$XPV_RUN/guests/$1/xl.log" >&2
		__complain "guest $1 cannot be restored" || return 1
	}
	guest_refresh "$1" && guest_run "$1" "fronts $__front $__extra" && __kept_plug "$1" &&
		__kept_settle "$1"
}
