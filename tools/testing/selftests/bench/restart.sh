#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# desc: for how long users of a disk and of a network feel that their backend restarts
# runs: dom0
# guest: pv
# pair: ours/ours
# disks: xvdb=64M
# vifs: xpv0
# needs: fio iperf3 xen-blkfront xen-blkback xen-netfront xen-netback
# memory: 384
# length: long
# time: 900
#
# What is measured is printed; what fails is a request or a connection that is lost.
# The time between rmmod and insmod, and that of the vif's script, is nobody's merit
# or fault and is printed beside the gaps.

. "${0%/*}/../lib/dom0.sh"
. "${0%/*}/../lib/net.sh"
. "${0%/*}/../lib/ktap.sh"

seconds=60

in_guest() {
	guest_run restart "$1" "${2:-60}"
}

# Hundredths of a second.
now() {
	read -r __up __rest </proc/uptime
	echo "${__up%.*}${__up#*.}"
}

# restarts MODULE PERIOD: as often as fits; what each took without its backend
restarts() {
	: >/tmp/away
	__end=$(($(now) + (seconds - 4) * 100))
	while [ $(($(now) + $2 * 100)) -lt $__end ]; do
		sleep "$2"
		__from=$(now)
		rmmod "$1" && insmod "$XPV_MODULES/$1.ko" || return 1
		[ "$1" != xen-netback ] || net_scripts || return 1
		echo $(($(now) - __from)) >>/tmp/away
	done
}

away() {
	sort -n /tmp/away | awk '{ v[NR] = $1 * 10 } END {
		printf "%d restarts, rmmod to insmod and script: median %d ms, longest %d ms\n", NR, v[int((NR + 1) / 2)], v[NR] }'
}

# Requests one after the other: whoever meets a restart takes as long as the gap.
disk_starts() {
	in_guest "rm -f /tmp/lat* /tmp/ended; setsid sh -c 'fio --name=restart --filename=/dev/xvdb --rw=randwrite --bs=4k \
		--size=32m --direct=1 --ioengine=psync --time_based --runtime=$seconds --thread --write_lat_log=/tmp/lat \
		--minimal --output=/tmp/fio.log; echo \$? >/tmp/ended' >/dev/null 2>&1 </dev/null & sleep 1"
}

# How many requests there were, and of the N slowest, how slow.
disk_ends() {
	in_guest "for i in \$(seq 300); do [ -s /tmp/ended ] && break; sleep 0.2; done
		cut -d, -f2 /tmp/lat_lat.1.log | sort -n >/tmp/sorted
		tail -n $1 /tmp/sorted | awk '{ v[NR] = \$1 / 1000000; n += \$1 } END {
			if (NR) printf \"gaps: median %d ms, longest %d ms, in all %d ms\\n\", v[int((NR + 1) / 2)], v[NR], n / 1000000 }'
		echo \"requests: \$(wc -l </tmp/sorted)\"; [ \"\$(cat /tmp/ended)\" = 0 ]" 100
}

disk_every() {
	disk_starts || return 1
	if [ "$1" = 0 ]; then
		: >/tmp/away
	else
		restarts xen-blkback "$1" || return 1
		away
	fi
	disk_ends "$(wc -l </tmp/away)"
}

net_starts() {
	in_guest "rm -f /tmp/iperf /tmp/ended; setsid sh -c 'iperf3 -c 10.77.0.1 -t $seconds -i 0.1 -f m \
		>/tmp/iperf 2>&1; echo \$? >/tmp/ended' >/dev/null 2>&1 </dev/null & sleep 1"
}

# Tenths of a second in which nothing was sent, and all that was.
net_ends() {
	in_guest "for i in \$(seq 400); do [ -s /tmp/ended ] && break; sleep 0.2; done
		awk '/sec/ && !/sender|receiver/ && \$7 == 0 { n++ } END { print \"without data: \" n + 0 \" tenths of a second\" }' /tmp/iperf
		grep 'sender\|receiver' /tmp/iperf; [ \"\$(cat /tmp/ended)\" = 0 ]" 120
}

net_every() {
	net_starts || return 1
	if [ "$1" != 0 ]; then
		restarts xen-netback "$1" || return 1
		away
	fi
	net_ends
}

ktap_print_header
ktap_set_plan 7
net_serve || ktap_exit_fail_msg 'nobody serves in dom0'
ktap_test_result 'the guest boots, with its network' net_guest restart 2 || ktap_exit_fail_msg 'no guest'
ktap_test_result 'a disk without restarts' disk_every 0
ktap_test_result 'a disk, every 10 s' disk_every 10
ktap_test_result 'a disk, every second' disk_every 1
ktap_test_result 'a network without restarts' net_every 0
ktap_test_result 'a network, every 10 s' net_every 10
ktap_test_result 'a network, every second' net_every 1
ktap_finished
