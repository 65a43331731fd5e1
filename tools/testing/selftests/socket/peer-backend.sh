#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# desc: whatever a backend answers, or does not, programs on PV sockets have an error soon, the device begins anew, and nothing is left
# runs: dom0
# guest: pv pvh*
# pair: ours/none
# vcpus: 2
# needs: pvcalls-front
# length: long
# allow: grant_table: WARNING: g.e. 0x[0-9a-f]+ still in use
# allow: gnttab_usage_print_all|-------- active|\[ref\] localdom|grant-table for remote|frames \([0-9]+ max\)|no active grant|\[0x[0-9a-f]+\]
# time: 180

. "${0%/*}/../lib/dom0.sh"
. "${0%/*}/../lib/plug.sh"
. "${0%/*}/../lib/ktap.sh"
. "${0%/*}/../lib/peer.sh"
. "${0%/*}/../lib/census.sh"

# shellcheck disable=SC2034 # for plug.sh
PLUG_CLASS=pvcalls

# Where no driver of dom0's looks.
peer_paths() {
	plug_paths g 0
	back=/local/domain/0/backend/peer/$domid/0
}

# offer KEY=VALUE...: a backend that is a few keys only
offer() {
	xenstore-write "$back/frontend-id" "$domid"
	xenstore-chmod "$back" n0 "r$domid"
	for key in versions=1 max-page-order=1 function-calls=1 "$@"; do
		xenstore-write -- "$back/${key%%=*}" "${key#*=}"
	done
	plug_frontend 0
	xenstore-write "$back/frontend" "$front" "$back/online" 1 "$back/state" 2 "$front/state" 1
}

withdraw() {
	xenstore-rm "$front" "$back"
	guest_run g 'for i in $(seq 50); do [ -e /sys/bus/xen/devices/pvcalls-0 ] || exit 0; sleep 0.1; done; exit 1'
}

said='said() {
	for i in $(seq 30); do
		dmesg | grep "pvcalls-0: .*$1" && return
		sleep 0.1
	done
	echo "no message like: $1"
	dmesg | tail -n 5
	return 1
}'

# refuses MESSAGE KEY=VALUE...: the frontend closes on such an offer, and says why
refuses() {
	message=$1
	shift
	guest_run g 'dmesg -c >/dev/null' && offer "$@"
	plug_wait "$front" 6 || { echo "frontend in state $(plug_state "$front")"; withdraw; return 1; }
	guest_run g "$said
		said '$message'" && withdraw
}

takes_large_offers() {
	offer max-page-order=4294967295 function-calls=4294967295 max-command-page-order=4294967295 \
		max-kept-rings=4294967295 max-accepts=4294967295
	plug_wait "$front" 3 || { echo "frontend in state $(plug_state "$front")"; withdraw; return 1; }
	withdraw
}

works='sockpeer try connect=OK send=OK recv=OK close=OK'

plug_peer() {
	xenstore-write "$back/frontend-id" "$domid"
	xenstore-chmod "$back" n0 "r$domid"
	plug_frontend 0
	xenstore-write "$back/frontend" "$front" "$back/online" 1
	plug_go
	/xpv/programs/sockpeer backend "$domid" 0 >/tmp/backend.log 2>&1 &
	plug_wait "$front" 4 20 && plug_wait "$back" 4 && guest_run g "$works && dmesg -c >/dev/null"
}

# stands 'HARM' 'STEPS' [MESSAGE]: a program sees that of it, the log says so, and then
# all works as before
stands() {
	xenstore-write "$back/harm" "$1"
	# shellcheck disable=SC2116,SC2086 # the steps on one line
	guest_run g "$said
		sockpeer try $(echo $2) || bad=1
		[ -z '$3' ] || said '$3' || bad=1
		$works || bad=1
		dmesg -c >/dev/null
		[ -z \$bad ]" 40 || { tail -n 3 /tmp/backend.log; xenstore-rm "$back/harm" 2>/dev/null; return 1; }
	! xenstore-read "$back/harm" 2>/dev/null || { echo 'there was no occasion'; return 1; }
}

unasked='backend answered what was not asked'
more='backend answered more than was asked'
lost='connect=ECONNRESET'

# Whatever the order in which a program and the end of the device come.
once_connected='connect=OK,ECONNRESET rest=OK recv=ECONNRESET,ENOTCONN'

stands_wrong_answers() {
	stands 'unasked connect' $lost "$unasked" &&
		stands 'late connect' $lost "$unasked" &&
		stands 'slot connect' $lost "$unasked" &&
		stands 'idle-slot connect' $lost "$unasked" &&
		stands 'command connect' $lost "$unasked" &&
		stands 'socket connect' $lost "$unasked" &&
		stands 'twice connect' "$once_connected" "$more"
}

stands_when_listening() {
	stands 'unasked bind' bind=ENETDOWN "$unasked" &&
		stands 'unasked accept' 'bind=OK listen=OK accept=ENETDOWN' "$unasked" &&
		stands 'unasked release' 'connect=OK close=OK' "$unasked"
}

stands_indices() {
	stands 'jump connect' $lost "$more" && stands 'back connect' $lost "$more"
}

# Nothing is out at all.
stands_out_of_nothing() {
	stands 'unasked now' 'rest=OK' "$more" && stands 'jump now' 'rest=OK' "$more"
}

# A socket that was refused can be used again.
stands_results() {
	stands 'ret connect -111 7 -512 -11 -115 -2147483648 2147483647 -524' \
		'connect=ECONNREFUSED again=EIO again=EIO again=ECONNABORTED again=ECONNABORTED again=EIO again=EIO again=EOPNOTSUPP again=OK' &&
		stands 'ret bind 7 -512' 'bind=EIO bind=EIO' &&
		stands 'ret socket -13' 'bind=EACCES' &&
		stands 'ret listen -512' 'bind=OK listen=EIO' &&
		stands 'ret accept -11 7' 'bind=OK listen=OK accept=OK send=OK recv=OK' &&
		stands 'ret release -512' 'connect=OK close=OK'
}

