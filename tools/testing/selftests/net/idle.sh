#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# desc: what idle vifs hold: what their use took goes back within a minute, comes again, and nothing wakes up meanwhile
# runs: dom0
# guest: pv
# pair: ours/ours intree/intree*
# vifs: xpv0
# needs: xen-netfront xen-netback
# length: long
# time: 240
#
# The in-tree pair is recorded, not judged: it is what ours is compared with.

. "${0%/*}/../lib/dom0.sh"
. "${0%/*}/../lib/net.sh"
. "${0%/*}/../lib/ktap.sh"

in_guest() {
	guest_run idle "$1" "${2:-60}"
}

# What is in use and cannot be had by dropping a cache, in KB.
count='sync; echo 3 >/proc/sys/vm/drop_caches; sleep 0.5
	awk "/^MemTotal/ { used += \$2 } /^(MemFree|Buffers|Cached|SReclaimable)/ { used -= \$2 }
		END { print used }" /proc/meminfo'

census() {
	{ eval "$count"; in_guest "$count"; } | tr '\n' ' ' >"/tmp/$1"
}

# tell NAME SINCE WORDS
tell() {
	set -- "$(cat "/tmp/$1")" "$(cat "/tmp/$2")" "$3"
	# shellcheck disable=SC2086 # numbers
	ktap_print_msg "$XPV_FRONT/$XPV_BACK $3: $(echo $1 $2 | awk '{ printf "dom0 %d KB, guest %d KB", $1 - $3, $2 - $4 }')"
}

# Pages of the guest that the backend may have mapped; and has.
granted() {
	in_guest 'ethtool -S eth0' | awk '/pinned_pages:/ { print $2 }'
}

mapped() {
	ethtool -S "$(net_vif idle)" | awk '/pinned_pages:/ { print $2 }'
}

# A ring of 256 buffers and as many more, which the stack may have, and the rings: twice
# what the kernel's frontend has granted for good. The control ring is not the queue's.
is_at_rest() {
	[ "$(granted)" -le $((2 * 258)) ] && [ "$(mapped)" -le $((2 * 258)) ]
}

# While it is used, a page for each slot that sends, besides.
is_bounded() {
	[ "$(granted)" -le $((2 * 258 + 256)) ] && [ "$(mapped)" -le $((2 * 258 + 256)) ]
}

at_rest_within() {
	[ "$XPV_BACK" = ours ] || { sleep 30; return; }
	read -r began _ </proc/uptime
	wait_for $(($1 * XPV_SLOW)) is_at_rest || {
		echo "$(granted) pages granted, $(mapped) mapped"
		return 1
	}
	read -r ended _ </proc/uptime
	ktap_print_msg "at rest after $((${ended%.*} - ${began%.*})) s: $(granted) pages granted, $(mapped) mapped"
}

use() {
	net_load idle tcp 10.77.0.1 8192 4 && net_load idle udp 10.77.0.1 8 1472 11
}

holds_more() {
	[ "$XPV_BACK" = ours ] || return 0
	ktap_print_msg "$(granted) pages granted, $(mapped) mapped"
	[ "$(granted)" -gt 600 ] && [ "$(mapped)" -gt 600 ] && is_bounded
}

# What is sent costs no grant operations once more.
is_staged_again() {
	use || return 1
	[ "$XPV_BACK" = ours ] || return 0
	wait_for 5 holds_more && copied=$(copies) && use && echo "$(($(copies) - copied)) copies of $copied before" &&
		[ $(($(copies) - copied)) -lt 100 ]
}

# Slots of the guest's that Xen copied.
copies() {
	ethtool -S "$(net_vif idle)" | awk '/queue_[0-9]*_tx_copied:/ { n += $2 } END { print n }'
}

# $seconds of works of ours and events of vifs. What the guest's own stack sends
# by itself (IPv6) is not theirs.
watch='t=/sys/kernel/tracing
	[ -e $t/trace ] || mount -t tracefs none $t
	echo 0 >$t/tracing_on; echo >$t/trace
	echo 1 >$t/events/workqueue/workqueue_execute_start/enable
	echo 1 >$t/events/irq/irq_handler_entry/enable
	echo 1 >$t/tracing_on; sleep $seconds; echo 0 >$t/tracing_on
	echo 0 >$t/events/enable
	grep "execute_start.*\(xen_net\(back\|front\)\|xenbus_mt\)\|name=\(vif\|eth\)" $t/trace >/tmp/woken
	head -n 5 /tmp/woken; wc -l </tmp/woken'

nothing_wakes() {
	for at in /proc/sys/net/ipv6/conf/xpv0 "/proc/sys/net/ipv6/conf/$(net_vif idle)"; do
		echo 1 >$at/disable_ipv6
	done
	in_guest 'echo 1 >/proc/sys/net/ipv6/conf/eth0/disable_ipv6'
	sleep 25
	watch_both 10
	[ "$XPV_BACK" = ours ] || return 0
	cat /tmp/woken.dom0 /tmp/woken.guest
	[ "$dom0_wakes" -eq 0 ] && [ "$guest_wakes" -eq 0 ] && would_be_seen
}

# watch_both SECONDS [COMMAND]: at the same time, while the guest does that
watch_both() {
	seconds=$1
	{ eval "$watch"; } >/tmp/woken.dom0 &
	in_guest "{ ${2:-:}; } >/dev/null 2>&1 & seconds=$1; $watch" >/tmp/woken.guest
	wait $!
	dom0_wakes=$(tail -n 1 /tmp/woken.dom0) guest_wakes=$(tail -n 1 /tmp/woken.guest)
	ktap_print_msg "$XPV_FRONT/$XPV_BACK, $1 s: woken $dom0_wakes times in dom0, $guest_wakes in the guest"
}

# One packet wakes both.
would_be_seen() {
	watch_both 4 'sleep 1; netload ping 10.77.0.1 8 8 1'
	[ "$dom0_wakes" -gt 0 ] && [ "$guest_wakes" -gt 0 ]
}

# What moves by itself is worth two megabytes.
memory_is_back() {
	[ "$XPV_BACK" = ours ] || return 0
	# shellcheck disable=SC2046 # numbers
	set -- $(cat /tmp/after /tmp/attached)
	[ $(($1 - $3)) -le 2048 ] && [ $(($2 - $4)) -le 2048 ]
}

ktap_print_header
ktap_set_plan 9
net_serve || ktap_exit_fail_msg 'nobody serves in dom0'
ktap_test_result 'the guest is up' guest_create idle || ktap_exit_fail_msg 'no guest'
census before
ktap_test_result 'it has a network' net_configure idle 2 || ktap_exit_fail_msg 'no network'
ktap_test_result 'one that is not used rests' at_rest_within 60
census attached
tell attached before 'a vif that is up'
ktap_test_result 'it is used' use
ktap_test_result 'which takes more, but no more than it may' holds_more
census used
tell used before 'a vif just after its use'
ktap_test_result 'what that took is back within a minute' at_rest_within 60
census after
tell after before 'a vif that is idle again'
ktap_test_result 'memory is back, too' memory_is_back
ktap_test_result 'nothing wakes up for an idle vif' nothing_wakes
ktap_test_result 'what is sent then has its pages again' is_staged_again
guest_destroy idle
ktap_finished
