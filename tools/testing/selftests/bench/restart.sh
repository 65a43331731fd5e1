#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# desc: for how long users of a disk and of a network feel that their backend restarts, beside the kernel's own pair
# runs: dom0
# guest: pv
# pair: ours/ours
# disks: xvdb=64M
# vifs: xpv0
# needs: fio iperf3 xen-blkfront xen-blkback xen-netfront xen-netback
# memory: 384
# length: long
# time: 1200
#
# What is measured ends in a table, which says what was asked for and whether it was
# reached. What fails is a request or a connection that is lost, and a byte that is wrong.
#
# What rmmod and insmod take when nobody has a device, what taking an interface away takes,
# and the script of a vif, is nobody's merit or fault: a gap is what is felt beyond that. The
# kernel's own backends stay loaded while a guest has a device; what they can do is that its
# devices are unbound and bound.

. "${0%/*}/../lib/dom0.sh"
. "${0%/*}/../lib/net.sh"
. "${0%/*}/../lib/ktap.sh"
. "${0%/*}/../lib/soak.sh"

SOAK_GUEST=restart
SOAK_USERS='xvdb net'
second=$(soak_count 30)		# restarts once a second; and seconds of a run without
found=/tmp/found

in_guest() {
	guest_run restart "$1" "${2:-60}"
}

# note NAME VALUE, noted NAME: what was found, for the table
note() {
	echo "$2" >"$found/$1"
}

noted() {
	cat "$found/$1" 2>/dev/null || echo -
}

