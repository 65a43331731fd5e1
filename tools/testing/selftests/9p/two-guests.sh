#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# desc: what one guest does in a folder another one sees: files, ends of files, locks
# runs: dom0
# guest: pv
# pair: ours/ours
# needs: 9pnet_xen xen-9pback
# memory: 256
# length: long
# time: 150

. "${0%/*}/../lib/dom0.sh"
. "${0%/*}/../lib/ktap.sh"
. "${0%/*}/../lib/plug.sh"
. "${0%/*}/../lib/peer.sh"
. "${0%/*}/../lib/share.sh"

guest_with_folder() {
	share_guest "$1" && share_plug "$1" 0 "$folder" && share_mount "$1" 0
}

in_a() {
	guest_run a "cd /mnt/share0 && $1" "${2:-20}"
}

in_b() {
	guest_run b "cd /mnt/share0 && $1" "${2:-20}"
}

# Each looks before the other makes it, and after.
files_are_seen() {
	in_a '! ls fromb' && in_b '! ls froma && echo b >fromb && mkdir dirb && echo x >dirb/x' &&
		in_a '[ "$(cat fromb)" = b ] && [ "$(cat dirb/x)" = x ] && echo a >froma && rm dirb/x && mv fromb dirb/y' &&
		in_b '[ "$(cat froma)" = a ] && [ "$(cat dirb/y)" = b ] && ! ls fromb && ! ls dirb/x'
}

appends() {
	guest_start "$1" "cd /mnt/share0 && for i in \$(seq 300); do echo $1 \$i >>log; done; echo done"
}

# Nothing that one of them appends is lost, or written over.
both_append() {
	: >"$folder/log"
	appends a && appends b || return 1
	wait_for 60 '[ $(wc -l <"$folder/log") -ge 600 ]'
	sort "$folder/log" | uniq | wc -l
	[ "$(sort -u "$folder/log" | grep -cxE '[ab] [0-9]+')" = 600 ] && [ "$(wc -l <"$folder/log")" = 600 ]
}

a_locks() {
	guest_run a 'setsid posixfs --hold /mnt/share0/froma 600 >/tmp/held 2>&1 </dev/null & echo $! >/tmp/holder
		for i in $(seq 50); do grep -q locked /tmp/held && exit; sleep 0.1; done; cat /tmp/held; exit 1'
}

b_is_refused() {
	in_b '[ "$(posixfs --hold froma 0)" = EAGAIN ] && [ "$(posixfs --hold fromdom0 0)" = locked ]'
}

b_locks() {
	in_b 'said=$(posixfs --hold froma 0); echo "$said"; [ "$said" = locked ]'
}

# A lock ends with the process that has it, and with its guest.
locks_end() {
	b_is_refused && guest_run a 'kill $(cat /tmp/holder)' && wait_for 5 b_locks
}

locks_end_with_guests() {
	a_locks && b_is_refused && guest_destroy a && wait_for 20 b_locks
}

# Of the device of the destroyed guest the toolstack knows nothing.
devices_go() {
	xenstore-rm "$front_of_a" 2>/dev/null
	xenstore-rm "$back_of_a"
	share_end b 0
}

ktap_print_header
ktap_set_plan 9
folder=$(share_folder two) || ktap_exit_fail_msg 'no folder'
chmod 777 "$folder"
echo x >"$folder/fromdom0"
ktap_test_result 'a guest has the folder' guest_with_folder a || ktap_exit_fail_msg 'no guest'
plug_paths a 0
front_of_a=$front back_of_a=$back
ktap_test_result 'and another one' guest_with_folder b || ktap_exit_fail_msg 'no second guest'
ktap_test_result 'what either makes, moves and removes the other sees' files_are_seen
ktap_test_result 'both append to a file at once' both_append
ktap_test_result 'one locks a file' a_locks
ktap_test_result 'which the other cannot have, and is told so' b_is_refused
ktap_test_result 'until that process ends' locks_end
ktap_test_result 'or its guest is destroyed' locks_end_with_guests
ktap_test_result 'the devices go' devices_go
ktap_finished
