#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# desc: each step of connecting, of disconnecting and of coming back fails once, at either end of every class: nothing hangs, nothing is left
# runs: dom0
# guest: pv pvh* hvm*
# pair: ours/ours
# vcpus: 2
# memory: 384
# needs: xen-blkfront xen-blkback xen-netfront xen-netback 9pnet_xen xen-9pback pvcalls-front pvcalls-back
# length: long
# loop: yes
# allow: gnttab_usage_print_all|-------- active|\[ref\] localdom|grant-table for remote|frames \([0-9]+ max\)|no active grant|\[0x[0-9a-f]+\]
# time: 4800

. "${0%/*}/../lib/dom0.sh"
. "${0%/*}/../lib/ktap.sh"
. "${0%/*}/../lib/plug.sh"
. "${0%/*}/../lib/census.sh"

fault=/sys/kernel/debug/xenbus-mt/fault

# What is plugged of each class: its number, and what the backend serves.
choose() {
	PLUG_CLASS=$1
	case $1 in
	vbd) number=51728 what=$(disk_path faults) module=xen-blkback ;;
	vif) number=1 what=xpv0 module=xen-netback ;;
	9pfs) number=0 what=/tmp/faults module=xen-9pback ;;
	pvcalls) number=0 what= module=pvcalls-back ;;
	esac
	plug_paths faults $number
}

# at_end COMMAND: in the domain whose end fails
at_end() {
	case $end in back) eval "$1" ;; front) guest_run faults "$1" 20 ;; esac
}

name_at_end() {
	case $end in back) echo "$PLUG_CLASS-$domid-$number" ;; front) echo "$PLUG_CLASS-$number" ;; esac
}

arm() {
	at_end "echo $(name_at_end) $1 >$fault"
}

# Connected, or given up: by one end at least, the other waits.
settled() {
	front_state=$(plug_state "$front") back_state=$(plug_state "$back")
	case $front_state$back_state in 44 | 6? | ?6) return 0 ;; esac
	return 1
}

plug_in() {
	plug_nodes faults $number "$what"
	wait_for 20 settled && return
	echo "frontend in state $front_state, backend in state $back_state"
	return 1
}

# As the toolstack does it, which takes the nodes away in the end, come what may.
plug_out() {
	xenstore-write "$back/online" 0 "$back/state" 5
	plug_wait "$back" 6 5
	unplug_nodes faults $number
	wait_for 10 "! [ -e /sys/bus/xen-backend/devices/$PLUG_CLASS-$domid-$number ]" ||
		__complain 'the backend does not go' || return 1
	guest_run faults "for i in \$(seq 100); do
		[ -e /sys/bus/xen/devices/$PLUG_CLASS-$number ] || exit 0; sleep 0.1; done; exit 1" 20 ||
		__complain 'the frontend does not go'
}

# What has failed; nothing if there were not so many steps.
failed_step() {
	at_end "cat $fault; echo none >$fault" | sed -n 's/.* failed: //p'
}

# A device whose step N of connecting fails; and whose step N of disconnecting does.
while_connecting() {
	arm "$1" && plug_in && told="frontend $front_state, backend $back_state" && plug_out
}

while_disconnecting() {
	plug_in && arm "$1" && told=gone && plug_out
}

both_connected() {
	[ "$(plug_state "$front")$(plug_state "$back")" = 44 ]
}

# A backend that is not there yet leaves the nodes of the one before it as they are.
is_new_life() {
	new=$(xenstore-read "$back/life") && [ "$new" != "$life" ] &&
		[ "$(xenstore-read "$front/backend-life")" = "$new" ]
}

# One that has worked comes back, although step N of that fails: memory that was not
# there may be there again.
while_returning() {
	plug_in && both_connected && life=$(xenstore-read "$back/life") &&
		arm "$1" && backend_reload "$module" || return 1
	wait_for 60 'both_connected && is_new_life' ||
		__complain "frontend in state $(plug_state "$front"), backend in state $(plug_state "$back")" || return 1
	told='and all is well' && plug_out
}

# begin_row: the step that failed last is another one than those before it; fails if there
# is no such step
begin_row() {
	kind=$what_failed last=$step row=1 stride=4 beyond=0
	[ -n "$kind" ]
}

# Of many of a kind in a row, such as the pages of a ring, the first three and ever fewer
# of the others. Its end is looked for: what follows is not to be missed.
next_step() {
	if [ "$what_failed" = "$kind" ]; then
		last=$step row=$((row + 1))
	elif [ $step -gt $((last + 1)) ]; then
		beyond=$step what_is_beyond=$what_failed
	else
		begin_row || return 1
	fi
	if [ $beyond = $((last + 1)) ]; then
		step=$beyond what_failed=$what_is_beyond
		begin_row || return 1
	fi
	if [ $beyond -gt 0 ]; then
		step=$(((last + beyond) / 2))
	elif [ $row -lt 3 ]; then
		step=$((last + 1))
	else
		stride=$((stride < 64 ? 2 * stride : 64)) step=$((last + stride))
	fi
}

# each_step PHASE CLASS END: fail one step after the other, until there are no more
each_step() {
	phase=$1 end=$3 step=1 kind=none last=0 beyond=0 tries=0
	choose "$2"
	while :; do
		"while_$phase" $step || { echo "step $step: $(failed_step)"; return 1; }
		what_failed=$(failed_step)
		[ -z "$what_failed" ] || echo "step $step, $what_failed: $told"
		next_step || break
		tries=$((tries + 1))
		[ $tries -lt 300 ] || __complain 'no end of steps' || return 1
	done
	[ $tries -gt 0 ]
}

# The reasons of all those failures.
forget_errors() {
	xenstore-rm /local/domain/0/error
	xenstore-rm "/local/domain/$domid/error"
}

nothing_leaked() {
	! dmesg | grep LEAK && ! grep LEAK "$(guest_log faults)"
}

# What there is of Xen in the loop has folders alone, and nobody to count what is held.
in_loop() {
	[ -d /sys/module/xen_loop ]
}

serve() {
	mkdir -p /tmp/faults && { in_loop || { disk_make faults 16M >/dev/null && net_bridge xpv0; }; }
}

classes='vbd vif 9pfs pvcalls'
! in_loop || classes=9pfs
# shellcheck disable=SC2086 # words
set -- $classes
ktap_print_header
ktap_set_plan $((4 + 7 * $#))
serve || ktap_exit_fail_msg 'nothing to serve'
ktap_test_result 'the guest is up' guest_create faults || ktap_exit_fail_msg 'no guest'
for class in $classes; do
	choose $class
	ktap_test_result "$class: connects and goes" eval 'plug_in && plug_out'
done
in_loop || census >/tmp/before
for class in $classes; do
	for where in back front; do
		ktap_test_result "$class: each step of connecting fails, ${where}end" each_step connecting $class $where
		ktap_test_result "$class: each step of disconnecting fails, ${where}end" each_step disconnecting $class $where
		ktap_test_result "$class: each step of coming back fails, ${where}end" each_step returning $class $where
	done
done
ktap_test_result 'nothing leaked' nothing_leaked
forget_errors
in_loop || census >/tmp/after
for what in grants nodes; do
	if in_loop; then
		ktap_test_skip "$what are back to what they were" 'there is no list of them here'
	else
		ktap_test_result "$what are back to what they were" __census_back $what
	fi
done
ktap_finished