# Milliseconds, without a process.
now() {
	__time=$EPOCHREALTIME
	__micro=${__time#*.}
	now=${__time%.*}${__micro%???}
}

# median: of the numbers of its input, a line each
median() {
	sort -n | awk '{ v[NR] = $1 } END { print NR ? v[int((NR + 1) / 2)] : 0 }'
}

# restart MODULE: away, how many ms rmmod and insmod took
restart() {
	now
	__from=$now
	rmmod "$1" && insmod "$XPV_MODULES/$1.ko" || return 1
	now
	away=$((now - __from))
}

bare() {
	for module in xen-blkback xen-netback; do
		for i in 1 2 3 4 5 6 7; do
			restart $module || return 1
			echo $away
		done >/tmp/bare
		note bare-$module "$(median </tmp/bare)"
		echo "$module: $(noted bare-$module) ms from rmmod to insmod"
	done
}

# The script of a vif that is off its bridge, as that of a new backend is.
bare_script() {
	for i in 1 2 3 4 5; do
		ip link set "$(net_vif restart)" nomaster || return 1
		now
		__from=$now
		net_scripts || return 1
		now
		echo $((now - __from))
	done >/tmp/bare
	note bare-script "$(median </tmp/bare)"
	echo "the script of a vif: $(noted bare-script) ms"
}

# An interface that is taken off its bridge and away, whoever's it is: most of that are
# grace periods.
bare_port() {
	for i in 1 2 3 4 5; do
		/usr/bin/ip link add spare type veth peer name spare-end && ip link set spare master xpv0 &&
			ip link set spare up && ip link set spare-end up || return 1
		sleep 0.2
		now
		__from=$now
		/usr/bin/ip link show spare >/dev/null
		now
		__program=$((now - __from))
		__from=$now
		/usr/bin/ip link del spare || return 1
		now
		echo $((now - __from - __program))
	done >/tmp/bare
	note bare-port "$(median </tmp/bare)"
	echo "an interface's removal: $(noted bare-port) ms"
}

# restarts MODULE PERIOD: beside a run that has begun; restarts is how many there were in
# it, none with a period of 0
restarts() {
	: >/tmp/away
	restarts=0
	[ "$2" != 0 ] || return 0
	now
	__end=$((now + ($(run_of "$2") - 3) * 1000))
	while sleep "$2" && now && [ "$now" -lt $__end ]; do
		restart "$1" || return 1
		echo $away >>/tmp/away
		[ "$1" != xen-netback ] || net_scripts || return 1
		restarts=$((restarts + 1))
	done
	echo "$restarts restarts, rmmod to insmod: median $(median </tmp/away) ms"
}

# run_of PERIOD: seconds
run_of() {
	[ "$1" = 10 ] && echo $((second * 2)) || echo "$second"
}

# A program in the guest, what it says in /tmp/said and its status in /tmp/ended.
begin() {
	in_guest "rm -f /tmp/lat* /tmp/said /tmp/ended
		setsid sh -c '$1 >/tmp/said 2>&1; echo \$? >/tmp/ended' >/dev/null 2>&1 </dev/null & sleep 1"
}

ended='for i in $(seq 300); do [ -s /tmp/ended ] && break; sleep 0.2; done'

# Requests one after the other: whoever meets a restart takes as long as the gap.
disk_begins() {
	begin "fio --name=restart --filename=/dev/xvdb --rw=randwrite --bs=4k --size=32m --direct=1 --ioengine=psync \
		--time_based --runtime=$1 --thread --write_lat_log=/tmp/lat --minimal --output=/tmp/fio.log"
}

# Prints how many requests there were and how long they took in all, without the slowest
# ones, which met a restart each; and the median and the longest of those; ms.
disk_ends() {
	in_guest "$ended"'
		cut -d, -f2 /tmp/lat_lat.1.log | sort -n >/tmp/sorted
		awk -v most=$(wc -l </tmp/sorted) -v slow='"$1"' "NR <= most - slow { sum += \$1; n++; next } { v[++m] = \$1 / 1000000 }
			END { printf \"%d %d %d %d\n\", n, sum / 1000000, v[int((m + 1) / 2)], v[m] }" /tmp/sorted
		cat /tmp/said; [ "$(cat /tmp/ended)" = 0 ]' 100
}

# Requests a second while there was a backend.
disk_every() {
	disk_begins "$(run_of "$1")" && restarts xen-blkback "$1" && disk_ends "$restarts" >/tmp/ends
	status=$?
	cat /tmp/ends
	[ $status = 0 ] || { note "disk-lost-$1" some; return 1; }
	read -r requests took median longest </tmp/ends
	echo "$requests requests in $took ms, gaps: median $median ms, longest $longest ms"
	note "disk-rate-$2" $((requests * 100000 / took))
	note "disk-lost-$1" 0
	bare=$(noted bare-xen-blkback)
	[ "$restarts" = 0 ] || note "disk-gap-$1" "$((median - bare)) (longest $((longest - bare)))"
}

# Question after question, so often that a gap is known to so many ms. What is lost is
# what the guest's kernel sent and had no answer to: answers that come all at once after a
# gap are more than fit into the 14 KB in which ping lets them wait.
step=5
counted='icmp() {
	awk "/^Icmp:/ && !named { for (i = 2; i <= NF; i++) at[\$i] = i; named = 1; next }
		/^Icmp:/ { print $1 }" /proc/net/snmp
}
asked() {
	icmp "\$at[\"OutEchos\"]"
}
unanswered() {
	icmp "\$at[\"OutEchos\"] - \$at[\"InEchoReps\"]"
}'

ask_begins() {
	in_guest "$counted; unanswered >/tmp/unanswered; asked >/tmp/asked"
	begin "ping -n -i 0.00$step -c $(($1 * 1000 / step)) -W 2 10.77.0.1"
}

# ask_ends QUESTIONS: prints how many of them got no answer; and of the gaps, which are
# answers late one after the other, how many there were, the median and the longest, in ms.
ask_ends() {
	in_guest "$ended"';'"$counted"'
		sed -n "s/.*seq=.* time=\([0-9]*\).*/\1/p" /tmp/said >/tmp/took
		awk "\$1 < 50 { if (most) print most; most = 0; next } \$1 > most { most = \$1 }
			END { if (most) print most }" /tmp/took | sort -n >/tmp/gaps
		echo $(($(unanswered) - $(cat /tmp/unanswered))) \
			$(awk "{ v[NR] = \$1 } END { print NR, v[int((NR + 1) / 2)] + 0, v[NR] + 0 }" /tmp/gaps)
		[ -s /tmp/took ] && [ $(($(asked) - $(cat /tmp/asked))) -ge '"$1"' ]' 60
}

# What the answer to the first question after a backend has gone takes.
asked_every() {
	ask_begins "$(run_of "$1")" && restarts xen-netback "$1" && ask_ends $(($(run_of "$1") * 1000 / step)) >/tmp/ends
	status=$?
	cat /tmp/ends
	[ $status = 0 ] || return 1
	read -r lost nr median longest </tmp/ends
	echo "$lost questions lost, $nr gaps: median $median ms, longest $longest ms"
	note "net-asked-$1" "$lost"
	bare=$(($(noted bare-xen-netback) + $(noted bare-script) + $(noted bare-port)))
	[ "$nr" = 0 ] || note "net-gap-$1" "$((median - bare)) (longest $((longest - bare)))"
	[ "$lost" = 0 ]
}

# Tenths of a second in which less than a fifth of the usual was sent are those of a gap.
net_every() {
	begin "iperf3 -c 10.77.0.1 -t $(run_of "$1") -i 0.1 -f k" && restarts xen-netback "$1" || return 1
	in_guest "$ended"'
		awk "/sec/ && !/sender|receiver/ { v[NR] = \$7; sum += \$7; n++ } END {
			for (i in v) if (v[i] < sum / n / 5) gaps++; else rest += v[i]
			printf \"%d %d\n\", rest / (n - gaps), gaps }" /tmp/said
		grep "sender\|receiver" /tmp/said >&2; [ "$(cat /tmp/ended)" = 0 ]' 120 >/tmp/ends
	status=$?
	cat /tmp/ends
	[ $status = 0 ] || { note "net-lost-$1" some; return 1; }
	read -r rate gaps </tmp/ends
	note "net-rate-$2" "$rate"
	note "net-lost-$1" 0
	bare=$(($(noted bare-xen-netback) + $(noted bare-script) + $(noted bare-port)))
	[ "$restarts" = 0 ] || note "net-silent-$1" $((gaps * 100 / restarts - bare))
	echo "$rate Kbit/s, without $gaps tenths of a second"
}

# Every byte is compared.
# shellcheck disable=SC2086 # several words
nothing_wrong() {
	soak_load start $SOAK_USERS && soak_flows || return 1
	for i in $(seq 10); do
		soak_kill xen-blkback xen-netback && sleep 0.5 && soak_flows || return 1
	done
	soak_load end $SOAK_USERS || return 1
	! grep '^byte' /tmp/netload.log && note wrong 0
}

# loss DEVICE RUN: of the rate of the runs before and after it, and by how much these differ
loss() {
	echo "$(noted "$1-rate-$(($2 - 1))") $(noted "$1-rate-$2") $(noted "$1-rate-$(($2 + 1))")" |
		awk '$1 > 0 && $3 > 0 { usual = ($1 + $3) / 2; noise = 100 * ($1 - $3) / usual
			printf "%.2f%% +- %.2f%%", 100 - 100 * $2 / usual, noise < 0 ? -noise : noise }'
}