stands_rubbish() {
	stands 'rubbish connect -1' 'connect=OK name=OK send=OK recv=OK' &&
		stands 'rubbish bind 255' 'bind=OK listen=OK accept=OK send=OK recv=OK' &&
		stands 'rubbish accept 1' 'bind=OK listen=OK accept=OK name=OK send=OK recv=OK' &&
		stands 'rubbish release 1 2' 'connect=OK close=OK connect=OK close=OK'
}

stands_data_indices() {
	in='index of the stream in is impossible' out='index of the stream out is impossible'
	stands 'in-prod data 1000000' 'connect=OK send=OK recv=ECONNRESET' "$in" &&
		stands 'out-cons data 5000' 'connect=OK send=OK rest=OK send=ECONNRESET' "$out" &&
		stands 'out-cons data -5' 'connect=OK send=OK rest=OK send=ECONNRESET' "$out"
}

# Of each the first byte is for the backend, which says the error in place of an answer.
stands_data_errors() {
	stands 'in-error data -512 5 -11 -104 -107' "connect=OK send=OK recv=EIO close=OK
		connect=OK send=OK recv=EIO close=OK connect=OK send=OK recv=ECONNABORTED close=OK
		connect=OK send=OK recv=ECONNRESET close=OK connect=OK send=OK recv=ENODATA close=OK" &&
		stands 'out-error data -32 -104 2147483647' "connect=OK send=OK rest=OK send=EPIPE close=OK
			connect=OK send=OK rest=OK send=ECONNRESET close=OK
			connect=OK send=OK rest=OK send=EIO close=OK"
}

stands_scribbling() {
	stands 'wild data 1' 'connect=OK send=OK talk=OK' && stands 'wild data 2' 'connect=OK send=OK talk=OK'
}

stands_leaving() {
	stands 'leave connect' $lost && stands 'leave bind' 'bind=ENETDOWN' &&
		stands 'leave accept' 'bind=OK listen=OK accept=ENETDOWN' &&
		stands 'map connect' "$once_connected"
}

# Who connects or accepts waits as long as it wants to; to close, nobody waits.
stands_silence() {
	stands 'mute connect' 'connect=EINPROGRESS close=OK' &&
		stands 'mute accept' 'bind=OK listen=OK accept=EAGAIN' || return 1
	guest_run g 'echo 1 >/sys/bus/xen/devices/pvcalls-0/fail_after'
	stands 'mute bind' 'bind=ENETDOWN'
	given_up=$?
	guest_run g 'echo 0 >/sys/bus/xen/devices/pvcalls-0/fail_after'
	stands 'mute release' 'connect=OK close=OK' && return $given_up
}

# Who sleeps is told that there is something, and finds what.
stands_going_back() {
	stands 'in-prod data -5' 'connect=OK send=OK poll=OK recv=ECONNRESET' 'index of the stream in is impossible'
}

# After all that, as in the beginning: one ring, which was used.
begins_anew() {
	stands 'leave connect' $lost
}

vanishes() {
	xenstore-write "$back/harm" 'mute connect'
	guest_start g 'sockpeer try connect=ECONNRESET; echo end $?'
	wait_for 5 "! xenstore-exists $back/harm" && xenstore-rm "$front" "$back"
	guest_run g 'for i in $(seq 50); do grep -q end /tmp/background.log && break; sleep 0.1; done
		cat /tmp/background.log; grep -q "end 0" /tmp/background.log'
}

nothing_is_held() {
	guest_run g 'for i in $(seq 50); do rmmod pvcalls-front && exit; sleep 0.1; done; exit 1' &&
		! grep LEAK "$(guest_log g)"
}

ktap_print_header
ktap_set_plan 53
ktap_test_result 'the guest is up' guest_create g || ktap_exit_fail_msg 'no guest'
peer_paths
ktap_test_result 'no version' refuses versions: versions=
ktap_test_result 'only versions that do not exist' refuses 'versions: no 1 among them' versions=0,2,11
ktap_test_result 'no ring of data' refuses max-page-order max-page-order=0
ktap_test_result 'an absurd one' refuses max-page-order max-page-order=-1
ktap_test_result 'no calls' refuses function-calls function-calls=0
ktap_test_result 'more of all than there can be is only an offer' takes_large_offers
ktap_test_result 'the frontend connects' plug_peer || ktap_exit_fail_msg 'no backend'
census g >/tmp/before
# A device tells of ten failures in five seconds: what ends none stands in between.
ktap_test_result 'answers to what was not asked' stands_wrong_answers
ktap_test_result 'results that are none' stands_results
ktap_test_result 'rubbish beside the result' stands_rubbish
ktap_test_result 'the same of sockets that listen or close' stands_when_listening
ktap_test_result 'answers when nothing is asked' stands_out_of_nothing
ktap_test_result 'impossible indices of the command ring' stands_indices
ktap_test_result 'errors of data that are none' stands_data_errors
ktap_test_result 'impossible indices of data' stands_data_indices
ktap_test_result 'a page of indices that never rests' stands_scribbling
ktap_test_result 'one that leaves in the middle' stands_leaving
ktap_test_result 'one that says nothing' stands_silence
ktap_test_result 'an index of data that goes back' stands_going_back
ktap_test_result 'it begins anew' begins_anew
census g >/tmp/after
census_results 50
ktap_test_result 'one that vanishes' vanishes
peer_results /tmp/backend.log
ktap_test_result 'nothing is held' nothing_is_held
ktap_finished
