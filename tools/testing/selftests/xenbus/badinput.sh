#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# desc: whatever a peer writes, or fails to write, ends in a message that names device and key, in Closed, with nothing leaked
# runs: dom0
# guest: pv
# pair: ours/ours
# needs: xen-blkfront xen-blkback
# time: 300

. "${0%/*}/../lib/dom0.sh"
. "${0%/*}/../lib/plug.sh"
. "${0%/*}/../lib/ktap.sh"

number=51744

# publish KEY=VALUE...: what a frontend would write; a value of - removes it
publish() {
	for pair; do
		case $pair in
		*=-) xenstore-rm "$front/${pair%%=*}" ;;
		*) xenstore-write -- "$front/${pair%%=*}" "${pair#*=}" ;;
		esac || return 1
	done
}

# said MESSAGE: since the device was plugged in
said() {
	log_said | grep -E "vbd-$domid-$number.*$1" ||
		{ echo "no message like: $1"; dmesg | tail -n 5; return 1; }
}

# A frontend without a driver, so that this script can play it.
fake_frontend() {
	log_mark
	plug_nodes bad $number "$(disk_path bad)"
	plug_wait "$back" 2 || { echo "backend in state $(plug_state "$back")"; return 1; }
	publish ring-ref=8 event-channel=3 protocol=x86_64-abi
}

backend_goes() {
	unplug_nodes bad $number
	wait_for 10 "! [ -e /sys/bus/xen-backend/devices/vbd-$domid-$number ]"
}

# backend_refuses MESSAGE KEY=VALUE...: bad keys, then Initialised
backend_refuses() {
	message=$1
	shift
	fake_frontend || return 1
	publish "$@" && publish state=3 || return 1
	plug_wait "$back" 6 || { echo "backend in state $(plug_state "$back")"; return 1; }
	said "$message" || return 1
	xenstore-read "error/backend/vbd/$domid/$number/error" || return 1
	backend_goes
}

backend_survives_vanishing() {
	fake_frontend || return 1
	publish state=3
	xenstore-rm "$front"
	plug_wait "$back" 6 || return 1
	backend_goes
}

backend_survives_removal() {
	fake_frontend || return 1
	publish state=3
	backend_goes
}

backend_survives_jumps() {
	fake_frontend || return 1
	publish state=6
	plug_wait "$back" 6 || return 1
	publish state=1
	plug_wait "$back" 2 || return 1
	publish state=5
	plug_wait "$back" 5 || return 1
	publish state=99
	plug_wait "$back" 6 || return 1
	said 'state.*99' && backend_goes
}

[ -n "$XPV_LONG" ] && changes=200 || changes=80

# A frontend that changes its mind costs the store less than it costs itself.
backend_paces_itself() {
	fake_frontend || return 1
	xenstore-watch "$back/state" >/tmp/moves &
	watcher=$!
	start=$(cut -d. -f1 /proc/uptime)
	for __i in $(seq $changes); do
		publish state=5
		publish state=1
	done
	kill $watcher
	seconds=$(($(cut -d. -f1 /proc/uptime) - start + 1))
	moves=$(wc -l </tmp/moves)
	echo "$((2 * changes)) changes of the frontend's state in $seconds s were answered by $moves of the backend's"
	[ "$moves" -gt 20 ] && [ "$moves" -lt $((70 + 4 * seconds)) ] || return 1
	plug_wait "$back" 2 && backend_goes
}

# A backend without a driver: its nodes are outside what the bus watches.
fake_backend() {
	domid=$(__guest bad domid)
	front=/local/domain/$domid/device/vbd/$number
	back=/local/domain/0/fake/vbd/$domid/$number
	xenstore-write "$back/frontend-id" "$domid" "$front/backend-id" 0
	xenstore-chmod "$back" n0 "r$domid"
	xenstore-chmod "$front" "n$domid" r0
	xenstore-write "$back/state" 2 "$back/online" 1 "$back/sectors" 2048 \
		"$back/sector-size" 512 "$back/info" 0 \
		"$front/virtual-device" $number "$front/device-type" disk \
		"$front/backend" "$back" "$front/state" 1
}

frontend_said() {
	grep -E "vbd-$number.*$1" "$(guest_log bad)" ||
		{ echo "no message like: $1"; tail -n 5 "$(guest_log bad)"; return 1; }
}