# judge VALUE LIMIT: what it begins with, and how sure that is
judge() {
	echo "$1" | awk -v limit="$2" '
		$1 !~ /^-?[0-9.]+%?$/ { print "UNKNOWN"; exit }
		$2 == "+-" && $3 + 0 > limit + 0 && $1 - $3 <= limit + 0 { print "lost in noise"; exit }
		{ print $1 + 0 <= limit + 0 ? "reached" : "MISSED" }'
}

# row WHAT OURS LIMIT IN-TREE: a line of what make bench shows
row() {
	printf '# | %-42s %-26s %-10s %-8s %s\n' "$1" "$2" "$4" "$3" "$(judge "$2" "$3")"
}

table() {
	printf '# | %-42s %-26s %-10s %-8s\n' '' ours in-tree 'at most'
	disk=$(noted intree-disk) net=$(noted intree-net)
	row 'disk: gap of its own, every 10 s, ms' "$(noted disk-gap-10)" 10 "$disk"
	row 'disk: gap of its own, every second, ms' "$(noted disk-gap-1)" 10 "$disk"
	row 'disk: rate lost beside, every 10 s' "$(loss disk 2)" 0.2% "$disk"
	row 'disk: rate lost beside, every second' "$(loss disk 4)" 2% "$disk"
	row 'disk: requests lost' "$(noted disk-lost-1)" 0 "$disk"
	row 'network: gap of its own, every 10 s, ms' "$(noted net-gap-10)" 10 "$net"
	row 'network: gap of its own, every second, ms' "$(noted net-gap-1)" 10 "$net"
	row 'network: a stream rests, every 10 s, ms' "$(noted net-silent-10)" 10 "$net"
	row 'network: a stream rests, every second, ms' "$(noted net-silent-1)" 10 "$net"
	row 'network: rate lost beside, every 10 s' "$(loss net 2)" 0.2% "$net"
	row 'network: rate lost beside, every second' "$(loss net 4)" 2% "$net"
	row 'network: questions lost' "$(noted net-asked-1)" 0 "$net"
	row 'network: connections lost' "$(noted net-lost-1)" 0 "$net"
	row 'both: bytes wrong' "$(noted wrong)" 0 -
}

