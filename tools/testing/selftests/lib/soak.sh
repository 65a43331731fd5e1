# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# What befalls devices in use, over and over, and what it leaves. Needs dom0.sh, net.sh,
# census.sh and ktap.sh; what uses the devices is load.sh, in the guest.
#
# A test sets SOAK_GUEST and SOAK_USERS, the kinds of load.sh, and has the functions
#   cycle NUMBER	one loss, or as many as belong together, at the end of which soak_flows
#   anew		all backends are others, while nobody uses them

XENPV=/xpv/programs/xenpv
SOAK_FOLDER=/tmp/shares/soak
SOAK_RESULTS=14

# soak_count NUMBER: how many cycles there are to be, unless XPV_CYCLES says
soak_count() {
	echo "${XPV_CYCLES:-$1}"
}

# soak_share: a folder of dom0 at /mnt/soak in the guest
soak_share() {
	mkdir -p $SOAK_FOLDER && awk 'BEGIN { for (i = 1; i <= 99999; i++) print "line " i }' >$SOAK_FOLDER/open &&
		$XENPV 9p attach "$SOAK_GUEST" soak $SOAK_FOLDER && guest_run "$SOAK_GUEST" 'modprobe 9p
			mkdir -p /mnt/soak && mount -t 9p -o trans=xen,version=9p2000.L soak /mnt/soak'
}

# soak_load start|flows|end KIND..., see load.sh
soak_load() {
	guest_run "$SOAK_GUEST" "sh /selftests/lib/load.sh $*" 120
}

# soak_flows: all users go on
# shellcheck disable=SC2086 # several words
soak_flows() {
	soak_load flows $SOAK_USERS
}

# shellcheck disable=SC2086
__soak_starts() {
	soak_load start $SOAK_USERS && soak_flows
}

# What dom0 read is in the log of who serves.
# shellcheck disable=SC2086
__soak_ends() {
	soak_load end $SOAK_USERS || return 1
	! grep -s '^byte' /tmp/netload.log
}

# soak_kill MODULE...: unload these backends, and load them
soak_kill() {
	for __module; do
		wait_for 5 "rmmod $__module" && insmod "$XPV_MODULES/$__module.ko" || return 1
		[ "$__module" != xen-netback ] || net_scripts || return 1
	done
}

# __soak_cycles COUNT: so many, and how long they took
__soak_cycles() {
	read -r __began __rest </proc/uptime
	for __cycle in $(seq "$1"); do
		echo "xpv: cycle $__cycle of $1" >/dev/kmsg
		cycle "$__cycle" >/tmp/cycle.log 2>&1 || {
			cat /tmp/cycle.log
			echo "cycle $__cycle of $1 failed"
			return 1
		}
	done
	read -r __now __rest </proc/uptime
	echo "$1 cycles in $((${__now%.*} - ${__began%.*})) s"
}

__soak_unconnected() {
	xenstore-ls -f /local/domain | grep -E '/(vbd|vif|9pfs|pvcalls)/.*/state = ' | grep -v '= "4"'
}

# What backends keep for busy guests comes and goes; those that have just begun keep
# nothing.
__soak_census() {
	anew && wait_for 20 '! __soak_unconnected >/tmp/unconnected' || { cat /tmp/unconnected; return 1; }
	census "$SOAK_GUEST" >"/tmp/$1"
	cat /proc/slabinfo >"/tmp/slabs.$1"
}

# Which of dom0's slabs have grown by how many KB, for who wonders why memory is not flat.
__soak_slabs() {
	awk 'FNR == NR { was[$1] = $3 * $4; next }
		{ kb = ($3 * $4 - was[$1]) / 1024; if (kb >= 32) printf "# %s: %d KB more\n", $1, kb }' \
		/tmp/slabs.before /tmp/slabs.after
}

__soak_leaks_nothing() {
	! dmesg | grep LEAK && ! grep LEAK /var/log/xen/console/guest-*.log
}

# soak COUNT TEXT: SOAK_RESULTS results of so many cycles, which TEXT tells of
soak() {
	ktap_test_result "in use: $SOAK_USERS" __soak_starts || ktap_exit_fail_msg 'nothing can be used'
	ktap_test_result 'the first cycles work' __soak_cycles 2 || ktap_exit_fail_msg 'no cycle works'
	ktap_test_result 'all was right' __soak_ends
	ktap_test_result 'what is held is counted' __soak_census before || ktap_exit_fail_msg 'nothing to compare with'
	ktap_test_result 'in use again' __soak_starts
	ktap_test_result "$2" __soak_cycles "$1"
	ktap_test_result 'all was right' __soak_ends
	ktap_test_result 'what is held is counted' __soak_census after || ktap_exit_fail_msg 'nothing to compare'
	census_results "$1"
	__soak_slabs
	ktap_test_result 'nothing leaked' __soak_leaks_nothing
}