# frontend_refuses MESSAGE KEY=VALUE...: bad keys of a backend, then Connected
frontend_refuses() {
	message=$1
	shift
	fake_backend
	plug_wait "$front" 3 || { echo "frontend in state $(plug_state "$front")"; return 1; }
	for pair; do
		case $pair in
		*=-) xenstore-rm "$back/${pair%%=*}" ;;
		*) xenstore-write "$back/${pair%%=*}" "${pair#*=}" ;;
		esac
	done
	xenstore-write "$back/state" 4
	plug_wait "$front" 6 || { echo "frontend in state $(plug_state "$front")"; return 1; }
	wait_for 5 "frontend_said '$message' >/dev/null"
	frontend_said "$message" && frontend_goes
}

frontend_goes() {
	xenstore-rm "$front" "$back"
	guest_run bad "for i in \$(seq 50); do [ -e /sys/bus/xen/devices/vbd-$number ] || exit 0; sleep 0.2; done; exit 1"
}

frontend_survives_vanishing() {
	fake_backend
	plug_wait "$front" 3 || return 1
	xenstore-rm "$back"
	plug_wait "$front" 1 || { echo "frontend in state $(plug_state "$front")"; return 1; }
	frontend_goes
}

frontend_survives_jumps() {
	fake_backend
	plug_wait "$front" 3 || return 1
	xenstore-write "$back/state" 77
	plug_wait "$front" 6 || return 1
	wait_for 5 "frontend_said 'state.*77' >/dev/null"
	frontend_said 'state.*77' && frontend_goes
}

nothing_leaked() {
	! dmesg | grep LEAK && ! grep LEAK "$(guest_log bad)" &&
		guest_run bad '! grep -q . /sys/kernel/debug/xenbus-mt/devices || { cat /sys/kernel/debug/xenbus-mt/devices; exit 1; }'
}

back_case() {
	description=$1
	shift
	ktap_test_result "backend: $description" "$@"
}

# Each has a device of its own, so that it finds no message of another's.
front_case() {
	description=$1
	number=$((number + 16))
	shift
	ktap_test_result "frontend: $description" "$@"
}

ktap_print_header
ktap_set_plan 24
disk_make bad 16M >/dev/null || ktap_exit_fail_msg 'no disk'
ktap_test_result 'the guest is up' guest_create bad front=none || ktap_exit_fail_msg 'no guest'

back_case 'ring-ref is missing' backend_refuses ring-ref ring-ref=-
back_case 'ring-ref is no number' backend_refuses ring-ref ring-ref=banana
back_case 'ring-ref is no grant' backend_refuses ring-ref ring-ref=4000000000
back_case 'event-channel is missing' backend_refuses event-channel event-channel=-
back_case 'event-channel is absurd' backend_refuses event-channel event-channel=99999999999
back_case 'ring-page-order is too large' backend_refuses ring-page-order ring-page-order=5
back_case 'ring-page-order is no number' backend_refuses ring-page-order ring-page-order=-1
back_case 'ring-ref0 is missing' backend_refuses ring-ref0 ring-page-order=1
back_case 'protocol is unknown' backend_refuses protocol protocol=vax-abi
back_case 'the frontend vanishes' backend_survives_vanishing
back_case 'the device is removed' backend_survives_removal
back_case 'the frontend jumps' backend_survives_jumps
back_case 'the frontend changes its state without end' backend_paces_itself

guest_run bad 'insmod /modules/xenbus-mt.ko && insmod /modules/xen-blkfront.ko' ||
	ktap_exit_fail_msg 'no frontend'
number=51760
front_case 'sectors is missing' frontend_refuses sectors sectors=-
front_case 'sectors is no number' frontend_refuses sectors sectors=many
front_case 'sectors is absurd' frontend_refuses sectors sectors=99999999999999999999
front_case 'sector-size is zero' frontend_refuses sector-size sector-size=0
front_case 'sector-size is odd' frontend_refuses sector-size sector-size=12345
front_case 'info is no number' frontend_refuses info info=disk
front_case 'the backend vanishes' frontend_survives_vanishing
front_case 'the backend jumps' frontend_survives_jumps
ktap_test_result 'nothing leaked' nothing_leaked
xenstore-rm /local/domain/0/fake
ktap_test_result 'the guest goes' guest_destroy bad
ktap_finished