# rebind CLASS MODULE: a device of the kernel's own backend, under its guest
rebind() {
	! rmmod "$2" 2>/dev/null || { echo "$2 was unloaded"; return 1; }
	device=$(ls /sys/bus/xen-backend/devices | grep "^$1-")
	echo "$device" >"/sys/bus/xen-backend/drivers/$1/unbind" && sleep 1 &&
		echo "$device" >"/sys/bus/xen-backend/drivers/$1/bind" && sleep 5
}

# outcome NAME COMMAND: whether it works in the guest afterwards
outcome() {
	in_guest "$2" 90 && word='goes on' || word=lost
	note "$1" "$word"
	echo "$1: $word"
}

intree() {
	guest_destroy restart && wait_for 10 '[ -z "$(ls /sys/bus/xen-backend/devices)" ]' && backend intree &&
		guest_create restart front=intree disk="xvdb:$(disk_path restart-xvdb)" && net_configure restart 2 xpv0 || return 1
	disk_begins 20 && rebind vbd xen-blkback || return 1
	outcome intree-disk "$ended"'; cat /tmp/said; [ "$(cat /tmp/ended)" = 0 ]'
	rebind vif xen-netback && net_scripts || return 1
	outcome intree-net 'ping -c 3 10.77.0.1'
}

rm -rf $found
mkdir $found
ktap_print_header
ktap_set_plan 18
net_serve || ktap_exit_fail_msg 'nobody serves in dom0'
net_port xpv0 || ktap_exit_fail_msg 'no second port of the bridge'
ktap_test_result 'backends restart without a guest' bare
ktap_test_result 'the guest boots, with its network' net_guest restart 2 || ktap_exit_fail_msg 'no guest'
ktap_test_result 'the script of its vif runs again' bare_script
ktap_test_result 'another interface goes' bare_port
ktap_test_result 'a disk without restarts' disk_every 0 1
ktap_test_result 'a disk, every 10 s' disk_every 10 2
ktap_test_result 'a disk without restarts' disk_every 0 3
ktap_test_result 'a disk, every second' disk_every 1 4
ktap_test_result 'a disk without restarts' disk_every 0 5
ktap_test_result 'a network that is asked, every 10 s' asked_every 10
ktap_test_result 'a network that is asked, every second' asked_every 1
ktap_test_result 'a network without restarts' net_every 0 1
ktap_test_result 'a network, every 10 s' net_every 10 2
ktap_test_result 'a network without restarts' net_every 0 3
ktap_test_result 'a network, every second' net_every 1 4
ktap_test_result 'a network without restarts' net_every 0 5
ktap_test_result 'every byte is right' nothing_wrong
ktap_test_result "the kernel's own pair" intree
table
ktap_finished
